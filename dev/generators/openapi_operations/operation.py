"""Descriptions of routes, with texts that several routes share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast.platform import errors
from holdfast.platform.errors import HoldfastError

Refusals = tuple[type[HoldfastError], ...]

WITH_BODY: Refusals = (
    errors.MalformedRequest,
    errors.BodyTooLarge,
    errors.UnsupportedMediaType,
    errors.InvalidRequest,
    errors.PriceNotAccepted,
)
WITH_KEY: Refusals = (
    errors.IdempotencyKeyMissing,
    errors.IdempotencyKeyReused,
    errors.RequestInProgress,
)
CHANGED: Refusals = (errors.PreconditionRequired, errors.StaleVersion)

# Who may call: either of the alternatives, each of which is all of its schemes.
OPEN: list[dict[str, list[str]]] = []
ANY_KEY: list[dict[str, list[str]]] = [{"publishableKey": []}, {"secretKey": []}]
BOOKING: list[dict[str, list[str]]] = [
    {"publishableKey": [], "bookingSecret": []},
    {"secretKey": []},
]
SECRET_KEY: list[dict[str, list[str]]] = [{"secretKey": []}]


@dataclass(frozen=True, slots=True)
class Operation:
    """One route, beyond what its handler declares.

    Attributes:
        answers: success statuses and what they mean; each but 304 carries the handler's model.
        refusals: errors beside those of ANYWHERE; Unauthenticated is added where a key is needed.
        takes: names of `components/parameters`: headers that the handler reads by hand.
        gives: names of `components/headers` on a success.
        media: type of the answer's body when it is not a model's JSON.
    """

    id: str
    tag: str
    description: str
    access: list[dict[str, list[str]]]
    answers: Mapping[int, str]
    refusals: Refusals = ()
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    media: str | None = None
    example: Mapping[str, Any] = field(default_factory=dict)
