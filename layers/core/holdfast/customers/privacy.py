"""Exporting and erasing a customer's data. A customer is a mailbox."""

from typing import Any

from holdfast.access.actors import Actor
from holdfast.customers.models import ErasureRequest, ExportRequest
from holdfast.platform import cursors, database
from holdfast.platform.observability import count

_PAGE = 100  # bookings


def export(actor: Actor, request: ExportRequest) -> dict[str, Any]:
    """Everything that is stored about a customer; bookings in pages, the rest with the first.

    Raises:
        Forbidden: not a secret key.
        InvalidRequest: the cursor is not one of ours.
    """
    after = cursors.decode(request.cursor)
    wanted = {"email": request.email}
    page = database.call("export_customer", actor.as_json(), wanted, after and after["id"], _PAGE)
    count("CustomerExported")
    position = None if page["next"] is None else {"id": page["next"]}
    return {
        **{name: page[name] for name in ("mailbox", "customers", "waitlist", "bookings")},
        "next_cursor": cursors.encode(position),
    }


def erase(actor: Actor, request: ErasureRequest) -> dict[str, Any]:
    """Erase a customer; how many rows lost their name. Erasing twice is erasing once.

    Raises:
        Forbidden: not a secret key.
        CustomerInUse: bookings ahead, or refunds under way; `obstacles` names them.
        Unavailable: their rows are being changed; repeat it.
    """
    erased: dict[str, Any] = database.call(
        "erase_customer", actor.as_json(), {"email": request.email}
    )
    count("CustomerErased")
    return erased
