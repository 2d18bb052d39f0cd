"""What can be booked and when. Imports neither Stripe nor an AWS SDK."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from holdfast.access.actors import Actor
from holdfast.platform import cursors, database
from holdfast.platform.errors import InvalidRequest


def list_resources(actor: Actor, cursor: str | None, limit: int) -> dict[str, Any]:
    """A page of what can be booked.

    Raises:
        InvalidRequest: the cursor is not one of ours.
    """
    after = cursors.decode(cursor)
    page = database.call(
        "list_resources", actor.as_json(), after and after.get("id"), limit, where=database.READER
    )
    following = page["next"]
    return {
        "resources": page["resources"],
        "next_cursor": cursors.encode({"id": following} if following else None),
    }


def list_slots(
    actor: Actor,
    resource_id: UUID,
    offering_id: UUID | None,
    starts_from: datetime | None,
    starts_before: datetime | None,
    zone: str | None,
) -> dict[str, Any]:
    """The free periods of a resource; with a zone, also by its clocks.

    Raises:
        NotFound: no such resource or offering.
        PeriodInvalid: empty, reversed, longer than 62 days, or with more than 2,000 slots.
        InvalidRequest: no such zone.
    """
    answer: dict[str, Any] = database.call(
        "list_slots",
        *(actor.as_json(), resource_id, offering_id, starts_from, starts_before, zone),
        where=database.READER,
    )
    return answer


def list_pool_slots(
    actor: Actor,
    pool_id: UUID,
    offering_id: UUID | None,
    starts_from: datetime | None,
    starts_before: datetime | None,
    zone: str | None,
) -> dict[str, Any]:
    """The periods that any resource of a pool has free; with a zone, also by its clocks.

    Raises:
        NotFound: no such pool or offering.
        PeriodInvalid: empty, reversed, longer than 62 days, or with more than 2,000 slots.
        InvalidRequest: no such zone.
    """
    answer: dict[str, Any] = database.call(
        "list_pool_slots",
        *(actor.as_json(), pool_id, offering_id, starts_from, starts_before, zone),
        where=database.READER,
    )
    return answer


def explain_slot(
    actor: Actor,
    resource_id: UUID,
    offering_id: UUID | None,
    starts_at: datetime | None,
    on_date: date | None,
    customer_email: str | None,
) -> dict[str, Any]:
    """Whether one period can be held, and everything that refuses it.

    Raises:
        Forbidden: not a secret key.
        NotFound: no such resource or offering.
        InvalidRequest: neither a start nor a date, or both.
    """
    if (starts_at is None) == (on_date is None):
        raise InvalidRequest(
            extra={"errors": [{"field": "starts_at", "message": "give either starts_at or date"}]}
        )
    answer: dict[str, Any] = database.call(
        "explain_slot",
        actor.as_json(),
        resource_id,
        offering_id,
        starts_at,
        on_date,
        customer_email,
    )
    return answer
