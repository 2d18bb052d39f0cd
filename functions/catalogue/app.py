"""/v1/catalogue/resources and /v1/catalogue/offerings: what can be booked."""

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.api import http
from holdfast.catalogue import items
from holdfast.catalogue.models import (
    CatalogueOffering,
    CatalogueOfferingList,
    CatalogueResource,
    CatalogueResourceList,
    OfferingChange,
    OfferingRequest,
    ResourceChange,
    ResourceRequest,
)
from holdfast.platform.observability import instrument

Archived = Annotated[bool, Query()]
Cursor = Annotated[str | None, Query(max_length=500)]
Limit = Annotated[int, Query(ge=1, le=100)]

app = http.resolver()


@app.post("/v1/catalogue/resources", summary="Add a resource")
def create_resource(request: ResourceRequest) -> Response[CatalogueResource]:
    """Answer 201 with the resource."""
    made = items.create(
        http.actor(app), "resource", request, http.idempotency_key(app), app.lambda_context
    )
    return http.answer(made, HTTPStatus.CREATED, version=made["version"])


@app.get("/v1/catalogue/resources", summary="List resources")
def list_resources(
    archived: Archived = False, limit: Limit = 50, cursor: Cursor = None
) -> Response[CatalogueResourceList]:
    """Answer a page of resources."""
    return http.answer(
        items.list_page(http.actor(app), "resource", cursor, limit, archived=archived)
    )


@app.get("/v1/catalogue/resources/<resource_id>", summary="Get a resource")
def get_resource(resource_id: UUID) -> Response[CatalogueResource]:
    """Answer the resource; its version is the ETag."""
    item = items.get(http.actor(app), "resource", resource_id)
    return http.answer(item, version=item["version"])


@app.patch("/v1/catalogue/resources/<resource_id>", summary="Change a resource")
def change_resource(resource_id: UUID, request: ResourceChange) -> Response[CatalogueResource]:
    """Answer the resource as it is now."""
    item = items.change(http.actor(app), "resource", resource_id, request, http.must_match(app))
    return http.answer(item, version=item["version"])


@app.delete("/v1/catalogue/resources/<resource_id>", summary="Archive a resource")
def archive_resource(resource_id: UUID) -> Response[CatalogueResource]:
    """Answer the resource, which can no longer be booked."""
    item = items.remove(http.actor(app), "resource", resource_id, http.if_match(app))
    return http.answer(item, version=item["version"])


@app.post("/v1/catalogue/offerings", summary="Add an offering")
def create_offering(request: OfferingRequest) -> Response[CatalogueOffering]:
    """Answer 201 with the offering."""
    made = items.create(
        http.actor(app), "offering", request, http.idempotency_key(app), app.lambda_context
    )
    return http.answer(made, HTTPStatus.CREATED, version=made["version"])


@app.get("/v1/catalogue/offerings", summary="List offerings")
def list_offerings(
    archived: Archived = False, limit: Limit = 50, cursor: Cursor = None
) -> Response[CatalogueOfferingList]:
    """Answer a page of offerings."""
    return http.answer(
        items.list_page(http.actor(app), "offering", cursor, limit, archived=archived)
    )


@app.get("/v1/catalogue/offerings/<offering_id>", summary="Get an offering")
def get_offering(offering_id: UUID) -> Response[CatalogueOffering]:
    """Answer the offering; its version is the ETag."""
    item = items.get(http.actor(app), "offering", offering_id)
    return http.answer(item, version=item["version"])


@app.patch("/v1/catalogue/offerings/<offering_id>", summary="Change an offering")
def change_offering(offering_id: UUID, request: OfferingChange) -> Response[CatalogueOffering]:
    """Answer the offering as it is now."""
    item = items.change(http.actor(app), "offering", offering_id, request, http.must_match(app))
    return http.answer(item, version=item["version"])


@app.delete("/v1/catalogue/offerings/<offering_id>", summary="Archive an offering")
def archive_offering(offering_id: UUID) -> Response[CatalogueOffering]:
    """Answer the offering, which can no longer be booked."""
    item = items.remove(http.actor(app), "offering", offering_id, http.if_match(app))
    return http.answer(item, version=item["version"])


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.respond(app, event, context)
