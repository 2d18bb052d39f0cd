"""POST /v1/holds, DELETE /v1/holds/{hold_id}, POST /v1/bookings/{booking_id}/checkout, and POST and
DELETE /v1/bookings/{booking_id}/reschedule."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.api import http
from holdfast.bookings import holds, reschedules
from holdfast.bookings.models import Booking, HeldBooking, HoldRequest, RescheduleRequest
from holdfast.payments import checkouts
from holdfast.payments.models import Checkout, CheckoutRequest
from holdfast.platform import snapstart
from holdfast.platform.observability import instrument

app = http.resolver()
snapstart.take_part()


@app.post("/v1/holds", summary="Hold a time")
def create_hold(request: HoldRequest) -> Response[HeldBooking]:
    """Answer 201 with the held booking and its secret, or 409 with free alternatives."""
    key = http.idempotency_key(app, opens=True)
    held = holds.create(http.actor(app), request, key, app.lambda_context)
    return http.answer(held, HTTPStatus.CREATED, version=held["version"])


@app.delete("/v1/holds/<hold_id>", summary="Release a hold")
def release_hold(hold_id: UUID) -> Response[Booking]:
    """Answer 200 once the time is free, 202 while its payment page is still being closed."""
    booking, released = holds.release(http.actor(app), hold_id, http.if_match(app))
    status = HTTPStatus.OK if released else HTTPStatus.ACCEPTED
    return http.answer(booking, status, version=booking["version"])


@app.post("/v1/bookings/<booking_id>/checkout", summary="Begin a checkout")
def begin_checkout(booking_id: UUID, request: CheckoutRequest) -> Response[Checkout]:
    """Answer the address where the customer pays, the same one for the same request."""
    checkout = checkouts.begin(
        http.actor(app),
        booking_id,
        request,
        http.idempotency_key(app),
        http.if_match(app),
        app.lambda_context,
    )
    return http.answer(checkout, version=checkout["booking"]["version"])


@app.post("/v1/bookings/<booking_id>/reschedule", summary="Reschedule a booking")
def reschedule(booking_id: UUID, request: RescheduleRequest) -> Response[Booking]:
    """Answer 200 with the booking at its new time, or 202 if the move waits for a payment."""
    booking = reschedules.start(
        http.actor(app),
        booking_id,
        request,
        http.idempotency_key(app),
        http.if_match(app),
        app.lambda_context,
    )
    status = HTTPStatus.OK if booking["change"] is None else HTTPStatus.ACCEPTED
    return http.answer(booking, status, version=booking["version"])


@app.delete("/v1/bookings/<booking_id>/reschedule", summary="Abandon an unpaid reschedule")
def give_up_reschedule(booking_id: UUID) -> Response[Booking]:
    """Answer 200 once the reschedule is cancelled, 202 while its payment page is being closed."""
    booking, over = reschedules.cancel(http.actor(app), booking_id, http.if_match(app))
    status = HTTPStatus.OK if over else HTTPStatus.ACCEPTED
    return http.answer(booking, status, version=booking["version"])


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.respond(app, event, context)
