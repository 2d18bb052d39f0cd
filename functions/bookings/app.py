"""GET /v1/bookings and GET /v1/bookings/{booking_id}."""

from typing import Annotated, Any
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.api import http
from holdfast.bookings import reading
from holdfast.bookings.models import Booking, BookingList, Status
from holdfast.platform import snapstart
from holdfast.platform.fields import Instant, Reference
from holdfast.platform.observability import instrument

app = http.resolver()
snapstart.take_part()


@app.get("/v1/bookings", summary="List bookings")
def list_bookings(
    reference: Annotated[Reference | None, Query()] = None,
    resource_id: Annotated[UUID | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    starts_from: Annotated[Instant | None, Query(alias="from")] = None,
    starts_before: Annotated[Instant | None, Query(alias="to")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response[BookingList]:
    """Answer a page of bookings that start in [from, to), in order of their start; or the one with
    the reference. Secret key only.
    """
    filters = {
        "reference": reference,
        "resource_id": resource_id and str(resource_id),
        "status": status,
        "starts_from": starts_from and starts_from.isoformat(),
        "starts_before": starts_before and starts_before.isoformat(),
    }
    return http.answer(reading.list_page(http.actor(app), filters, cursor, limit))


@app.get("/v1/bookings/<booking_id>", summary="Get a booking")
def get_booking(booking_id: UUID) -> Response[Booking]:
    """Answer the booking; its version is the ETag."""
    booking = reading.get(http.actor(app), booking_id)
    return http.answer(booking, version=booking["version"])


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.respond(app, event, context)
