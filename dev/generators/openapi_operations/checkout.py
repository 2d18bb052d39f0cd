"""From a free time to a paid booking."""

from collections.abc import Mapping

from dev.generators.openapi_operations.operation import (
    ANY_KEY,
    BOOKING,
    WITH_BODY,
    WITH_KEY,
    Operation,
)
from holdfast.platform import errors

OPERATIONS: Mapping[str, Operation] = {
    "POST /v1/holds": Operation(
        "createHold",
        "Checkout",
        "Reserves a time, by default for five minutes, at the price of the catalogue, which is"
        " frozen with it. Give starts_at for a resource that is booked by slot, date for one that"
        " is booked by date; pool_id instead of resource_id takes any resource of a pool. Several"
        " periods, or a weekly series, are held all or none: the answer is the first booking,"
        " through which all are paid or released, with all of them in bookings. The answer's"
        " client_secret opens these bookings to a publishable key; it is not shown again except to"
        " a repeat of the same request.",
        ANY_KEY,
        {201: "The time is held."},
        (
            *(*WITH_BODY, *WITH_KEY, errors.IdempotencyKeyTooShort),
            *(errors.NotFound, errors.SlotTaken, errors.NotOffered, errors.NotPriced),
            *(errors.CartInvalid, errors.AmountNotChargeable, errors.TooManyHolds),
            *(errors.CalendarStale, errors.CalendarUnreachable),
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
        "Releases a held time before it is paid. An open payment page is closed at Stripe first,"
        " and the time is free once Stripe says that it can no longer be paid. Releasing twice is"
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
        " payable pages, and one hold has a few at most. {CHECKOUT_SESSION_ID} in success_url is"
        " replaced by Stripe. With a publishable key the page leads only to origins that the tenant"
        " has listed, or to the booking page; with a secret key to any address over https. The page"
        " is closed two minutes before the time begins, and none is made within five; money that"
        " arrives once the time has begun is refunded.",
        BOOKING,
        {200: "Send the customer's browser to checkout_url."},
        (
            *(*WITH_BODY, *WITH_KEY),
            *(errors.NotFound, errors.IllegalState, errors.HoldExpired),
            *(errors.StaleVersion, errors.CheckoutRefused, errors.AmountNotChargeable),
            *(errors.ReturnAddressRefused, errors.TooManyPaymentPages),
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
        " Stripe is asked, once in five seconds however many ask, so the answer is true whether or"
        " not the webhook has come; ask again until it is something else.",
        BOOKING,
        {200: "How the booking stands."},
        (errors.NotFound, errors.InvalidRequest),
        gives=("ETag",),
    ),
}
