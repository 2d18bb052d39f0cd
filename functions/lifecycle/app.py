"""POST and DELETE /v1/bookings/{booking_id}/reschedule: move a booking to another time."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.api import http
from holdfast.bookings import reschedules
from holdfast.bookings.models import Booking, RescheduleRequest
from holdfast.platform import snapstart
from holdfast.platform.observability import instrument

app = http.resolver()
snapstart.take_part()


@app.post("/v1/bookings/<booking_id>/reschedule", summary="Reschedule a booking")
def reschedule(booking_id: UUID, request: RescheduleRequest) -> Response[Booking]:
    """Answer 200 with the booking at its new time, or 202 if that waits for a payment."""
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
