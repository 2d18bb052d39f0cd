"""Waitlist entries, and what becomes of them."""

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from tests.harness.clients.calls import Api, Held
from tests.harness.database.builders import Offer, Tenant, sha256

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Place:
    """A waitlist entry and the secret that opens it."""

    tenant: Tenant
    id: UUID
    secret: str
    answer: dict[str, Any]

    @property
    def actor(self) -> dict[str, Any]:
        """Its customer's browser."""
        return self.tenant.actor(secret=self.secret)

    @property
    def row(self) -> Any:
        """The entry's row as it is now."""
        query = "select * from core.waitlist where tenant_id = %s and id = %s"
        return self.tenant.database.one(query, self.tenant.id, self.id)

    @property
    def state(self) -> str:
        return str(self.row.state)

    def offer(self, api: Api) -> Held:
        """The booking that it is offered, opened by the entry's own secret."""
        booking = api.call("get_waitlist_entry", self.actor, self.id)["offer"]
        return Held(self.tenant, UUID(booking["id"]), self.secret, booking)


def wait_arguments(
    offer: Offer, starts_at: datetime | None, *, key: str | None = None, **fields: Any
) -> tuple[Any, ...]:
    """The arguments of join_waitlist: a new customer each time unless one is given; the id and the
    secret of the new entry are at 2 and in the hash at 3.
    """
    secret = f"bks_{uuid4().hex}"
    stranger = {"customer": {"name": "Emmy Noether", "email": f"{uuid4().hex}@example.com"}}
    actor = fields.pop("actor", offer.tenant.actor())
    request = offer.request(starts_at, **(stranger | fields))
    # ids ascend, like those of the handler, although the clock of a test stands still
    entry_id = UUID(int=(next(_numbers) << 80) | (uuid4().int & ((1 << 80) - 1)))
    return actor, key or str(uuid4()), entry_id, secret, request


def wait_for(
    api: Api,
    offer: Offer,
    starts_at: datetime | None = None,
    *,
    key: str | None = None,
    **fields: Any,
) -> Place:
    """Join the waitlist for a start, or with date= for a local day."""
    actor, key, entry_id, secret, request = wait_arguments(offer, starts_at, key=key, **fields)
    answer = api.call("join_waitlist", actor, key, entry_id, sha256(secret), request)
    return Place(offer.tenant, UUID(answer["id"]), secret, answer)
