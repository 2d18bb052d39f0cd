"""What can be booked, and when it is free."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from holdfast.models.base import Answer, Price


class Slot(Answer):
    """A free period. `remaining` units of the resource can still take it."""

    starts_at: datetime
    ends_at: datetime
    date: date | None
    remaining: int


class SlotList(Answer):
    """Free periods that start in [from, to), in order."""

    resource_id: UUID
    offering_id: UUID
    timezone: str
    from_: datetime = Field(alias="from")
    to: datetime
    slots: list[Slot]


class OfferedPrice(Answer):
    """What a tier and package of an offering costs."""

    tier: str
    package: str
    price: Price


class Offering(Answer):
    """Something that can be booked at a resource."""

    id: UUID
    name: str
    duration_minutes: int | None
    prices: list[OfferedPrice]


class Resource(Answer):
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


class ResourceList(Answer):
    """A page of resources; `next_cursor` leads to the next page."""

    resources: list[Resource]
    next_cursor: str | None
