"""What can be booked, and when it is free."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from holdfast.platform.models import Answer, Price, Slot


class PoolSlot(Slot):
    """A period that so many `resources` of the pool have free, with all their places."""

    resources: int


class SlotList(Answer):
    """Free periods that start in [from, to), in order."""

    resource_id: UUID
    offering_id: UUID
    timezone: str
    from_: datetime = Field(alias="from")
    to: datetime
    slots: list[Slot]


class PoolSlotList(Answer):
    """Periods that start in [from, to) and that some resource of the pool has free, in order."""

    pool_id: UUID
    offering_id: UUID
    from_: datetime = Field(alias="from")
    to: datetime
    slots: list[PoolSlot]


class BrokenRule(Answer):
    """A rule that refuses a period, and what it is about."""

    rule: Literal[
        "wrong_mode",
        "by_request",
        "past",
        "notice",
        "horizon",
        "closed",
        "off_grid",
        "blackout",
        "external_busy",
        "taken",
        "buffer",
        "capacity",
        "daily_limit",
        "customer_limit",
    ]
    detail: str
    booking_id: UUID | None
    blackout_id: UUID | None
    calendar_id: UUID | None


class SlotExplanation(Answer):
    """Whether a period can be held now; `rules` are all that refuse it, always in one order."""

    resource_id: UUID
    offering_id: UUID
    starts_at: datetime | None
    ends_at: datetime | None
    bookable: bool
    rules: list[BrokenRule]


class OfferedPrice(Answer):
    """What a tier and package of an offering costs."""

    tier: str
    package: str
    price: Price


class Offering(Answer):
    """Something that can be booked at a resource. In a group, `group_size` share one unit."""

    id: UUID
    name: str
    duration_minutes: int | None
    group_size: int | None
    free_cancel_hours: int
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
