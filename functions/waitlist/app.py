"""/v1/waitlist: wait for a time that is taken."""

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.api import http
from holdfast.platform import snapstart
from holdfast.platform.observability import instrument
from holdfast.waitlist import waitlist
from holdfast.waitlist.models import NewPlace, Place, PlaceList, WaitingState, WaitRequest

app = http.resolver()
snapstart.take_part()


@app.post("/v1/waitlist", summary="Join the waitlist")
def join_waitlist(request: WaitRequest) -> Response[NewPlace]:
    """Answer 201 with the place and its secret, or 409 with the free periods."""
    key = http.idempotency_key(app, opens=True)
    place = waitlist.join(http.actor(app), request, key, app.lambda_context)
    return http.answer(place, HTTPStatus.CREATED, version=place["version"])


@app.get("/v1/waitlist", summary="List waitlist entries")
def list_waitlist(
    resource_id: Annotated[UUID | None, Query()] = None,
    state: Annotated[WaitingState | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response[PlaceList]:
    """Answer a page of places, the oldest first. Secret key only."""
    filters = {"resource_id": resource_id and str(resource_id), "state": state}
    return http.answer(waitlist.list_page(http.actor(app), filters, cursor, limit))


@app.get("/v1/waitlist/<place_id>", summary="Get a waitlist entry")
def get_waiting(place_id: UUID) -> Response[Place]:
    """Answer the place; its version is the ETag."""
    place = waitlist.get(http.actor(app), place_id)
    return http.answer(place, version=place["version"])


@app.delete("/v1/waitlist/<place_id>", summary="Leave the waitlist")
def leave_waitlist(place_id: UUID) -> Response[Place]:
    """Answer the place that was left; an offer goes to the next in line."""
    place = waitlist.leave(http.actor(app), place_id, http.if_match(app))
    return http.answer(place, version=place["version"])


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.respond(app, event, context)
