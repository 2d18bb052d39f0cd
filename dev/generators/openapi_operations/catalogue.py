"""Resources, offerings and pools."""

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
    "POST /v1/catalogue/resources": Operation(
        "createResource",
        "Catalogue",
        "Adds a resource. It can be booked once it has hours, and offerings with prices.",
        SECRET_KEY,
        {201: "It is there."},
        (*WITH_BODY, *WITH_KEY, errors.Forbidden, errors.NotFound),
        takes=("IdempotencyKey",),
        gives=("ETag",),
        example={"name": "Ada Lovelace", "timezone": "Europe/London"},
    ),
    "GET /v1/catalogue/resources": Operation(
        "listCatalogueResources",
        "Catalogue",
        "A page of resources, in the order in which they were made: those that are "
        "archived, or (by default) the others.",
        SECRET_KEY,
        {200: "A page."},
        (errors.Forbidden, errors.InvalidRequest),
    ),
    "GET /v1/catalogue/resources/{resource_id}": Operation(
        "getResource",
        "Catalogue",
        "One of them, archived or not. Its version is the ETag, for If-Match.",
        SECRET_KEY,
        {200: "It."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
        gives=("ETag",),
    ),
    "PATCH /v1/catalogue/resources/{resource_id}": Operation(
        "changeResource",
        "Catalogue",
        "Changes what the body names, for bookings that are made from now on; those that "
        "there are keep time, price and buffers. If-Match is required. A list is replaced "
        "as a whole.",
        SECRET_KEY,
        {200: "As it is now."},
        (*WITH_BODY, errors.Forbidden, errors.NotFound, errors.Archived, *CHANGED, errors.InUse),
        takes=("MustMatch",),
        gives=("ETag",),
    ),
    "DELETE /v1/catalogue/resources/{resource_id}": Operation(
        "archiveResource",
        "Catalogue",
        "Takes it out of every public view at once; it can no longer be booked. Bookings "
        "of it stay and keep its name. Archiving twice is archiving once.",
        SECRET_KEY,
        {200: "It is archived."},
        (errors.Forbidden, errors.NotFound, errors.StaleVersion, errors.InvalidRequest),
        takes=("IfMatch",),
        gives=("ETag",),
    ),
    "POST /v1/catalogue/offerings": Operation(
        "createOffering",
        "Catalogue",
        "Adds an offering with its prices. A resource has it once its offering_ids name it.",
        SECRET_KEY,
        {201: "It is there."},
        (*WITH_BODY, *WITH_KEY, errors.Forbidden, errors.NotFound, errors.AmountNotChargeable),
        takes=("IdempotencyKey",),
        gives=("ETag",),
        example={
            "name": "Single lesson",
            "duration_minutes": 60,
            "prices": [
                {"tier": "standard", "package": "single", "amount": 4500, "currency": "EUR"}
            ],
        },
    ),
    "GET /v1/catalogue/offerings": Operation(
        "listOfferings",
        "Catalogue",
        "A page of offerings, in the order in which they were made: those that are "
        "archived, or (by default) the others.",
        SECRET_KEY,
        {200: "A page."},
        (errors.Forbidden, errors.InvalidRequest),
    ),
    "GET /v1/catalogue/offerings/{offering_id}": Operation(
        "getOffering",
        "Catalogue",
        "One of them, archived or not. Its version is the ETag, for If-Match.",
        SECRET_KEY,
        {200: "It."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
        gives=("ETag",),
    ),
    "PATCH /v1/catalogue/offerings/{offering_id}": Operation(
        "changeOffering",
        "Catalogue",
        "Changes what the body names, for bookings that are made from now on; those that "
        "there are keep time, price and buffers. If-Match is required. A list is replaced "
        "as a whole.",
        SECRET_KEY,
        {200: "As it is now."},
        (
            *(*WITH_BODY, errors.Forbidden, errors.NotFound, errors.Archived, *CHANGED),
            errors.AmountNotChargeable,
        ),
        takes=("MustMatch",),
        gives=("ETag",),
    ),
    "DELETE /v1/catalogue/offerings/{offering_id}": Operation(
        "archiveOffering",
        "Catalogue",
        "Takes it out of every public view at once; it can no longer be booked. Bookings "
        "of it stay and keep its name. Archiving twice is archiving once.",
        SECRET_KEY,
        {200: "It is archived."},
        (errors.Forbidden, errors.NotFound, errors.StaleVersion, errors.InvalidRequest),
        takes=("IfMatch",),
        gives=("ETag",),
    ),
    "POST /v1/catalogue/pools": Operation(
        "createPool",
        "Catalogue",
        "Adds a pool: a hold in it gets any of its resources.",
        SECRET_KEY,
        {201: "It is there."},
        (*WITH_BODY, *WITH_KEY, errors.Forbidden, errors.NotFound),
        takes=("IdempotencyKey",),
        gives=("ETag",),
        example={"name": "Any tutor", "resource_ids": []},
    ),
    "GET /v1/catalogue/pools": Operation(
        "listPools",
        "Catalogue",
        "A page of pools, in the order in which they were made: those that are archived, "
        "or (by default) the others.",
        SECRET_KEY,
        {200: "A page."},
        (errors.Forbidden, errors.InvalidRequest),
    ),
    "GET /v1/catalogue/pools/{pool_id}": Operation(
        "getPool",
        "Catalogue",
        "One of them, archived or not. Its version is the ETag, for If-Match.",
        SECRET_KEY,
        {200: "It."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
        gives=("ETag",),
    ),
    "PATCH /v1/catalogue/pools/{pool_id}": Operation(
        "changePool",
        "Catalogue",
        "Changes what the body names, for bookings that are made from now on; those that "
        "there are keep time, price and buffers. If-Match is required. A list is replaced "
        "as a whole.",
        SECRET_KEY,
        {200: "As it is now."},
        (*WITH_BODY, errors.Forbidden, errors.NotFound, errors.Archived, *CHANGED),
        takes=("MustMatch",),
        gives=("ETag",),
    ),
    "DELETE /v1/catalogue/pools/{pool_id}": Operation(
        "archivePool",
        "Catalogue",
        "The pool can no longer be booked; its resources are not affected. Archiving "
        "twice is archiving once.",
        SECRET_KEY,
        {200: "It is archived."},
        (errors.Forbidden, errors.NotFound, errors.StaleVersion, errors.InvalidRequest),
        takes=("IfMatch",),
        gives=("ETag",),
    ),
}
