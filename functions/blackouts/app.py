"""Blackouts of /v1/catalogue/resources/{resource_id}: times without new bookings."""

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.api import http
from holdfast.catalogue import items
from holdfast.catalogue.schedule_models import (
    BlackoutAnswer,
    BlackoutChange,
    BlackoutList,
    BlackoutRequest,
)
from holdfast.platform.observability import instrument

Cursor = Annotated[str | None, Query(max_length=500)]
Limit = Annotated[int, Query(ge=1, le=100)]

app = http.resolver()


@app.post("/v1/catalogue/resources/<resource_id>/blackouts", summary="Add a blackout")
def create_blackout(resource_id: UUID, request: BlackoutRequest) -> Response[BlackoutAnswer]:
    """Answer 201 with the blackout."""
    key = http.idempotency_key(app)
    made = items.create(http.actor(app), "blackout", request, key, app.lambda_context, resource_id)
    return http.answer(made, HTTPStatus.CREATED, version=made["version"])


@app.get("/v1/catalogue/resources/<resource_id>/blackouts", summary="List blackouts")
def list_blackouts(
    resource_id: UUID, limit: Limit = 50, cursor: Cursor = None
) -> Response[BlackoutList]:
    """Answer a page of blackouts."""
    return http.answer(
        items.list_page(http.actor(app), "blackout", cursor, limit, resource_id=resource_id)
    )


@app.patch(
    "/v1/catalogue/resources/<resource_id>/blackouts/<blackout_id>", summary="Change a blackout"
)
def change_blackout(
    resource_id: UUID, blackout_id: UUID, request: BlackoutChange
) -> Response[BlackoutAnswer]:
    """Answer the blackout as it is now."""
    version = http.must_match(app)
    item = items.change(http.actor(app), "blackout", blackout_id, request, version, resource_id)
    return http.answer(item, version=item["version"])


@app.delete(
    "/v1/catalogue/resources/<resource_id>/blackouts/<blackout_id>", summary="Delete a blackout"
)
def delete_blackout(resource_id: UUID, blackout_id: UUID) -> Response[None]:
    """Answer 204: it no longer has any effect."""
    items.remove(http.actor(app), "blackout", blackout_id, http.if_match(app), resource_id)
    return http.nothing()


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.respond(app, event, context)
