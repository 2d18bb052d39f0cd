"""When a resource is open: weekly hours, overrides, blackouts."""

from collections.abc import Mapping

from dev.generators.openapi_operations.operation import (
    CHANGED,
    SECRET_KEY,
    WITH_BODY,
    WITH_KEY,
    Operation,
)
from holdfast.platform import errors

OPERATIONS: Mapping[str, Operation] = {
    "POST /v1/catalogue/resources/{resource_id}/hours": Operation(
        "createHours",
        "Catalogue",
        "Adds a weekly window by the clocks of the resource's zone. One that closes at or "
        "before its opening ends on the next day. Windows of a season (valid_from to "
        "valid_until, both included) may not overlap; the refusal names the one in the "
        "way.",
        SECRET_KEY,
        {201: "It is in force."},
        (*WITH_BODY, *WITH_KEY, errors.Forbidden, errors.NotFound, errors.WindowOverlaps),
        takes=("IdempotencyKey",),
        gives=("ETag",),
        example={"weekday": 1, "opens": "09:00", "closes": "17:00"},
    ),
    "GET /v1/catalogue/resources/{resource_id}/hours": Operation(
        "listHours",
        "Catalogue",
        "A page of them, in the order in which they were made.",
        SECRET_KEY,
        {200: "A page."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
    ),
    "PATCH /v1/catalogue/resources/{resource_id}/hours/{hours_id}": Operation(
        "changeHours",
        "Catalogue",
        "Changes what the body names, for bookings that are made from now on. If-Match is "
        "required.",
        SECRET_KEY,
        {200: "As it is now."},
        (*WITH_BODY, errors.Forbidden, errors.NotFound, *CHANGED, errors.WindowOverlaps),
        takes=("MustMatch",),
        gives=("ETag",),
    ),
    "DELETE /v1/catalogue/resources/{resource_id}/hours/{hours_id}": Operation(
        "deleteHours",
        "Catalogue",
        "Deletes it. Existing bookings are not affected.",
        SECRET_KEY,
        {204: "It rules nothing any more."},
        (errors.Forbidden, errors.NotFound, errors.StaleVersion, errors.InvalidRequest),
        takes=("IfMatch",),
    ),
    "POST /v1/catalogue/resources/{resource_id}/overrides": Operation(
        "createOverride",
        "Catalogue",
        "Replaces the weekly windows that begin on one local day: with other hours, or "
        "without opens and closes by none.",
        SECRET_KEY,
        {201: "It is in force."},
        (*WITH_BODY, *WITH_KEY, errors.Forbidden, errors.NotFound, errors.WindowOverlaps),
        takes=("IdempotencyKey",),
        gives=("ETag",),
        example={"date": "2030-12-24", "opens": "09:00", "closes": "13:00"},
    ),
    "GET /v1/catalogue/resources/{resource_id}/overrides": Operation(
        "listOverrides",
        "Catalogue",
        "A page of them, in the order in which they were made.",
        SECRET_KEY,
        {200: "A page."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
    ),
    "PATCH /v1/catalogue/resources/{resource_id}/overrides/{override_id}": Operation(
        "changeOverride",
        "Catalogue",
        "Changes what the body names, for bookings that are made from now on. If-Match is "
        "required.",
        SECRET_KEY,
        {200: "As it is now."},
        (*WITH_BODY, errors.Forbidden, errors.NotFound, *CHANGED, errors.WindowOverlaps),
        takes=("MustMatch",),
        gives=("ETag",),
    ),
    "DELETE /v1/catalogue/resources/{resource_id}/overrides/{override_id}": Operation(
        "deleteOverride",
        "Catalogue",
        "Deletes it. Existing bookings are not affected.",
        SECRET_KEY,
        {204: "It rules nothing any more."},
        (errors.Forbidden, errors.NotFound, errors.StaleVersion, errors.InvalidRequest),
        takes=("IfMatch",),
    ),
    "POST /v1/catalogue/resources/{resource_id}/blackouts": Operation(
        "createBlackout",
        "Catalogue",
        "Closes a resource for new bookings: between two instants, or for whole local "
        "dates. The answer lists the live bookings that have time in it, buffers "
        "included, and what can be done about each: nothing is cancelled by itself.",
        SECRET_KEY,
        {201: "It is in force."},
        (*WITH_BODY, *WITH_KEY, errors.Forbidden, errors.NotFound),
        takes=("IdempotencyKey",),
        gives=("ETag",),
        example={"from_date": "2030-12-24", "to_date": "2030-12-26", "reason": "Holidays"},
    ),
    "GET /v1/catalogue/resources/{resource_id}/blackouts": Operation(
        "listBlackouts",
        "Catalogue",
        "A page of them, in the order in which they were made.",
        SECRET_KEY,
        {200: "A page."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
    ),
    "PATCH /v1/catalogue/resources/{resource_id}/blackouts/{blackout_id}": Operation(
        "changeBlackout",
        "Catalogue",
        "Changes what the body names; a period is given whole. The answer lists the live "
        "bookings that have time in it, buffers included, and what can be done about "
        "each: nothing is cancelled by itself. If-Match is required.",
        SECRET_KEY,
        {200: "As it is now."},
        (*WITH_BODY, errors.Forbidden, errors.NotFound, *CHANGED),
        takes=("MustMatch",),
        gives=("ETag",),
    ),
    "DELETE /v1/catalogue/resources/{resource_id}/blackouts/{blackout_id}": Operation(
        "deleteBlackout",
        "Catalogue",
        "Deletes it. Existing bookings are not affected.",
        SECRET_KEY,
        {204: "It rules nothing any more."},
        (errors.Forbidden, errors.NotFound, errors.StaleVersion, errors.InvalidRequest),
        takes=("IfMatch",),
    ),
}
