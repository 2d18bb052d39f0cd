"""What can be booked and when. Imports neither Stripe nor an AWS SDK."""

from datetime import datetime
from typing import Any
from uuid import UUID

from holdfast import cursors, database
from holdfast.actors import Actor


def list_resources(actor: Actor, cursor: str | None, limit: int) -> dict[str, Any]:
    """A page of what can be booked.

    Raises:
        InvalidRequest: the cursor is not one of ours.
    """
    after = cursors.decode(cursor)
    page = database.call("list_resources", actor.as_json(), after and after.get("id"), limit)
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
) -> dict[str, Any]:
    """The free periods of a resource.

    Raises:
        NotFound: no such resource or offering.
        PeriodInvalid: empty, reversed or longer than 62 days.
    """
    answer: dict[str, Any] = database.call(
        "list_slots", actor.as_json(), resource_id, offering_id, starts_from, starts_before
    )
    return answer
