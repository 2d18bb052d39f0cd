"""Calling stored functions as the login roles do, and the stories that take several calls."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from tests.harness.database.builders import NOW, Offer, Tenant, sha256
from tests.harness.database.migrated import Database

ADDRESSES = {"success_url": "https://a.example/thanks", "cancel_url": "https://a.example/book"}


class Refusal(NamedTuple):
    """What the database answers instead of a result."""

    sqlstate: str | None
    message: str
    detail: Any
    hint: str | None
    constraint: str | None


def refused(action: Callable[..., object], /, *arguments: Any, **named: Any) -> Refusal:
    """The refusal of an action with these arguments; fails if it succeeds."""
    try:
        result = action(*arguments, **named)
    except psycopg.Error as error:
        diagnosis = error.diag
        detail = diagnosis.message_detail
        is_ours = (error.sqlstate or "").startswith("KH")
        return Refusal(
            error.sqlstate,
            diagnosis.message_primary or "",
            json.loads(detail) if detail and is_ours else detail,
            diagnosis.message_hint,
            diagnosis.constraint_name,
        )
    raise AssertionError(f"not refused: {result}")


class Api:
    """The functions of schema api, each called as a login role that sql/grants.sql allows.

    Args:
        settings: of each session, such as {"timezone": "Asia/Kathmandu"}.
    """

    def __init__(self, database: Database, **settings: str) -> None:
        self.database = database
        self._settings = settings
        self._connections: dict[str, psycopg.Connection[NamedTuple]] = {}

    @property
    def connections(self) -> list[psycopg.Connection[NamedTuple]]:
        """All connections that are open."""
        return list(self._connections.values())

    def connection(self, function: str) -> psycopg.Connection[NamedTuple]:
        """The kept connection through which a function is called."""
        role = self.database.logins[function]
        if role not in self._connections:
            connection = self.database.connect(role, autocommit=True)
            for name, value in self._settings.items():
                connection.execute("select set_config(%s, %s, false)", (name, value))
            self._connections[role] = connection
        return self._connections[role]

    def call(self, function: str, *arguments: object) -> Any:
        """Call api.<function>; dictionaries are sent as jsonb."""
        return call(self.connection(function), function, *arguments)

    def hold(
        self,
        offer: Offer,
        starts_at: datetime | None = None,
        *,
        key: str | None = None,
        **fields: Any,
    ) -> "Held":
        """Hold a time, by default at 10:00 UTC of the day of NOW.

        Args:
            fields: of the request; `actor` is the caller, a browser without an address by default.
        """
        secret = f"bks_{uuid4().hex}"
        actor = fields.pop("actor", offer.tenant.actor())
        request = offer.request(starts_at or NOW + timedelta(hours=2), **fields)
        answer = self.call(
            "create_hold",
            actor,
            key or str(uuid4()),
            uuid4(),
            sha256(secret),
            request,
        )
        return Held(offer.tenant, UUID(answer["id"]), secret, answer)

    def begin(self, held: "Held", key: str | None = None, **addresses: str) -> Any:
        """Begin a checkout; the answer of begin_checkout."""
        return self.call(
            "begin_checkout",
            held.actor,
            held.id,
            key or str(uuid4()),
            ADDRESSES | addresses,
            None,
        )

    def checkout(self, held: "Held", **addresses: str) -> "Checkout":
        """Begin a checkout and attach the session that Stripe would have made."""
        begun = self.begin(held, **addresses)
        checkout = Checkout(held, UUID(begun["checkout"]["id"]), f"cs_test_{uuid4().hex}")
        self.call("attach_checkout", held.actor, held.id, checkout.id, checkout.session())
        return checkout

    def settle(
        self, checkout: "Checkout", outcome: str, *, event: bool = True, **session: object
    ) -> str:
        """Report a session's outcome, by a new event or (event=False) as if we had asked."""
        told = stripe_event() if event else None
        answer = self.call("settle_checkout", told, outcome, checkout.session(**session))
        return str(answer["result"])

    def paid(self, offer: Offer, starts_at: datetime | None = None) -> "Checkout":
        """A booking that is held, checked out and paid."""
        checkout = self.checkout(self.hold(offer, starts_at))
        assert self.settle(checkout, "paid") == "confirmed"
        return checkout

    def move(
        self,
        held: "Held",
        starts_at: datetime | None = None,
        *,
        key: str | None = None,
        version: int | None = None,
        **fields: Any,
    ) -> Any:
        """Reschedule a booking to another time of its resource, or (resource_id=…) of another
        one.
        """
        wanted = {"date": None} if "date" in fields else {"starts_at": str(starts_at), "date": None}
        request = {"resource_id": None} | wanted | fields
        return self.call(
            "reschedule_booking", held.actor, held.id, key or str(uuid4()), request, version
        )

    def claim(self, limit: int = 10, lease_seconds: int = 60) -> list[dict[str, Any]]:
        """Claim effects as the outbox's worker does."""
        claimed: list[dict[str, Any]] = self.call("claim_effects", limit, lease_seconds)
        return claimed

    def finish(self, effect: dict[str, Any], verdict: str, **result: Any) -> Any:
        """Report the result of a claimed effect."""
        return self.call("finish_effect", effect["id"], effect["lease"], verdict, result)

    def close(self) -> None:
        """Close the connections."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()


@dataclass(frozen=True, slots=True)
class Held:
    """A booking and the secret that opens it."""

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
        """The booking's row as it is now."""
        return self.tenant.database.one("select * from core.bookings where id = %s", self.id)

    @property
    def occupies(self) -> bool:
        """Whether it owns its time."""
        query = "select exists (select from core.occupancies where booking_id = %s)"
        return bool(self.tenant.database.value(query, self.id))


