"""Waiting for a time that is taken."""

from collections.abc import Mapping

from dev.generators.openapi_operations.operation import (
    ANY_KEY,
    BOOKING,
    SECRET_KEY,
    WITH_BODY,
    WITH_KEY,
    Operation,
)
from holdfast.platform import errors

OPERATIONS: Mapping[str, Operation] = {
    "POST /v1/waitlist": Operation(
        "joinWaitlist",
        "Waitlist",
        "Waits for a time that is taken: starts_at for one slot, date for any slot of that local"
        " day (or for the date itself, where whole dates are booked). When the time is free"
        " again it is held for the entry that has waited longest; its customer gets an e-mail and"
        " has an hour, unless the tenant says otherwise, to pay. The answer's client_secret opens"
        " the entry and the booking that it is offered.",
        ANY_KEY,
        {201: "The waitlist entry."},
        (
            *(*WITH_BODY, *WITH_KEY, errors.IdempotencyKeyTooShort),
            *(errors.NotFound, errors.NotOffered, errors.NotPriced),
            *(errors.AmountNotChargeable,),
            *(errors.TimeIsFree, errors.AlreadyWaiting, errors.TooManyHolds),
        ),
        takes=("IdempotencyKey",),
        gives=("ETag",),
        example={
            "resource_id": "5b0a4c62-3f0e-4d6b-9f6a-2f4f3c1f7b11",
            "offering_id": "0d7b6a5e-8f43-4f0c-8a86-54d19f0f5c22",
            "starts_at": "2030-01-31T09:00:00Z",
            "customer": {"name": "Grace Hopper", "email": "grace@example.com"},
        },
    ),
    "GET /v1/waitlist/{place_id}": Operation(
        "getWaiting",
        "Waitlist",
        "One waitlist entry. Once it is offered a time, offer is the booking to pay for.",
        BOOKING,
        {200: "The place."},
        (errors.NotFound, errors.InvalidRequest),
        gives=("ETag",),
    ),
    "DELETE /v1/waitlist/{place_id}": Operation(
        "leaveWaitlist",
        "Waitlist",
        "Waits no longer. A time that was offered goes to the next in line. Leaving twice is"
        " leaving once.",
        BOOKING,
        {200: "The place was left."},
        (errors.NotFound, errors.IllegalState, errors.StaleVersion, errors.InvalidRequest),
        takes=("IfMatch",),
        gives=("ETag",),
    ),
    "GET /v1/waitlist": Operation(
        "listWaitlist",
        "Waitlist",
        "A page of the tenant's waitlist entries, the oldest first.",
        SECRET_KEY,
        {200: "The places."},
        (errors.Forbidden, errors.InvalidRequest),
    ),
}
