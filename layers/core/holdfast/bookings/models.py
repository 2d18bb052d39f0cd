"""Bookings: holding a time, paying for it, reading its state."""

from datetime import date, datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from holdfast.platform.fields import (
    Date,
    Email,
    Instant,
    Name,
    Notes,
    Phone,
    Reason,
    Slug,
)
from holdfast.platform.models import Answer, FromCustomer, Price, Request

MOST_ITEMS = 20  # in one request
MOST_PERIODS = 52  # held together: a year of weeks

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


class Repeat(Request):
    """The same wall-clock time, week after week."""

    weeks: int = Field(ge=2, le=MOST_PERIODS, description="How many times, the first included.")


class Period(Request):
    """One requested time, or a weekly series of them."""

    resource_id: UUID | None = Field(default=None, description="Or give pool_id.")
    pool_id: UUID | None = Field(
        default=None, description="Any resource of this pool will do; a series gets one for all."
    )
    offering_id: UUID
    starts_at: Instant | None = Field(
        default=None, description="RFC 3339 start of a slot; or give date."
    )
    date: Date | None = Field(
        default=None, description="Local date of a resource that is booked by date."
    )
    tier: Slug = "standard"
    package: Slug = "single"
    repeat: Repeat | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.resource_id is None) == (self.pool_id is None):
            raise ValueError("give either resource_id or pool_id")
        if (self.starts_at is None) == (self.date is None):
            raise ValueError("give either starts_at or date")
        return self

    def periods(self) -> int:
        """How many bookings it makes."""
        return 1 if self.repeat is None else self.repeat.weeks


class Override(Request):
    """Which limits a server lets a request go beyond, and why; the reason is kept.

    Times that are taken, closed or too late stay refused.
    """

    rules: list[Literal["customer_periods", "customer_places", "customer_limit"]] = Field(
        min_length=1, max_length=3
    )
    reason: Reason


class Overridable(FromCustomer):
    """A request that a secret key may let go beyond limits."""

    override: Override | None = Field(
        default=None, description="With a secret key only: limits not to be applied, and why."
    )

    def as_json(self) -> dict[str, Any]:
        """As sent to the database; without the override if there is none, so that a repeat of an
        earlier release's request is the same request.
        """
        told = super().as_json()
        if self.override is None:
            del told["override"]
        return told


class HoldRequest(Overridable):
    """Which time to hold, and for whom: one period, or several as items, all of them or none.

    There is no price in it: the catalogue has it.
    """

    items: list[Period] | None = Field(default=None, min_length=1, max_length=MOST_ITEMS)
    pool_id: UUID | None = Field(
        default=None, description="Any resource of this pool will do; a series gets one for all."
    )
    resource_id: UUID | None = Field(
        default=None, validate_default=True, description="Needed unless pool_id or items are given."
    )
    offering_id: UUID | None = Field(
        default=None, validate_default=True, description="Needed unless items are given."
    )
    starts_at: Instant | None = Field(
        default=None, description="RFC 3339 start of a slot; or give date."
    )
    date: Date | None = Field(
        default=None, description="Local date of a resource that is booked by date."
    )
    tier: Slug = "standard"
    package: Slug = "single"
    repeat: Repeat | None = None
    customer: CustomerDetails
    notes: Notes | None = None

    @field_validator("resource_id", "offering_id")
    @classmethod
    def _needed_without_items(cls, value: UUID | None, info: ValidationInfo) -> UUID | None:
        pooled = info.field_name == "resource_id" and info.data.get("pool_id") is not None
        if value is None and info.data.get("items") is None and not pooled:
            others = "pool_id or items are" if info.field_name == "resource_id" else "items are"
            raise PydanticCustomError("missing", f"Field required, unless {others} given")
        return value

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.items is not None:
            if self.model_fields_set & Period.model_fields.keys():
                raise ValueError("give either items or one period")
            if sum(item.periods() for item in self.items) > MOST_PERIODS:
                raise ValueError(f"at most {MOST_PERIODS} periods can be held together")
            return self
        if (self.starts_at is None) == (self.date is None):
            raise ValueError("give either starts_at or date")
        if (self.resource_id is None) == (self.pool_id is None):
            raise ValueError("give either resource_id or pool_id")
        return self


class RescheduleRequest(Request):
    """Which time a booking is to have instead; its tier and package stay."""

    starts_at: Instant | None = Field(
        default=None, description="RFC 3339 start of a slot; or give date."
    )
    date: Date | None = Field(
        default=None, description="Local date of a resource that is booked by date."
    )
    resource_id: UUID | None = Field(
        default=None, description="Another resource that has the same offering."
    )

    @model_validator(mode="after")
    def _one_start(self) -> Self:
        if (self.starts_at is None) == (self.date is None):
            raise ValueError("give either starts_at or date")
        return self


class Customer(Answer):
    """The customer's details as given for this booking."""

    name: str
    email: str
    phone: str | None


class Change(Answer):
    """A reschedule that waits for its payment; both times are kept until `expires_at`. `price` is
    the whole new price, `difference` what is to be paid.
    """

    id: UUID
    resource_id: UUID
    starts_at: datetime
    ends_at: datetime
    date: date | None
    price: Price
    difference: Price
    expires_at: datetime


class Cart(Answer):
    """What a booking was held with. Until it is paid, everything is done through the first booking,
    whose id is the cart's.
    """

    id: UUID
    position: int
    booking_ids: list[UUID]


class Booking(Answer):
    """A booking in any of its states. Times are UTC. `reference` is what people call it by."""

    id: UUID
    reference: str = Field(examples=["K7QM-2F9D"])
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
    locale: str | None
    timezone: str | None
    pool_id: UUID | None
    calendar_unchecked: bool
    cart: Cart | None
    free_cancel_until: datetime | None
    change: Change | None
    version: int
    created_at: datetime
    updated_at: datetime


class HeldBooking(Booking):
    """A new hold: the first booking, all `bookings` that are held with it and their `total`, and
    the secret that opens them."""

    bookings: list[Booking]
    total: Price
    client_secret: str


class BookingList(Answer):
    """A page of bookings in order of their start; `next_cursor` leads to the next page."""

    bookings: list[Booking]
    next_cursor: str | None
