"""Requests for several periods at once, and what became of them."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from tests.harness.clients.calls import Api, Held
from tests.harness.database.builders import Offer, Tenant, sha256

_WHOLE = ("customer", "notes")  # of the request, not of a period


def period(offer: Offer, starts_at: datetime | None = None, **fields: Any) -> dict[str, Any]:
    """One item of a cart; `pool_id` replaces the offer's resource."""
    wanted = offer.request(starts_at, **fields)
    if "pool_id" in fields:
        del wanted["resource_id"]
    return {name: value for name, value in wanted.items() if name not in _WHOLE}


def cart(*periods: dict[str, Any], email: str = "grace@example.com") -> dict[str, Any]:
    """A request to hold all of these, or none."""
    return {"items": list(periods), "customer": {"name": "Grace Hopper", "email": email}}


def hold(
    api: Api,
    tenant: Tenant,
    request: dict[str, Any],
    *,
    key: str | None = None,
    actor: dict[str, Any] | None = None,
) -> Held:
    """Send a request to hold; the hold is known by its first booking."""
    secret = f"bks_{uuid4().hex}"
    answer = api.call(
        *("create_hold", actor or tenant.actor()),
        *(key or str(uuid4()), uuid4(), sha256(secret), request),
    )
    return Held(tenant, UUID(answer["id"]), secret, answer)


def hold_cart(api: Api, tenant: Tenant, *periods: dict[str, Any], key: str | None = None) -> Held:
    """Hold all of these periods."""
    return hold(api, tenant, cart(*periods), key=key)


def rows(held: Held) -> list[Any]:
    """The rows of all bookings of a hold, in order."""
    return held.tenant.database.rows(
        "select * from core.bookings where coalesce(cart_id, id) = %s order by position", held.id
    )


def statuses(held: Held) -> list[str]:
    """The status of each booking of a hold."""
    return [row.status for row in rows(held)]


def places(held: Held) -> list[Any]:
    """What a hold owns: rows of core.occupancies, in order of position."""
    return held.tenant.database.rows(
        "select o.* from core.occupancies as o join core.bookings as b on b.id = o.booking_id"
        " where coalesce(b.cart_id, b.id) = %s order by b.position, o.part",
        held.id,
    )
