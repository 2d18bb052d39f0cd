"""Health, and the problem document of every refusal."""

from datetime import datetime
from typing import Literal

from holdfast.platform.models import Answer, Slot


class Health(Answer):
    """Whether the system can work. Skew is this function's clock minus the database's, in ms."""

    status: Literal["ok"]
    schema_version: str
    clock_skew_ms: int


class FieldError(Answer):
    """What is wrong with one field."""

    field: str
    message: str


class Conflict(Answer):
    """A period of a hold that is taken, counted from 1 in the order of the request."""

    item: int
    starts_at: datetime
    alternatives: list[Slot]


class RefusedItem(Answer):
    """A period of a hold that is not offered, counted from 1 in the order of the request."""

    item: int
    starts_at: datetime | None
    reason: str


class Problem(Answer):
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
    conflicts: list[Conflict] | None = None
    items: list[RefusedItem] | None = None
    reason: str | None = None
