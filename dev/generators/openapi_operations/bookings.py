"""Existing bookings."""

from collections.abc import Mapping

from dev.generators.openapi_operations.operation import (
    BOOKING,
    SECRET_KEY,
    WITH_BODY,
    WITH_KEY,
    Operation,
)
from holdfast.platform import errors

OPERATIONS: Mapping[str, Operation] = {
    "POST /v1/bookings/{booking_id}/reschedule": Operation(
        "reschedule",
        "Bookings",
        "Moves a booking to another time, at the catalogue's present price for its tier and"
        " package. If that costs no more it is moved at once, and the difference is refunded. If it"
        " costs more both times are kept for some minutes: pay the difference with beginCheckout,"
        " and the booking moves when that is paid; until then, and if it is never paid, it stays"
        " where it was. A difference that is too small to be charged in its currency is waived. A"
        " hold gets its new price, and keeps its deadline. The deadline of free cancellation"
        " stays.",
        BOOKING,
        {
            200: "The booking has its new time.",
            202: "The new time is kept; the reschedule waits for the payment of the difference.",
        },
        (
            *(*WITH_BODY, *WITH_KEY),
            *(errors.NotFound, errors.SlotTaken, errors.NotOffered, errors.NotPriced),
            *(errors.AmountNotChargeable,),
            *(errors.IllegalState, errors.HoldExpired, errors.StaleVersion),
            errors.CalendarStale,
            errors.CalendarUnreachable,
        ),
        takes=("IdempotencyKey", "IfMatch"),
        gives=("ETag",),
        example={"starts_at": "2030-02-01T09:00:00Z"},
    ),
    "DELETE /v1/bookings/{booking_id}/reschedule": Operation(
        "giveUpReschedule",
        "Bookings",
        "Abandons a reschedule that waits for its payment; the booking keeps its time. An open"
        " payment page is closed at Stripe first. Abandoning twice is abandoning once.",
        BOOKING,
        {
            200: "The reschedule is abandoned, and its time is free.",
            202: "The payment page could not be closed yet; it will be.",
        },
        (
            *(errors.NotFound, errors.IllegalState, errors.AlreadyPaid),
            *(errors.StaleVersion, errors.InvalidRequest),
        ),
        takes=("IfMatch",),
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
}
