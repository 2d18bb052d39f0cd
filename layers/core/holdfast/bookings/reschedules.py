"""Rescheduling a booking, and giving up a reschedule that waits for its payment."""

from typing import Any
from uuid import UUID

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.access.actors import Actor
from holdfast.api import idempotency
from holdfast.bookings.models import RescheduleRequest
from holdfast.calendars import freshness
from holdfast.outbox import effects
from holdfast.platform import database
from holdfast.platform.errors import AlreadyPaid, IllegalState
from holdfast.platform.observability import count


def start(
    actor: Actor,
    booking_id: UUID,
    request: RescheduleRequest,
    key: str,
    version: int | None,
    context: LambdaContext,
) -> dict[str, Any]:
    """Move a booking to another time, at today's price.

    Returns:
        The booking at its new time; or as it was, with the reschedule that waits for payment of
        its difference (`checkouts.begin`).

    Raises:
        SlotTaken: with free alternatives.
        HoldExpired, IllegalState, StaleVersion, NotFound: the booking cannot be rescheduled (any
    more).
        NotOffered, NotPriced: the time cannot be booked, or not in this currency.
        CalendarUnreachable: see `freshness.required`.
        IdempotencyKeyReused, RequestInProgress: see `idempotency.once`.
    """

    def effect() -> dict[str, Any]:
        moved: dict[str, Any] = freshness.required(
            actor.as_json(),
            lambda named: database.call(
                "reschedule_booking", named, booking_id, key, request.as_json(), version
            ),
        )
        count("BookingMoved" if moved["change"] is None else "ChangeBegun")
        return moved

    return idempotency.once(
        actor,
        "reschedule",
        booking_id,
        key,
        request.as_json(),
        effect,
        context,
    )


def cancel(actor: Actor, booking_id: UUID, version: int | None) -> tuple[dict[str, Any], bool]:
    """Give up a reschedule that waits for its payment; the booking keeps its time.

    Returns:
        The booking, and whether the reschedule has ended. If not, Stripe could not be asked to
    close
        its checkout; the outbox keeps trying.

    Raises:
        AlreadyPaid: it was paid first; the booking was rescheduled.
        IllegalState: no reschedule waits, or its payment is pending.
    """
    result = database.call("cancel_reschedule", actor.as_json(), booking_id, version)
    if result["effect"] is not None:
        outcome = effects.perform(result["effect"])
        if outcome == "changed":
            raise AlreadyPaid(
                "The difference has been paid, and the booking has been rescheduled.",
                hint="Fetch the booking; it can be rescheduled again.",
            )
        if outcome == "pending":
            raise IllegalState(
                "A payment for the reschedule is in progress.",
                hint="Wait for its result: GET /v1/bookings/{booking_id}/confirmation.",
            )
        if outcome != effects.LATER:
            result = database.call("cancel_reschedule", actor.as_json(), booking_id, None)
    if result["abandoned"]:
        count("ChangeGivenUp")
    return result["booking"], result["abandoned"]
