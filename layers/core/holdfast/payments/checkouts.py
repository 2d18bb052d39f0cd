"""Taking a held booking to Stripe's payment page, along the protocol that survives any crash.

    begin_checkout      the attempt is a row, with exactly what will be sent      (commit)
    create_session      at Stripe, with the row's id as idempotency key
    attach_checkout     the session's id and address are recorded                 (commit)

If a process dies in between, the client's retry continues the work, or a sweep undoes it.
"""

from typing import Any
from uuid import UUID

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.access.actors import Actor
from holdfast.api import idempotency
from holdfast.outbox import effects
from holdfast.payments.models import CheckoutRequest
from holdfast.platform import database
from holdfast.platform.errors import (
    AmountNotChargeable,
    CheckoutRefused,
    HoldExpired,
    IllegalState,
    Unavailable,
)
from holdfast.platform.observability import count
from holdfast.platform.settings import settings
from holdfast.stripe import gateway

_STEPS = 5  # close an old session, begin, begin again after a failure, one to spare
_FAILURES = 2  # failed attempts in one request


def begin(
    actor: Actor,
    booking_id: UUID,
    request: CheckoutRequest,
    key: str,
    version: int | None,
    context: LambdaContext,
) -> dict[str, Any]:
    """The address where the customer pays.

    Raises:
        HoldExpired, IllegalState, StaleVersion, NotFound: the booking cannot be paid (any more).
        ReturnAddressRefused: the page may not lead there.
        AmountNotChargeable: the sum is too small, or otherwise none that Stripe charges.
        TooManyPaymentPages: as many were made for this hold as the tenant allows.
        CheckoutRefused: Stripe refuses for another reason.
        Unavailable: Stripe or the database cannot be reached; repeat with the same key.
    """
    return idempotency.once(
        actor,
        "begin_checkout",
        booking_id,
        key,
        request.as_json(),
        lambda: _begin(actor, booking_id, request, key, version),
        context,
    )


def _begin(
    actor: Actor, booking_id: UUID, request: CheckoutRequest, key: str, version: int | None
) -> dict[str, Any]:
    failures = 0
    # every tenant's payment pages may lead to the deployment's own booking page
    asking = actor.as_json() | {"booking_page": settings().booking_page_url}
    for _ in range(_STEPS):
        step = database.call("begin_checkout", asking, booking_id, key, request.as_json(), version)
        version = None  # the request's own change does not count as another's
        if step["next"] == "open":
            return _answer(step)
        if step["next"] == "close":
            if step["effect"] is None or effects.perform(step["effect"]) == effects.LATER:
                raise Unavailable("An earlier payment page is still being closed.")
            continue
        try:
            session = gateway.create_session(step["checkout"])
        except gateway.Refused as error:
            # this attempt failed; that makes room for the next one
            database.call(
                "attach_checkout", actor.as_json(), booking_id, step["checkout"]["id"], None
            )
            if str(error) in {"amount_too_small", "amount_too_large"}:
                raise AmountNotChargeable() from error
            # begun too long ago (the next one expires later), or Stripe failed: once more
            if not isinstance(error, gateway.Absent) and error.parameter != "expires_at":
                raise CheckoutRefused() from error
            failures += 1
            if failures == _FAILURES:
                raise Unavailable() from error
            continue
        attached = database.call(
            "attach_checkout",
            actor.as_json(),
            booking_id,
            step["checkout"]["id"],
            gateway.summary(session),
        )
        if attached["checkout"]["state"] != "open":
            if attached["booking"]["status"] == "expired":
                raise HoldExpired("The hold was released meanwhile.")
            raise IllegalState("The booking was paid, or its payment begun elsewhere, meanwhile.")
        count("CheckoutBegun")
        return _answer(attached)
    raise Unavailable("An earlier payment page is still being closed.")


def _answer(step: dict[str, Any]) -> dict[str, Any]:
    checkout = step["checkout"]
    return {
        "checkout_url": checkout["session_url"],
        "expires_at": checkout["session_expires_at"],
        "booking": step["booking"],
    }
