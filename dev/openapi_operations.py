"""What the handlers' signatures cannot say of each operation: who may call it, what it refuses.

Which error a route can answer is a fact about its use case, its stored function and
`holdfast.http`; here it is written down once, for people and for `dev.openapi`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast import errors
from holdfast.errors import HoldfastError

Refusals = tuple[type[HoldfastError], ...]

# Any route may answer these.
ANYWHERE: Refusals = (errors.InternalError, errors.Unavailable)

_WITH_BODY: Refusals = (
    errors.MalformedRequest,
    errors.BodyTooLarge,
    errors.UnsupportedMediaType,
    errors.InvalidRequest,
    errors.PriceNotAccepted,
)
_WITH_KEY: Refusals = (
    errors.IdempotencyKeyMissing,
    errors.IdempotencyKeyReused,
    errors.RequestInProgress,
)

# Who may call: either of the alternatives, each of which is all of its schemes.
OPEN: list[dict[str, list[str]]] = []
ANY_KEY: list[dict[str, list[str]]] = [{"publishableKey": []}, {"secretKey": []}]
BOOKING: list[dict[str, list[str]]] = [
    {"publishableKey": [], "bookingSecret": []},
    {"secretKey": []},
]
SECRET_KEY: list[dict[str, list[str]]] = [{"secretKey": []}]

TAGS = {
    "Availability": "What can be booked, and when it is free.",
    "Checkout": "Hold a time, take the customer to the payment page, see what came of it.",
    "Bookings": "Read bookings.",
    "System": "Whether it works, and this description.",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One route, beyond what its handler declares.

    Attributes:
        answers: success statuses and what they mean; each but 304 carries the handler's model.
        refusals: errors beside those of ANYWHERE; Unauthenticated is added where a key is needed.
        takes: names of `components/parameters`: headers that the handler reads by hand.
        gives: names of `components/headers` on a success.
        media: type of the answer's body when it is not a model's JSON.
    """

    id: str
    tag: str
    description: str
    access: list[dict[str, list[str]]]
    answers: Mapping[int, str]
    refusals: Refusals = ()
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    media: str | None = None
    example: Mapping[str, Any] = field(default_factory=dict)


# In the order in which a booking meets them; the documentation keeps it.
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
        " notice and horizon, and free, buffers included. A listed slot is not reserved:"
        " createHold decides.",
        ANY_KEY,
        {200: "The free periods.", 304: "Nothing has changed since the answer with that ETag."},
        (errors.NotFound, errors.InvalidRequest, errors.PeriodInvalid),
        takes=("IfNoneMatch",),
        gives=("ETag",),
    ),
    "POST /v1/holds": Operation(
        "createHold",
        "Checkout",
        "Reserves a time, by default for five minutes, at the price of the catalogue, which is"
        " frozen with it. Give starts_at for a resource that is booked by slot, date for one that"
        " is booked by date. The answer's client_secret opens this one booking to a publishable"
        " key; it is not told again except to a repeat of the same request.",
        ANY_KEY,
        {201: "The time is held."},
        (
            *(*_WITH_BODY, *_WITH_KEY),
            *(errors.NotFound, errors.SlotTaken, errors.NotOffered, errors.NotPriced),
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
    "DELETE /v1/holds/{hold_id}": Operation(
        "releaseHold",
        "Checkout",
        "Gives a time back before it is paid. An open payment page is closed at Stripe first, and"
        " the time is free once Stripe says that it can no longer be paid. Releasing twice is"
        " releasing once.",
        BOOKING,
        {
            200: "The time is free.",
            202: "The payment page could not be closed yet; it will be, and then the time is free.",
        },
        (
            *(errors.NotFound, errors.IllegalState, errors.AlreadyPaid),
            *(errors.StaleVersion, errors.InvalidRequest),
        ),
        takes=("IfMatch",),
        gives=("ETag",),
    ),
    "POST /v1/bookings/{booking_id}/checkout": Operation(
        "beginCheckout",
        "Checkout",
        "Answers the address of the payment page. The time is then kept until a little after the"
        " page's expiry. Asked again with the same return addresses, it answers the same page;"
        " with others, the old page is closed before a new one is made: a booking never has two"
        " payable pages. {CHECKOUT_SESSION_ID} in success_url is replaced by Stripe.",
        BOOKING,
        {200: "Send the customer's browser to checkout_url."},
        (
            *(*_WITH_BODY, *_WITH_KEY),
            *(errors.NotFound, errors.IllegalState, errors.HoldExpired),
            *(errors.StaleVersion, errors.CheckoutRefused),
        ),
        takes=("IdempotencyKey", "IfMatch"),
        gives=("ETag",),
        example={
            "success_url": "https://studio.example/thanks",
            "cancel_url": "https://studio.example/book",
        },
    ),
    "GET /v1/bookings/{booking_id}/confirmation": Operation(
        "getConfirmation",
        "Checkout",
        "For the page the customer comes back to. While a payment is in the balance (processing)"
        " Stripe is asked, so the answer is true whether or not the webhook has come; ask again"
        " until it is something else.",
        BOOKING,
        {200: "How the booking stands."},
        (errors.NotFound, errors.InvalidRequest),
        gives=("ETag",),
    ),
    "GET /v1/bookings/{booking_id}": Operation(
        "getBooking",
        "Bookings",
        "One booking. Its version is the ETag, for If-Match.",
        BOOKING,
        {200: "The booking."},
        (errors.NotFound, errors.InvalidRequest),
        gives=("ETag",),
    ),
    "GET /v1/bookings": Operation(
        "listBookings",
        "Bookings",
        "A page of the tenant's bookings that start in [from, to), in order of their start.",
        SECRET_KEY,
        {200: "The bookings."},
        (errors.Forbidden, errors.InvalidRequest),
    ),
    "GET /health": Operation(
        "getHealth",
        "System",
        "Asks the database for its clock and the version of its schema.",
        OPEN,
        {200: "It works."},
    ),
    "GET /openapi.json": Operation(
        "getSpecification",
        "System",
        "This description.",
        OPEN,
        {200: "An OpenAPI 3.1 document."},
        media="application/json",
    ),
    "GET /docs": Operation(
        "getDocs",
        "System",
        "This description as a page for people.",
        OPEN,
        {200: "A page."},
        media="text/html",
    ),
}

# Parameters that mean the same wherever they stand.
PARAMETERS = {
    "booking_id": "The booking's id.",
    "cursor": "next_cursor of the page before.",
    "from": "Earliest start, RFC 3339 with an offset.",
    "hold_id": "Id of the held booking.",
    "limit": "At most so many on a page.",
    "offering_id": "May be left out when the resource has only one.",
    "resource_id": "The resource's id.",
    "status": "Only bookings in this status.",
    "to": "Starts before this instant, RFC 3339 with an offset.",
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
    errors.NotOffered: {"reason": "closed"},
    errors.InvalidRequest: {
        "errors": [{"field": "customer.email", "message": "value is not a valid email address"}]
    },
}
