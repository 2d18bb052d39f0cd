"""Reading bookings."""

from typing import Any
from uuid import UUID

from holdfast.access.actors import Actor
from holdfast.platform import cursors, database


def get(actor: Actor, booking_id: UUID) -> dict[str, Any]:
    """One booking.

    Raises:
        NotFound: no such booking for this caller.
    """
    booking: dict[str, Any] = database.call("get_booking", actor.as_json(), booking_id)
    return booking


def list_page(
    actor: Actor, filters: dict[str, Any], cursor: str | None, limit: int
) -> dict[str, Any]:
    """A page of the tenant's bookings in order of their start.

    Raises:
        Forbidden: not a secret key.
        InvalidRequest: the cursor is not one of ours.
    """
    page = database.call("list_bookings", actor.as_json(), filters, cursors.decode(cursor), limit)
    return {"bookings": page["bookings"], "next_cursor": cursors.encode(page["next"])}
