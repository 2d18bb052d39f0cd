"""Holding a time while its customer pays, and releasing it."""

from typing import Any
from uuid import UUID

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.access import actors, booking_secrets
from holdfast.access.actors import Actor
from holdfast.api import idempotency
from holdfast.bookings.models import HoldRequest
from holdfast.calendars import freshness
from holdfast.outbox import effects
from holdfast.platform import database, ids
from holdfast.platform.errors import AlreadyPaid, IllegalState
from holdfast.platform.observability import about, count


def create(actor: Actor, request: HoldRequest, key: str, context: LambdaContext) -> dict[str, Any]:
    """Reserve one or many times, all or none; the answer carries the secret that opens them.

    Raises:
        SlotTaken: with free alternatives, item by item.
        NotOffered, NotPriced, NotFound: not in the catalogue.
        CartInvalid: the periods cannot be paid together.
        TooManyHolds: the network address, or for a server the customer, has as many as allowed.
        Forbidden: an override without a secret key.
        CalendarUnreachable: see `freshness.required`.
        IdempotencyKeyReused, RequestInProgress: see `idempotency.once`.
    """

    def effect() -> dict[str, Any]:
        booking_id = ids.new()
        secret_hash = actors.digest(booking_secrets.client_secret(booking_id))
        held: dict[str, Any] = freshness.required(
            booking_secrets.making(booking_secrets.with_address_hash(actor)),
            lambda asker: database.call(
                "create_hold", asker, key, booking_id, secret_hash, request.as_json()
            ),
        )
        if held["id"] == str(booking_id):  # otherwise it is a repeat's
            count("HoldCreated")
        about(booking_id=held["id"])
        return held

    held = idempotency.once(actor, "create_hold", None, key, request.as_json(), effect, context)
    held, key_id = booking_secrets.without_key_id(held)
    secret = booking_secrets.client_secret(held["id"], key_id)
    return {**held, "client_secret": actors.naming(secret, actor.tenant)}


def release(actor: Actor, booking_id: UUID, version: int | None) -> tuple[dict[str, Any], bool]:
    """Release a held time before it is paid.

    Returns:
        The booking, and whether its time is free already. If not, Stripe could not be asked to
        close the checkout; the outbox keeps trying, and the time is free as soon as it can no
        longer be paid.

    Raises:
        AlreadyPaid: it was paid first; the booking is confirmed.
        IllegalState: past the point where a hold can be released, or a payment is under way.
    """
    result = database.call("release_hold", actor.as_json(), booking_id, version)
    if result["effect"] is not None:
        outcome = effects.perform(result["effect"])
        # asked again rather than guessed: it may have been paid first
        if outcome == "confirmed":
            raise AlreadyPaid()
        if outcome == "pending":
            raise IllegalState(
                "A payment for the booking is in progress.",
                hint="Wait for its result: GET /v1/bookings/{booking_id}/confirmation.",
            )
        if outcome != effects.LATER:
            result = database.call("release_hold", actor.as_json(), booking_id, None)
    if result["released"]:
        count("HoldReleased")
    return result["booking"], result["released"]
