"""What the handlers' signatures cannot say of each operation: who may call it, what it refuses.

The errors of a route are a fact about its use case, its stored function and `holdfast.api.http`;
they are listed here once, for people and for `dev.generators.openapi`.
"""

from collections.abc import Mapping
from typing import Any

from dev.generators.openapi_operations import (
    availability,
    bookings,
    calendars,
    catalogue,
    checkout,
    customers,
    schedules,
    system,
    waitlist,
)
from dev.generators.openapi_operations.operation import Operation, Refusals
from holdfast.platform import errors
from holdfast.platform.errors import HoldfastError

# Any route may answer these.
ANYWHERE: Refusals = (errors.InternalError, errors.Unavailable)

TAGS = {
    "Availability": "What can be booked, and when it is free.",
    "Checkout": "Hold a time, take the customer to the payment page, see what came of it.",
    "Bookings": "Read bookings.",
    "Calendars": "External calendars that take time, and bookings as a calendar.",
    "Waitlist": "Wait for a time that is taken.",
    "Customers": "Personal data: exporting and erasing it.",
    "Catalogue": "Say what can be booked, when, and at which price.",
    "System": "Whether it works, and this description.",
}

# In the order in which a booking needs them; the documentation keeps it.
OPERATIONS: Mapping[str, Operation] = {
    **availability.OPERATIONS,
    **checkout.OPERATIONS,
    **bookings.OPERATIONS,
    **calendars.OPERATIONS,
    **waitlist.OPERATIONS,
    **customers.OPERATIONS,
    **catalogue.OPERATIONS,
    **schedules.OPERATIONS,
    **system.OPERATIONS,
}

# Parameters that mean the same wherever they stand.
PARAMETERS = {
    "archived": "Only archived ones; else only others.",
    "blackout_id": "The blackout's id.",
    "booking_id": "The booking's id.",
    "calendar_id": "The calendar's id.",
    "cursor": "next_cursor of the page before.",
    "customer_email": "Also ask about the limit of the customer with this address.",
    "date": "Local date of a resource that is booked by date.",
    "feed_id": "The feed's id.",
    "file": "The last part of the secret address.",
    "from": "Earliest start, RFC 3339 with an offset.",
    "hold_id": "Id of the held booking.",
    "hours_id": "The window's id.",
    "limit": "At most so many on a page.",
    "offering_id": "May be left out when the resource has only one.",
    "place_id": "Id of the waitlist entry.",
    "override_id": "The override's id.",
    "pool_id": "The pool's id.",
    "reference": "The booking that has this reference: any case, the dash may be left out, O is"
    " read as 0, I and L as 1.",
    "resource_id": "The resource's id.",
    "starts_at": "RFC 3339 start of a slot.",
    "state": "Only places in this state.",
    "status": "Only bookings in this status.",
    "to": "Starts before this instant, RFC 3339 with an offset.",
    "tz": "IANA zone in whose local time the slots are given too.",
}

# What an error carries beyond the common members, as its examples show it.
EXTRAS: Mapping[type[HoldfastError], Mapping[str, Any]] = {
    errors.SlotTaken: {
        "alternatives": [
            {
                "starts_at": "2030-01-31T10:00:00Z",
                "ends_at": "2030-01-31T11:00:00Z",
                "date": None,
                "remaining": 1,
            }
        ]
    },
    errors.TimeIsFree: {
        "alternatives": [
            {
                "starts_at": "2030-01-31T09:00:00Z",
                "ends_at": "2030-01-31T10:00:00Z",
                "date": None,
                "remaining": 1,
            }
        ]
    },
    errors.WindowOverlaps: {
        "window": {
            "id": "5b0a4c62-3f0e-4d6b-9f6a-2f4f3c1f7b11",
            "resource_id": "0d7b6a5e-8f43-4f0c-8a86-54d19f0f5c22",
            "weekday": 1,
            "opens": "09:00",
            "closes": "17:00",
            "valid_from": None,
            "valid_until": None,
            "version": 1,
        }
    },
    errors.CustomerInUse: {
        "obstacles": [
            {
                "booking_id": "4fa3b21d-96a6-4d80-9f80-1d2e9a2d7e33",
                "reason": "live_booking",
            }
        ]
    },
    errors.NotOffered: {"reason": "closed"},
    errors.InvalidRequest: {
        "errors": [{"field": "customer.email", "message": "value is not a valid email address"}]
    },
}
