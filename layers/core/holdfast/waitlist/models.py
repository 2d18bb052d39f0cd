"""The waitlist: waiting for a time that is taken."""

from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from holdfast.bookings.models import Booking, Customer, CustomerDetails, Overridable
from holdfast.platform.fields import Date, Instant, Slug
from holdfast.platform.models import Answer

WaitingState = Literal["waiting", "offered", "booked", "lapsed", "left"]


class WaitRequest(Overridable):
    """Which time to wait for, and for whom."""

    resource_id: UUID
    offering_id: UUID
    starts_at: Instant | None = Field(
        default=None, description="RFC 3339 start of the slot that is wanted; or give date."
    )
    date: Date | None = Field(
        default=None,
        description="Any slot of this local day; of a resource booked by date, this date.",
    )
    tier: Slug = "standard"
    package: Slug = "single"
    customer: CustomerDetails

    @model_validator(mode="after")
    def _one_wish(self) -> Self:
        if (self.starts_at is None) == (self.date is None):
            raise ValueError("give either starts_at or date")
        return self


class Place(Answer):
    """A waitlist entry. `position` is given while it waits, 1 being next; `offer` is the
    booking that is offered, or was: pay it before its `hold_expires_at`. Nothing is offered after
    `ends_at`."""

    id: UUID
    state: WaitingState
    position: int | None
    resource_id: UUID
    offering_id: UUID
    tier: str
    package: str
    starts_at: datetime | None
    date: date | None
    customer: Customer
    locale: str | None
    timezone: str | None
    offer: Booking | None
    ends_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class NewPlace(Place):
    """A new place, with the secret that opens it and the booking that it is offered."""

    client_secret: str


class PlaceList(Answer):
    """A page of places, the oldest first; `next_cursor` leads to the next page."""

    places: list[Place]
    next_cursor: str | None
