"""GET /v1/bookings/{booking_id}/confirmation: for the page the customer comes back to."""

from typing import Any
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.api import http
from holdfast.payments import confirmations
from holdfast.payments.models import Confirmation
from holdfast.platform import snapstart
from holdfast.platform.observability import instrument

app = http.resolver()
snapstart.take_part()


@app.get("/v1/bookings/<booking_id>/confirmation", summary="Get a booking's confirmation")
def get_confirmation(booking_id: UUID) -> Response[Confirmation]:
    """Answer the booking's state, asking Stripe while its payment is undecided."""
    confirmation = confirmations.get(http.actor(app), booking_id)
    return http.answer(confirmation, version=confirmation["booking"]["version"])


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.respond(app, event, context)