@dataclass(frozen=True, slots=True)
class Checkout:
    """An attempt to pay, and the session it has at Stripe."""

    held: Held
    id: UUID
    session_id: str

    def session(self, **fields: object) -> dict[str, object]:
        """Stripe's session object, as far as we read it; with the right sum by default."""
        price = self.held.answer.get("total", self.held.answer["price"])
        return {
            "id": self.session_id,
            "url": f"https://pay.example/{self.session_id}",
            "client_reference_id": str(self.id),
            "metadata": {
                "tenant_id": str(self.held.tenant.id),
                "checkout_id": str(self.id),
            },
            "amount_total": price["amount"],
            "currency": price["currency"].lower(),
            "payment_intent": f"pi_{self.session_id}",
        } | fields

    @property
    def row(self) -> Any:
        """The checkout's row as it is now."""
        return self.held.tenant.database.one("select * from core.checkouts where id = %s", self.id)


def call(connection: psycopg.Connection[Any], function: str, *arguments: object) -> Any:
    """Call api.<function> on the caller's connection; dictionaries are sent as jsonb, and JSON that
    is answered as text is read."""
    holes = ", ".join(["%s"] * len(arguments))
    values = [Jsonb(a) if isinstance(a, dict) else a for a in arguments]
    row = connection.execute(f"select api.{function}({holes})".encode(), values).fetchone()
    if row and function.endswith("_as_text"):
        return json.loads(row[0])
    return row[0] if row else None


def stripe_event(identifier: str | None = None) -> dict[str, object]:
    """An event as the webhook passes it on; a new one unless its id is given."""
    return {
        "id": identifier or f"evt_{uuid4().hex}",
        "type": "checkout.session.completed",
        "created": int(NOW.timestamp()),
    }


def refund_object(refund: dict[str, Any], tenant: Tenant, identifier: str) -> dict[str, Any]:
    """Stripe's refund object, as far as we read it; `refund` is that of a claimed effect."""
    return {
        "id": identifier,
        "metadata": {"refund_id": refund["id"], "tenant_id": str(tenant.id)},
    }


def utc(text: str) -> datetime:
    """An instant that the API answered: RFC 3339 in UTC."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
