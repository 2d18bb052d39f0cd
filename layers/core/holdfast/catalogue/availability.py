"""What can be booked and when. Imports neither Stripe nor an AWS SDK."""

from datetime import date, datetime
from typing import Any, NamedTuple
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


class Wanted(NamedTuple):
    """Which free times are asked for: by default seven days from now; with a zone, in its time
    too.
    """

    offering_id: UUID | None = None
    starts_from: datetime | None = None
    starts_before: datetime | None = None
    zone: str | None = None


def list_slots(actor: Actor, resource_id: UUID, wanted: Wanted) -> str:
    """The free periods of a resource, as JSON text.

    Raises:
        NotFound: no such resource or offering.
        PeriodInvalid: empty, reversed, longer than 62 days, or with more than 2,000 slots.
        InvalidRequest: no such zone.
    """
    text: str = database.call(
        "list_slots_as_text", *(actor.as_json(), resource_id, *wanted), where=database.READER
    )
    return text


def list_pool_slots(actor: Actor, pool_id: UUID, wanted: Wanted) -> str:
    """The periods that any resource of a pool has free, as JSON text; refused as `list_slots`."""
    text: str = database.call(
        "list_pool_slots_as_text", *(actor.as_json(), pool_id, *wanted), where=database.READER
    )
    return text


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
