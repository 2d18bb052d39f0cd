"""Health, and the problem document of every refusal."""

from typing import Literal

from holdfast.models.availability import Slot
from holdfast.models.base import Answer


class Health(Answer):
    """Whether the system can work. Skew is this function's clock minus the database's, in ms."""

    status: Literal["ok"]
    schema_version: str
    clock_skew_ms: int


class FieldError(Answer):
    """What is wrong with one field."""

    field: str
    message: str


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
    reason: str | None = None
