"""Hours and overrides of /v1/catalogue/resources/{resource_id}: when it is open."""

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.api import http
from holdfast.catalogue import items
from holdfast.catalogue.schedule_models import (
    DateOverride,
    DateOverrideList,
    HoursChange,
    HoursRequest,
    OverrideChange,
    OverrideRequest,
    WeeklyHours,
    WeeklyHoursList,
)
from holdfast.platform.observability import instrument

Cursor = Annotated[str | None, Query(max_length=500)]
Limit = Annotated[int, Query(ge=1, le=100)]

app = http.resolver()


@app.post("/v1/catalogue/resources/<resource_id>/hours", summary="Add a weekly window")
def create_hours(resource_id: UUID, request: HoursRequest) -> Response[WeeklyHours]:
    """Answer 201 with the window."""
    key = http.idempotency_key(app)
    return _made(
        items.create(http.actor(app), "hours", request, key, app.lambda_context, resource_id)
    )


@app.get("/v1/catalogue/resources/<resource_id>/hours", summary="List weekly windows")
def list_hours(
    resource_id: UUID, limit: Limit = 50, cursor: Cursor = None
) -> Response[WeeklyHoursList]:
    """Answer a page of weekly windows."""
    return http.answer(
        items.list_page(http.actor(app), "hours", cursor, limit, resource_id=resource_id)
    )


@app.patch(
    "/v1/catalogue/resources/<resource_id>/hours/<hours_id>", summary="Change a weekly window"
)
def change_hours(resource_id: UUID, hours_id: UUID, request: HoursChange) -> Response[WeeklyHours]:
    """Answer the window as it is now."""
    version = http.must_match(app)
    item = items.change(http.actor(app), "hours", hours_id, request, version, resource_id)
    return http.answer(item, version=item["version"])


@app.delete(
    "/v1/catalogue/resources/<resource_id>/hours/<hours_id>", summary="Delete a weekly window"
)
def delete_hours(resource_id: UUID, hours_id: UUID) -> Response[None]:
    """Answer 204: it no longer has any effect."""
    items.remove(http.actor(app), "hours", hours_id, http.if_match(app), resource_id)
    return http.nothing()


@app.post("/v1/catalogue/resources/<resource_id>/overrides", summary="Add a date override")
def create_override(resource_id: UUID, request: OverrideRequest) -> Response[DateOverride]:
    """Answer 201 with the override."""
    key = http.idempotency_key(app)
    return _made(
        items.create(http.actor(app), "override", request, key, app.lambda_context, resource_id)
    )


@app.get("/v1/catalogue/resources/<resource_id>/overrides", summary="List date overrides")
def list_overrides(
    resource_id: UUID, limit: Limit = 50, cursor: Cursor = None
) -> Response[DateOverrideList]:
    """Answer a page of date overrides."""
    return http.answer(
        items.list_page(http.actor(app), "override", cursor, limit, resource_id=resource_id)
    )


@app.patch(
    "/v1/catalogue/resources/<resource_id>/overrides/<override_id>",
    summary="Change a date override",
)
def change_override(
    resource_id: UUID, override_id: UUID, request: OverrideChange
) -> Response[DateOverride]:
    """Answer the override as it is now."""
    version = http.must_match(app)
    item = items.change(http.actor(app), "override", override_id, request, version, resource_id)
    return http.answer(item, version=item["version"])


@app.delete(
    "/v1/catalogue/resources/<resource_id>/overrides/<override_id>",
    summary="Delete a date override",
)
def delete_override(resource_id: UUID, override_id: UUID) -> Response[None]:
    """Answer 204: it no longer has any effect."""
    items.remove(http.actor(app), "override", override_id, http.if_match(app), resource_id)
    return http.nothing()


def _made(item: dict[str, Any]) -> Response[Any]:
    return http.answer(item, HTTPStatus.CREATED, version=item["version"])


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.respond(app, event, context)
