"""What can be booked and when: resources, free slots of a resource or a pool, and why not."""

from typing import Annotated, Any
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.api import http
from holdfast.catalogue import availability
from holdfast.catalogue.slot_models import PoolSlotList, ResourceList, SlotExplanation, SlotList
from holdfast.platform import snapstart
from holdfast.platform.fields import Date, Email, Instant, Zone
from holdfast.platform.observability import instrument

_FRESH_SECONDS = 2  # long enough for a crowd that reloads, too short to mislead

app = http.resolver()
snapstart.take_part()


@app.get("/v1/resources", summary="List bookable resources")
def list_resources(
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response[ResourceList]:
    """Answer a page of resources with their offerings and prices."""
    return http.answer(availability.list_resources(http.actor(app), cursor, limit))


@app.get("/v1/resources/<resource_id>/slots", summary="List free times of a resource")
def list_slots(
    resource_id: UUID,
    offering_id: Annotated[UUID | None, Query()] = None,
    starts_from: Annotated[Instant | None, Query(alias="from")] = None,
    starts_before: Annotated[Instant | None, Query(alias="to")] = None,
    tz: Annotated[Zone | None, Query()] = None,
) -> Response[SlotList]:
    """Answer the free periods that start in [from, to): seven days from now if not said."""
    slots = availability.list_slots(
        http.actor(app), resource_id, offering_id, starts_from, starts_before, tz
    )
    return http.cached(app, slots, _FRESH_SECONDS)


@app.get("/v1/pools/<pool_id>/slots", summary="List free times of a pool")
def list_pool_slots(
    pool_id: UUID,
    offering_id: Annotated[UUID | None, Query()] = None,
    starts_from: Annotated[Instant | None, Query(alias="from")] = None,
    starts_before: Annotated[Instant | None, Query(alias="to")] = None,
    tz: Annotated[Zone | None, Query()] = None,
) -> Response[PoolSlotList]:
    """Answer the periods that some resource of the pool has free, and how many have."""
    slots = availability.list_pool_slots(
        http.actor(app), pool_id, offering_id, starts_from, starts_before, tz
    )
    return http.cached(app, slots, _FRESH_SECONDS)


@app.get("/v1/resources/<resource_id>/slots/explain", summary="Explain why a time is not free")
def explain_slot(
    resource_id: UUID,
    offering_id: Annotated[UUID | None, Query()] = None,
    starts_at: Annotated[Instant | None, Query()] = None,
    on_date: Annotated[Date | None, Query(alias="date")] = None,
    customer_email: Annotated[Email | None, Query()] = None,
) -> Response[SlotExplanation]:
    """Answer whether one period can be held now, and all the rules that refuse it."""
    explanation = availability.explain_slot(
        http.actor(app), resource_id, offering_id, starts_at, on_date, customer_email
    )
    return http.answer(explanation)


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.respond(app, event, context)
