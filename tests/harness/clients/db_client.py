"""The stored functions as the Lambda functions call them: each as its own database role.

For races and interleavings, which need several sessions, open transactions and no handlers.
"""

import hashlib
import json
import secrets
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple, Self

import psycopg
from psycopg.types.json import Jsonb

from dev.stack import secrets as local_secrets
from tests.harness.database.concurrency import wait_until_blocked
from tests.harness.database.migrated import Database, demo_tenant

MONDAY = datetime(2027, 1, 11, 6, tzinfo=UTC)  # winter: the tutor's hours are UTC hours
ADDRESSES = {
    "success_url": "https://studio.example/thanks",
    "cancel_url": "https://studio.example/book",
}

Call = tuple[str, tuple[Any, ...]]  # a stored function of schema api, and its arguments


@dataclass(frozen=True)
class Held:
    """A booking and the secret that opens it."""

    id: str
    secret: str


@dataclass(frozen=True)
class Session:
    """A database session that makes one kind of call.

    Raises from `call`: psycopg.Error with the SQLSTATE of the refusal.
    """

    db_client: "DbClient"
    connection: psycopg.Connection[NamedTuple]

    @property
    def pid(self) -> int:
        return self.connection.info.backend_pid

    def call(self, call: Call) -> Any:
        """Call the function; in a transaction of its own, or in the one that is open."""
        function, arguments = call
        holes = ", ".join(["%s"] * len(arguments))
        values = [Jsonb(a) if isinstance(a, Mapping) else a for a in arguments]
        row = self.connection.execute(f"select api.{function}({holes})".encode(), values).fetchone()
        return None if row is None else row[0]

    def send(self, call: Call) -> "Future[Any]":
        """Call it from a thread."""
        return background(lambda: self.call(call))

    def send_and_wait_for_lock(self, call: Call) -> "Future[Any]":
        """Call it from a thread, and return once it waits for a lock."""
        answer = self.send(call)
        wait_until_blocked(self.db_client.database, self.pid)
        return answer

    def commit(self) -> None:
        self.connection.commit()

    def rollback(self) -> None:
        self.connection.rollback()


