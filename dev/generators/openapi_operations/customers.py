"""Customers' stored data."""

from collections.abc import Mapping

from dev.generators.openapi_operations.operation import SECRET_KEY, WITH_BODY, Operation
from holdfast.platform import errors

OPERATIONS: Mapping[str, Operation] = {
    "POST /v1/customers/export": Operation(
        "exportCustomer",
        "Customers",
        "Everything that is held about a person, by e-mail address: the addresses they booked with,"
        " their bookings with payments, refunds and history, their waitlist entries. Letter"
        " case and a tag after a plus do not make another person. Bookings come in pages. What"
        " Stripe holds is not part of it.",
        SECRET_KEY,
        {200: "What is held."},
        (*WITH_BODY, errors.IdempotencyKeyMissing, errors.Forbidden),
        takes=("IdempotencyKey",),
        example={"email": "grace@example.com"},
    ),
    "POST /v1/customers/erasure": Operation(
        "eraseCustomer",
        "Customers",
        "Forgets a person: names, addresses, phone numbers, notes, language and zone are replaced"
        " in all their bookings and places, places that wait end, letters that are not sent yet"
        " never are. Bookings, money and history stay, without a name. It is refused, and nothing"
        " is changed, while a booking lies ahead or money is on its way: obstacles says which."
        " Erasing twice is erasing once, and an address that is not known is answered with zeros."
        " Stripe's own copy is not touched.",
        SECRET_KEY,
        {200: "The person is forgotten."},
        (*WITH_BODY, errors.IdempotencyKeyMissing, errors.Forbidden, errors.CustomerInUse),
        takes=("IdempotencyKey",),
        example={"email": "grace@example.com"},
    ),
}
