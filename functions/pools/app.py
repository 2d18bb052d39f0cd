"""/v1/catalogue/pools: any of these resources will do."""

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.api import http
from holdfast.catalogue import items
from holdfast.catalogue.models import CataloguePool, CataloguePoolList, PoolChange, PoolRequest
from holdfast.platform.observability import instrument

Archived = Annotated[bool, Query()]
Cursor = Annotated[str | None, Query(max_length=500)]
Limit = Annotated[int, Query(ge=1, le=100)]

app = http.resolver()


@app.post("/v1/catalogue/pools", summary="Add a pool")
def create_pool(request: PoolRequest) -> Response[CataloguePool]:
    """Answer 201 with the pool."""
    made = items.create(
        http.actor(app), "pool", request, http.idempotency_key(app), app.lambda_context
    )
    return http.answer(made, HTTPStatus.CREATED, version=made["version"])


@app.get("/v1/catalogue/pools", summary="List pools")
def list_pools(
    archived: Archived = False, limit: Limit = 50, cursor: Cursor = None
) -> Response[CataloguePoolList]:
    """Answer a page of pools."""
    return http.answer(items.list_page(http.actor(app), "pool", cursor, limit, archived=archived))


@app.get("/v1/catalogue/pools/<pool_id>", summary="Get a pool")
def get_pool(pool_id: UUID) -> Response[CataloguePool]:
    """Answer the pool; its version is the ETag."""
    item = items.get(http.actor(app), "pool", pool_id)
    return http.answer(item, version=item["version"])


@app.patch("/v1/catalogue/pools/<pool_id>", summary="Change a pool")
def change_pool(pool_id: UUID, request: PoolChange) -> Response[CataloguePool]:
    """Answer the pool as it is now."""
    item = items.change(http.actor(app), "pool", pool_id, request, http.must_match(app))
    return http.answer(item, version=item["version"])


@app.delete("/v1/catalogue/pools/<pool_id>", summary="Archive a pool")
def archive_pool(pool_id: UUID) -> Response[CataloguePool]:
    """Answer the pool, which can no longer be booked."""
    item = items.remove(http.actor(app), "pool", pool_id, http.if_match(app))
    return http.answer(item, version=item["version"])


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.respond(app, event, context)
