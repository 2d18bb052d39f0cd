"""Bookings: holding a time, paying for it, reading what became of it."""

from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from holdfast.fields import Date, Email, Instant, Name, Notes, Phone, Slug, WebAddress
from holdfast.models.base import Answer, Price, Request

Status = Literal[
    "held",
    "paying",
    "requested",
    "scheduled",
    "active",
    "ended",
    "completed",
    "expired",
    "cancelled",
    "declined",
]


class CustomerDetails(Request):
    """Who the booking is for."""

    name: Name
    email: Email
    phone: Phone | None = None


class HoldRequest(Request):
    """Which time to hold, and for whom. There is no price in it: the catalogue has it."""

    resource_id: UUID
    offering_id: UUID
    starts_at: Instant | None = Field(
        default=None, description="RFC 3339 start of a slot; or give date."
    )
    date: Date | None = Field(
        default=None, description="Local date of a resource that is booked by date."
    )
    tier: Slug = "standard"
    package: Slug = "single"
    customer: CustomerDetails
    notes: Notes | None = None

    @model_validator(mode="after")
    def _one_start(self) -> Self:
        if (self.starts_at is None) == (self.date is None):
            raise ValueError("give either starts_at or date")
        return self


class CheckoutRequest(Request):
    """Where the customer's browser goes after the payment page."""

    success_url: WebAddress = Field(examples=["https://studio.example/thanks"])
    cancel_url: WebAddress = Field(examples=["https://studio.example/book"])


class Customer(Answer):
    """The customer's details as given for this booking."""

    name: str
    email: str
    phone: str | None


class Booking(Answer):
    """A booking in any of its states. Times are UTC."""

    id: UUID
    status: Status
    payment_status: Literal[
        "unpaid", "authorized", "paid", "partially_refunded", "refunded", "voided"
    ]
    outcome: Literal["none", "completed", "customer_no_show", "provider_no_show", "not_held"]
    dispute_status: Literal["none", "open", "upheld", "refunded"]
    resource_id: UUID
    offering_id: UUID
    tier: str
    package: str
    starts_at: datetime
    ends_at: datetime
    date: date | None
    hold_expires_at: datetime | None
    price: Price
    customer: Customer
    notes: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class HeldBooking(Booking):
    """A new hold, with the secret that opens this one booking."""

    client_secret: str


class BookingList(Answer):
    """A page of bookings in order of their start; `next_cursor` leads to the next page."""

    bookings: list[Booking]
    next_cursor: str | None


class Checkout(Answer):
    """Where to send the customer to pay, and until when that works."""

    checkout_url: str
    expires_at: datetime
    booking: Booking


class Confirmation(Answer):
    """What has become of a booking. `reason` says why money went back."""

    status: Literal[
        "held",
        "processing",
        "requested",
        "confirmed",
        "refunding",
        "refunded",
        "expired",
        "cancelled",
        "declined",
        "ended",
        "completed",
    ]
    reason: Literal["time_lost", "released", "amount_mismatch", "duplicate_payment"] | None
    booking: Booking
