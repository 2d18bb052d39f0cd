"""What can be booked, and when it is free."""

from collections.abc import Mapping

from dev.generators.openapi_operations.operation import ANY_KEY, SECRET_KEY, Operation
from holdfast.platform import errors

OPERATIONS: Mapping[str, Operation] = {
    "GET /v1/resources": Operation(
        "listResources",
        "Availability",
        "A page of the tenant's resources with their offerings and prices.",
        ANY_KEY,
        {200: "The resources."},
        (errors.InvalidRequest,),
    ),
    "GET /v1/resources/{resource_id}/slots": Operation(
        "listSlots",
        "Availability",
        "The periods that can be held now: inside opening hours, on the resource's grid, within"
        " notice and horizon, outside blackouts and external calendars, and free, buffers"
        " included. At most 62 days and 2,000 slots at once. tz only adds the same instants by"
        " that zone's clocks. A listed slot is not reserved: createHold decides.",
        ANY_KEY,
        {200: "The free periods.", 304: "Nothing has changed since the answer with that ETag."},
        (errors.NotFound, errors.InvalidRequest, errors.PeriodInvalid),
        takes=("IfNoneMatch",),
        gives=("ETag",),
    ),
    "GET /v1/pools/{pool_id}/slots": Operation(
        "listPoolSlots",
        "Availability",
        "The periods that at least one resource of the pool has free, each with the number of such"
        " resources and of all their places. A listed slot is not reserved, and which resource"
        " takes it is decided by createHold.",
        ANY_KEY,
        {200: "The free periods.", 304: "Nothing has changed since the answer with that ETag."},
        (errors.NotFound, errors.InvalidRequest, errors.PeriodInvalid),
        takes=("IfNoneMatch",),
        gives=("ETag",),
    ),
    "GET /v1/resources/{resource_id}/slots/explain": Operation(
        "explainSlot",
        "Availability",
        "Whether a period could be held now, and every rule that refuses it, in a fixed order:"
        " wrong_mode, by_request, past, notice, horizon, closed, off_grid, blackout, external_busy,"
        " taken, buffer, capacity, daily_limit, customer_limit. taken and buffer name the bookings"
        " in the way, the first hundred of each. Give starts_at or date, as for a hold; with"
        " customer_email that customer's limit is asked for too.",
        SECRET_KEY,
        {200: "The explanation."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
    ),
}
