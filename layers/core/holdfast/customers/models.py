"""Customers' stored data: exporting and erasing them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from holdfast.bookings.models import Booking
from holdfast.platform.fields import Email
from holdfast.platform.models import Answer, Request
from holdfast.waitlist.models import WaitingState


class ErasureRequest(Request):
    """Whom to erase."""

    email: Email = Field(description="Letter case and a tag after a plus make no difference.")


class ExportRequest(ErasureRequest):
    """Whose data to export."""

    cursor: str | None = Field(
        default=None, max_length=500, description="next_cursor of the page before."
    )


class ExportedCustomer(Answer):
    """An address that was booked with."""

    id: UUID
    email: str
    name: str
    phone: str | None
    created_at: datetime


class ExportedPlace(Answer):
    """A waitlist entry."""

    id: UUID
    state: WaitingState
    resource_id: UUID
    offering_id: UUID
    starts_at: datetime | None
    date: str | None
    created_at: datetime


class ExportedBooking(Booking):
    """A booking, and what is stored about it elsewhere. Amounts are in minor units."""

    checkouts: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    refunds: list[dict[str, Any]]
    moves: list[dict[str, Any]]
    letters: list[dict[str, Any]]
    history: list[dict[str, Any]]


class CustomerExport(Answer):
    """Everything that is held about a person. The first page has all but the later bookings;
    `next_cursor` leads to those."""

    mailbox: str
    customers: list[ExportedCustomer]
    waitlist: list[ExportedPlace]
    bookings: list[ExportedBooking]
    next_cursor: str | None


class Erasure(Answer):
    """How many rows have no name any more, and how many letters are not sent."""

    customers: int
    bookings: int
    places: int
    letters: int