@dataclass
class DbClient:
    """A demo tenant, and calls in its name. The clock stands on a Monday at 6:00 UTC."""

    database: Database
    folder: Path
    _open: list[psycopg.Connection[NamedTuple]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.database.clock.set(MONDAY)
        keys = local_secrets.load(self.folder / "secrets.json")
        self._keys = {"publishable": keys.publishable_key, "secret": keys.secret_key}
        self.tenant = demo_tenant(self.database, keys)
        self.tutor, self.studio, self.venue = self.tenant.resources[:3]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._open:
            connection.close()

    def session(self, function: str, *, transaction: bool = False) -> Session:
        """A session of the role that may call this function.

        With `transaction` its effects wait for `commit`; otherwise each call commits at once.
        """
        connection = self.database.connect(
            self.database.logins[function], autocommit=not transaction
        )
        self._open.append(connection)
        return Session(self, connection)

    def call(self, call: Call) -> Any:
        """Make one call in a session of its own."""
        with self.database.connect(self.database.logins[call[0]], autocommit=True) as connection:
            return Session(self, connection).call(call)

    def begin(self, call: Call) -> tuple[Session, Any]:
        """Make a call and leave its transaction open."""
        session = self.session(call[0], transaction=True)
        return session, session.call(call)

    def start(self, call: Call) -> tuple[Session, "Future[Any]"]:
        """Make a call that must wait for another session's lock, and let it wait."""
        session = self.session(call[0])
        return session, session.send_and_wait_for_lock(call)

    def racers(self, calls: list[Call]) -> list[Callable[[], Any]]:
        """Actions for `race`: connected before the start, so that they really meet."""

        def action(session: Session, call: Call) -> Callable[[], Any]:
            return lambda: session.call(call)

        return [action(self.session(call[0]), call) for call in calls]

    # Calls -----------------------------------------------------------------------------------

    def actor(self, secret: str | None = None, kind: str = "publishable") -> dict[str, Any]:
        """The first argument of most functions."""
        digest = hashlib.sha256
        return {
            "key_hash": digest(self._keys[kind].encode()).hexdigest(),
            "booking_secret_hash": digest(secret.encode()).hexdigest() if secret else None,
            "request_id": "test",
        }

    def hold_request(self, start: str, **changes: Any) -> dict[str, Any]:
        """A lesson with the tutor from that RFC 3339 instant."""
        resource = changes.pop("resource", self.tutor)
        offering = resource["offerings"][changes.pop("offering", 0)]
        return {
            "resource_id": resource["id"],
            "offering_id": offering["id"],
            "starts_at": start if resource is not self.venue else None,
            "date": start if resource is self.venue else None,
            "tier": "standard",
            "package": "single",
            "customer": {"name": "Grace", "email": f"{secrets.token_hex(4)}@example.com"},
            "notes": None,
        } | changes

    def hold_call(self, start: str, *, key: str | None = None, **changes: Any) -> Call:
        """A call that holds a time, by a browser or with `kind` by a server; its booking's secret
        is its id.
        """
        booking_id = str(uuid.uuid4())
        actor = self.actor(kind=changes.pop("kind", "publishable"))
        return (
            "create_hold",
            (
                actor,
                key or str(uuid.uuid4()),
                booking_id,
                hashlib.sha256(booking_id.encode()).digest(),
                self.hold_request(start, **changes),
            ),
        )

    def hold(self, start: str, **changes: Any) -> Held:
        """Hold a time."""
        answer = self.call(self.hold_call(start, **changes))
        return Held(answer["id"], answer["id"])

    def release_call(self, held: Held) -> Call:
        return "release_hold", (self.actor(held.secret), held.id, None)

    def reschedule_call(
        self, held: Held, start: str, *, key: str | None = None, resource_id: str | None = None
    ) -> Call:
        """A call that reschedules a booking to another time of its resource, or of another one."""
        request = {"starts_at": start, "date": None, "resource_id": resource_id}
        actor = self.actor(held.secret)
        return "reschedule_booking", (actor, held.id, key or str(uuid.uuid4()), request, None)

    def abandon_call(self, held: Held) -> Call:
        return "cancel_reschedule", (self.actor(held.secret), held.id, None)

    def wait_call(self, start: str, **changes: Any) -> Call:
        """A call that joins the waitlist; the entry's secret is its id."""
        place_id = str(uuid.uuid4())
        request = self.hold_request(start, **changes)
        del request["notes"]
        return (
            "join_waitlist",
            (
                *(self.actor(), str(uuid.uuid4()), place_id),
                *(hashlib.sha256(place_id.encode()).digest(), request),
            ),
        )

    def wait(self, start: str, **changes: Any) -> Held:
        """Join the waitlist."""
        answer = self.call(self.wait_call(start, **changes))
        return Held(answer["id"], answer["id"])

    def checkout_call(self, held: Held, *, key: str | None = None, **addresses: str) -> Call:
        request = ADDRESSES | addresses
        return (
            "begin_checkout",
            (self.actor(held.secret), held.id, key or str(uuid.uuid4()), request, None),
        )

    def checkout(self, start: str, **changes: Any) -> tuple[Held, dict[str, Any]]:
        """A booking that is pending payment, and the provider's session for it."""
        held = self.hold(start, **changes)
        checkout = self.call(self.checkout_call(held))["checkout"]
        session = provider_session(checkout)
        self.call(("attach_checkout", (self.actor(held.secret), held.id, checkout["id"], session)))
        return held, session

    def paid(self, start: str, **changes: Any) -> Held:
        """A booking that is paid and confirmed."""
        held, session = self.checkout(start, **changes)
        assert self.call(settle_call(session, "paid"))["result"] == "confirmed"
        return held

    def expired_checkout(self, start: str) -> tuple[Held, dict[str, Any]]:
        """A booking that lost its time because its session was reported as expired."""
        held, session = self.checkout(start)
        self.call(settle_call(session, "expired"))
        return held, session

    def erase_call(self, email: str) -> Call:
        return "erase_customer", (self.actor(kind="secret"), {"email": email})

    def sweep_expired(self) -> dict[str, int]:
        """A whole run of the sweep that deletes what is no longer kept."""
        totals = dict.fromkeys(("bookings", "customers", "requests", "stuck"), 0)
        after = None
        while True:
            swept = self.call(("delete_expired_records", (after, 100)))
            for name in totals:
                totals[name] += swept[name]
            after = swept["next"]
            if after is None:
                return totals

    def status(self, held: Held) -> str:
        return str(self.database.value("select status from core.bookings where id = %s", held.id))

    def owners(self) -> list[str]:
        """The bookings that own time now."""
        rows = self.database.rows("select booking_id from core.occupancies order by booking_id")
        return [str(row.booking_id) for row in rows]


def background(action: Callable[[], Any]) -> "Future[Any]":
    """Run an action in its own thread."""
    answer: Future[Any] = Future()

    def run() -> None:
        try:
            answer.set_result(action())
        except Exception as error:
            answer.set_exception(error)

    Thread(target=run, daemon=True).start()
    return answer


def provider_session(checkout: Mapping[str, Any]) -> dict[str, Any]:
    """A session as `gateway.summary` passes it to the database."""
    parameters = checkout["parameters"]
    prices = [item["price_data"] for item in parameters["line_items"]]
    name = uuid.uuid4().hex
    return {
        "id": f"cs_test_{name}",
        "url": f"https://pay.example/{name}",
        "client_reference_id": checkout["id"],
        "metadata": parameters["metadata"],
        "amount_total": sum(price["unit_amount"] for price in prices),
        "currency": prices[0]["currency"],
        "payment_intent": f"pi_{name}",
    }


def settle_call(session: Mapping[str, Any], outcome: str, event_id: str | None = None) -> Call:
    """What the webhook reports to the database: a new event unless named."""
    event = {
        "id": event_id or f"evt_{uuid.uuid4().hex}",
        "type": f"test.{outcome}",
        "created": int(time.time()),
    }
    return "settle_checkout", (event, outcome, session)


def refusal(error: BaseException | None) -> str:
    """The SQLSTATE of a refused call."""
    assert isinstance(error, psycopg.Error), error
    return error.sqlstate or ""


def refusals(outcomes: list[Any]) -> list[str]:
    """The SQLSTATEs of the refused racers, sorted."""
    return sorted(refusal(one) for one in outcomes if isinstance(one, Exception))


def alternatives(error: BaseException | None) -> list[Any]:
    """The free times that a KHTKN carries."""
    assert isinstance(error, psycopg.Error), error
    found: list[Any] = json.loads(error.diag.message_detail or "{}")["alternatives"]
    return found
