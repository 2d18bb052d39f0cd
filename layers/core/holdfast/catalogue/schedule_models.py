"""When a resource is open: weekly windows, single days, blackouts. Wall-clock times are local."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from holdfast.catalogue.models import Patch
from holdfast.platform.fields import Date, Instant, Name
from holdfast.platform.models import Answer

_ABSENT: Any = None  # see models.catalogue
_LONGEST = timedelta(days=366)

Opens = Annotated[
    str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$"), Field(examples=["09:00"])
]
Closes = Annotated[
    str,
    StringConstraints(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$"),
    Field(examples=["17:00"], description="Up to 24:00; not after the opening means tomorrow."),
]
Weekday = Annotated[int, Field(ge=1, le=7, description="ISO: Monday is 1.")]


def _not_empty(opens: str | None, closes: str | None) -> None:
    if opens is not None and opens == closes:
        raise ValueError("must not close when it opens; use 00:00 to 24:00 for a whole day")


class HoursChange(Patch):
    """What is to be different of a weekly window."""

    weekday: Weekday = _ABSENT
    opens: Opens = _ABSENT
    closes: Closes = _ABSENT
    valid_from: Date | None = Field(default=None, description="First local day of its season.")
    valid_until: Date | None = Field(default=None, description="Last local day of its season.")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        _not_empty(self.opens, self.closes)
        if self.valid_from and self.valid_until and self.valid_from > self.valid_until:
            raise ValueError("valid_until must not be before valid_from")
        return self


class HoursRequest(HoursChange):
    """A new weekly window, by the clocks of the resource's zone."""

    weekday: Weekday
    opens: Opens
    closes: Closes


class OverrideChange(Patch):
    """What is to be different of a single day; opens and closes null is closed."""

    date: Date = _ABSENT
    opens: Opens | None = None
    closes: Closes | None = None
    reason: Name | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        sent = self.model_fields_set & {"opens", "closes"}
        if len(sent) == 1 or (self.opens is None) != (self.closes is None):
            raise ValueError("give both opens and closes, or neither for a closed day")
        _not_empty(self.opens, self.closes)
        return self


class OverrideRequest(OverrideChange):
    """One local day that is unlike its weekday."""

    date: Date


class BlackoutChange(Patch):
    """What is to be different of a blackout; a period is given whole."""

    starts_at: Instant = _ABSENT
    ends_at: Instant = _ABSENT
    from_date: Date = _ABSENT
    to_date: Date = _ABSENT
    reason: Name | None = None

    @model_validator(mode="after")
    def _one_period(self) -> Self:
        sent = self.model_fields_set & {"starts_at", "ends_at", "from_date", "to_date"}
        if sent == {"starts_at", "ends_at"}:
            length = self.ends_at - self.starts_at
        elif sent == {"from_date", "to_date"}:
            length = self.to_date - self.from_date + timedelta(days=1)
        elif sent:
            raise ValueError("give starts_at and ends_at, or from_date and to_date")
        else:
            return self
        if not timedelta(0) < length <= _LONGEST:
            raise ValueError("must end after it starts, and within 366 days")
        return self


class BlackoutRequest(BlackoutChange):
    """A time in which nothing can be booked: instants, or local dates of which both are in it."""

    @model_validator(mode="after")
    def _has_period(self) -> Self:
        if not self.model_fields_set - {"reason"}:
            raise ValueError("give starts_at and ends_at, or from_date and to_date")
        return self


class _Rule(Answer):
    id: UUID
    resource_id: UUID
    version: int


class WeeklyHours(_Rule):
    """A weekly window."""

    weekday: int
    opens: str
    closes: str
    valid_from: date | None
    valid_until: date | None


class DateOverride(_Rule):
    """One local day that is unlike its weekday; closed without times."""

    date: date
    opens: str | None
    closes: str | None
    reason: str | None


class Blackout(_Rule):
    """A time in which no new booking can be made."""

    starts_at: datetime
    ends_at: datetime
    reason: str | None


class Option(Answer):
    """Something that can be done about a collision: the request to make, none for keep."""

    action: Literal["keep", "release", "reschedule"]
    method: str | None
    path: str | None


class Collision(Answer):
    """A live booking in the time of a blackout."""

    booking_id: UUID
    starts_at: datetime
    ends_at: datetime
    status: str
    customer_name: str
    options: list[Option]


class BlackoutAnswer(Blackout):
    """A blackout with the live bookings in it, at most 100, and how many there are beyond."""

    collisions: list[Collision]
    more_collisions: int


class WeeklyHoursList(Answer):
    """A page of weekly windows."""

    items: list[WeeklyHours]
    next_cursor: str | None


class DateOverrideList(Answer):
    """A page of overrides."""

    items: list[DateOverride]
    next_cursor: str | None


class BlackoutList(Answer):
    """A page of blackouts."""

    items: list[Blackout]
    next_cursor: str | None
