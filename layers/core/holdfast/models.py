"""Requests and answers of the HTTP API. Requests are frozen and forbid what they do not know."""

from datetime import date, datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from holdfast.fields import Date, Email, Instant, Name, Notes, Phone, Slug, WebAddress

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


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def as_json(self) -> dict[str, Any]:
        """As sent to the database: only JSON types, defaults included."""
        return self.model_dump(mode="json")


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Price(_Answer):
    """An amount in minor units (cents; whole yen) of an ISO 4217 currency."""

    amount: int = Field(examples=[4500])
    currency: str = Field(examples=["EUR"])


class CustomerDetails(_Request):
    """Who the booking is for."""

    name: Name
    email: Email
    phone: Phone | None = None


class HoldRequest(_Request):
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


class CheckoutRequest(_Request):
    """Where the customer's browser goes after the payment page."""

    success_url: WebAddress = Field(examples=["https://studio.example/thanks"])
    cancel_url: WebAddress = Field(examples=["https://studio.example/book"])


class Customer(_Answer):
    """The customer's details as given for this booking."""

    name: str
    email: str
    phone: str | None


class Booking(_Answer):
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


class Slot(_Answer):
    """A free period. `remaining` units of the resource can still take it."""

    starts_at: datetime
    ends_at: datetime
    date: date | None
    remaining: int


class SlotList(_Answer):
    """Free periods that start in [from, to), in order."""

    resource_id: UUID
    offering_id: UUID
    timezone: str
    from_: datetime = Field(alias="from")
    to: datetime
    slots: list[Slot]


class OfferedPrice(_Answer):
    """What a tier and package of an offering costs."""

    tier: str
    package: str
    price: Price


class Offering(_Answer):
    """Something that can be booked at a resource."""

    id: UUID
    name: str
    duration_minutes: int | None
    prices: list[OfferedPrice]


class Resource(_Answer):
    """A person, room or thing whose time can be booked."""

    id: UUID
    name: str
    timezone: str
    booking_mode: Literal["slot", "date"]
    confirmation: Literal["instant", "by_request"]
    capacity: int
    step_minutes: int
    version: int
    offerings: list[Offering]


class ResourceList(_Answer):
    """A page of resources; `next_cursor` leads to the next page."""

    resources: list[Resource]
    next_cursor: str | None


class BookingList(_Answer):
    """A page of bookings in order of their start; `next_cursor` leads to the next page."""

    bookings: list[Booking]
    next_cursor: str | None


class Checkout(_Answer):
    """Where to send the customer to pay, and until when that works."""

    checkout_url: str
    expires_at: datetime
    booking: Booking


class Confirmation(_Answer):
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


class Health(_Answer):
    """Whether the system can work. Skew is this function's clock minus the database's, in ms."""

    status: Literal["ok"]
    schema_version: str
    clock_skew_ms: int


class FieldError(_Answer):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(_Answer):
    """An RFC 9457 problem document."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    hint: str
    request_id: str
    errors: list[FieldError] | None = None
    alternatives: list[Slot] | None = None
    reason: str | None = None
