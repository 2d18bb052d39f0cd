"""A tenant's past before the upgrade: every state that a row can be in.

Runs with the code of `COMMIT`, its handlers and its harness, never with today's; see `dump`.
Everything goes through the handlers and the stored functions of that time, except for three things
that only a change by hand or another party's fault could bring about, and which say so.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from dev.postgres_binaries import binaries
from holdfast import database
from holdfast.actors import digest
from holdfast.calendars import reading
from tests.harness import cluster, feeds
from tests.harness.database import demo_database
from tests.harness.invariants import violations
from tests.harness.losses import lose_time
from tests.harness.stage import staged, take
from tests.harness.system import RETURN_ADDRESSES, System, running_dynamodb
from tests.harness.tenants import add_key, add_tenant, new_key

CATALOGUE = "/v1/catalogue"
_KEPT = ("id", "client_secret", "checkout_url", "url")  # of an answer
STATES = {  # table and column: every value that the code of that time can bring about
    "bookings.status": {"held", "paying", "expired", "scheduled"},
    "bookings.payment_status": {"unpaid", "paid", "refunded"},
    "checkouts.state": {"creating", "open", "pending", "paid", "expired", "failed"},
    "payments.status": {"captured", "quarantined"},
    "refunds.status": {"queued", "pending", "succeeded", "failed"},
    "effects.state": {"pending", "done", "dead"},
    "effects.kind": {"expire_session", "refund_payment", "notify_offer"},
    "changes.state": {"pending", "applied", "expired"},
    "waitlist.state": {"waiting", "offered", "booked", "lapsed", "left"},
    "idempotency_keys.operation": {
        *("create_hold", "begin_checkout", "reschedule", "join_waitlist"),
        *("create_calendar", "create_calendar_feed", "create_resource", "create_offering"),
        *("create_pool", "create_hours", "create_override", "create_blackout"),
    },
}


@contextmanager
def _recorded() -> Iterator[list[Any]]:
    """The calls of stored functions: [name, *arguments], as psycopg takes them from JSON again."""
    calls: list[Any] = []
    call = database.call

    def recording(function: str, *arguments: Any) -> Any:
        plain = [f"\\x{each.hex()}" if isinstance(each, bytes) else each for each in arguments]
        calls.append(json.loads(json.dumps([function, *plain], default=str)))
        return call(function, *arguments)

    database.call = recording
    try:
        yield calls
    finally:
        database.call = call


class Past:
    """The shop, and what its customers and its server did, each request written down.

    Attributes:
        reused: an idempotency key that two tenants have used.
        low: prices of the least that could be set.
        requests: each that had an idempotency key and succeeded, with its credentials, its answer,
            and the stored function that the code called for it.
    """

    reused = "hold-1893456000"
    low = (("standard", 100, "SEK"), ("cheap", 50, "USD"))

    def __init__(self, system: System) -> None:
        self.system = staged(system)
        self.requests: list[dict[str, Any]] = []
        self.keys = {"publishable": "publishable", "secret": "secret"}
        for name in ("secret 2", "publishable 2", "revoked secret", "revoked publishable"):
            kind = "publishable" if "publishable" in name else "secret"
            self.keys[name] = new_key({"publishable": "pk", "secret": "sk"}[kind])
            add_key(system.database, self.system.tenant.tenant_id, kind, self.keys[name])

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: str = "publishable",
        secret: str | None = None,
        key: str | None = None,
    ) -> dict[str, Any]:
        """A request that succeeds, by one of `keys` or a key itself; its answer's body."""
        key = key or str(uuid4())
        with _recorded() as calls:
            answer = self.system.request(
                method,
                path,
                body,
                key=self.keys.get(by, by),
                secret=secret,
                idempotency_key=key if method == "POST" else None,
            )
        assert answer.status in (200, 201, 202, 204), answer
        if method == "POST":
            kept = {name: answer.body[name] for name in _KEPT if name in answer.body}
            told = {"path": path, "body": body, "by": by, "secret": secret, "key": key}
            # a key that is new to its function is first asked for its budgets, if the code has any
            call = next(each for each in calls if each[0] != "rate_policy")
            done = {"status": answer.status, "answer": kept, "call": call}
            self.requests.append(told | done)
        return dict(answer.body or {})

    def hold(self, start: str, *, by: str = "publishable", **changes: Any) -> dict[str, Any]:
        customer = {"name": "Grace Hopper", "email": f"{uuid4().hex[:12]}@example.com"}
        key = changes.pop("key", None)
        body = self.system.hold_body(start, customer=customer) | changes
        return self.ask("POST", "/v1/holds", body, by=by, key=key)

    def checkout(self, held: dict[str, Any], *, by: str = "publishable", **how: Any) -> str:
        """Begin to pay; the session's id."""
        path = f"/v1/bookings/{held['id']}/checkout"
        self.ask("POST", path, RETURN_ADDRESSES, by=by, secret=held["client_secret"], **how)
        return self.system.session_id(held)

    def pay(self, held: dict[str, Any], **how: Any) -> dict[str, Any]:
        self.system.pay(self.checkout(held, **how))
        self.system.deliver_webhooks()
        return held

    def paid(self, start: str, *, by: str = "publishable", **changes: Any) -> dict[str, Any]:
        held = self.pay(self.hold(start, by=by, **changes), by=by)
        assert self.system.booking(held).status == "scheduled"
        return held

    def paid_late(self, start: str) -> None:
        """Paid after another customer got the time: its refund is queued."""
        held = self.hold(start)
        session = self.checkout(held)
        lose_time(self.system, held)  # by hand
        take(self.system, held)
        self.system.pay(session)
        self.system.deliver_webhooks()

    def move(self, held: dict[str, Any], start: str, *, by: str = "publishable") -> dict[str, Any]:
        path = f"/v1/bookings/{held['id']}/reschedule"
        return self.ask("POST", path, {"starts_at": start}, by=by, secret=held["client_secret"])

    def wait(self, start: str, *, by: str = "publishable") -> dict[str, Any]:
        customer = {"name": "Emmy Noether", "email": f"{uuid4().hex[:12]}@example.com"}
        body = self.system.hold_body(start, customer=customer)
        return self.ask("POST", "/v1/waitlist", body, by=by)

    def release(self, held: dict[str, Any]) -> None:
        self.ask("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])

    def revoke(self, name: str) -> None:
        """One of `keys` is revoked."""
        self.system.database.execute(
            "update core.api_keys set revoked_at = core.clock() where key_hash = %s",
            digest(self.keys[name]),
        )

    def settle(self) -> None:
        self.system.run_outbox()
        self.system.deliver_webhooks()


def _day(day: int, hour: int = 10) -> str:
    """An instant in January 2030 at which the tutors can be booked."""
    return f"2030-01-{day:02}T{hour:02}:00:00Z"


# What is over -------------------------------------------------------------------------------------


def bookings_that_are_over(past: Past) -> None:
    """Holds that expired, were released, or whose page expired; late payments; reschedules."""
    system = past.system
    past.release(past.hold(_day(8)))
    past.release(past.hold(_day(8, 14), by="secret"))
    past.hold(_day(8, 16))  # runs out
    past.checkout(past.hold(_day(9)))  # its page runs out
    past.paid(_day(9, 14))
    past.paid(_day(9, 16), by="secret 2")

    bounced = past.hold(_day(25, 14))
    system.pay(past.checkout(bounced), "delayed")
    system.deliver_webhooks()
    system.double.settle(system.session_id(bounced), "fail")

    moved = past.paid(_day(10))
    past.move(moved, _day(10, 14))  # for nothing
    system.change_prices(-500)
    past.move(moved, _day(10, 16))  # a part is refunded
    past.settle()
    system.change_prices(1500)
    past.move(moved, _day(11))  # for more, paid
    past.pay(moved)
    left = past.paid(_day(11, 14), by="secret")
    system.change_prices(500)
    past.move(left, _day(11, 16), by="secret")  # for more, left unpaid
    past.checkout(left)
    given_up = past.paid(_day(14))
    system.change_prices(500)
    past.move(given_up, _day(14, 14))
    path = f"/v1/bookings/{given_up['id']}/reschedule"
    past.ask("DELETE", path, secret=given_up["client_secret"])
    system.change_prices(-2000)
    system.sweep("reconcile")
    system.advance(timedelta(minutes=45))
    for _ in range(3):
        system.sweep()
        past.settle()


def money_that_went_back(past: Past) -> None:
    """Refunds that succeeded, that are pending, that failed, that Stripe refused."""
    system, double = past.system, past.system.double
    past.paid_late(_day(15))
    past.settle()
    double.refunds_start_as("pending")
    past.paid_late(_day(16))
    past.settle()
    past.paid_late(_day(17))
    past.settle()
    newest = "select stripe_refund_id from core.refunds order by created_at desc limit 1"
    double.move_refund(system.database.value(newest), "failed")
    system.deliver_webhooks()
    double.refunds_start_as(None)
    held = past.hold(_day(18))
    session = past.checkout(held)
    # Stripe's fault, if it takes another amount than it was asked for
    system.database.execute(
        "update core.bookings set amount = amount + 100 where id = %s", held["id"]
    )
    system.pay(session)
    system.deliver_webhooks()
    past.settle()
    system.advance(timedelta(minutes=45))
    system.sweep()


def places_in_the_waitlist(past: Past) -> None:
    """Entries that took their offer, let it expire, left, wait, or have an offer now."""
    system = past.system
    for day, then in ((22, "booked"), (23, "lapsed"), (24, "left"), (25, "waiting")):
        held = past.hold(_day(day))
        place = past.wait(_day(day), by="secret" if then == "left" else "publishable")
        if then == "left":
            path = f"/v1/waitlist/{place['id']}"
            past.ask("DELETE", path, secret=place["client_secret"])
        if then in ("booked", "lapsed"):
            past.release(held)
        if then == "lapsed":  # SES refuses its letter for good
            system.with_environment(MAIL_FROM="bookings@unverified.example")
            past.settle()
            del system._extra["MAIL_FROM"]
        if then == "booked":
            query = "select booking_id from core.waitlist where id = %s"
            offered = system.database.value(query, place["id"])
            past.pay({"id": str(offered), "client_secret": place["client_secret"]})
        if then == "waiting":
            past.pay(held)
    past.settle()
    system.advance(timedelta(minutes=70))
    for _ in range(2):
        system.sweep()
        past.settle()
        system.sweep("offer_waiting")


# What is under way --------------------------------------------------------------------------------


def catalogue(past: Past) -> None:
    """A resource of each kind of rule, made by the server; and prices that are next to nothing."""
    resource = past.ask(
        *("POST", f"{CATALOGUE}/resources"),
        {"name": "Lake", "timezone": "Europe/Stockholm"},
        by="secret 2",
    )
    prices = [
        {"tier": tier, "package": "single", "amount": amount, "currency": currency}
        for tier, amount, currency in past.low
    ]
    offering = past.ask(
        "POST",
        f"{CATALOGUE}/offerings",
        {"name": "Boat", "duration_minutes": 60, "prices": prices},
        by="secret",
    )
    path = f"{CATALOGUE}/resources/{resource['id']}"
    version = {"if-match": "*"}
    linked = past.system.request(
        "PATCH", path, {"offering_ids": [offering["id"]]}, key="secret", headers=version
    )
    assert linked.status == 200, linked
    for weekday in range(1, 8):
        hours = {"weekday": weekday, "opens": "09:00", "closes": "17:00"}
        past.ask("POST", f"{path}/hours", hours, by="secret")
    override = {"date": "2030-02-01", "opens": "09:00", "closes": "13:00"}
    past.ask("POST", f"{path}/overrides", override, by="secret 2")
    blackout = {"from_date": "2030-02-02", "to_date": "2030-02-04", "reason": "Ice"}
    past.ask("POST", f"{path}/blackouts", blackout, by="secret")
    past.ask(
        *("POST", f"{CATALOGUE}/pools"),
        {"name": "Water", "resource_ids": [resource["id"]]},
        by="secret",
    )
    for tier in ("standard", "cheap"):
        past.hold(
            _day(28, 9 if tier == "cheap" else 12),
            resource_id=resource["id"],
            offering_id=offering["id"],
            tier=tier,
        )


def calendars(past: Past) -> None:
    """One calendar that was read, one that cannot be, and a feed that was given out."""
    mary = past.system.tenant.resources[3]
    path = f"{CATALOGUE}/resources/{mary['id']}"
    with feeds.running() as shelf:
        setattr(reading, "source", shelf.source)  # noqa: B010 this server is no public one
        shelf.feeds["/a.ics"] = feeds.calendar(
            feeds.event(UID="1", DTSTART="20300128T103000Z", DTEND="20300128T113000Z")
        )
        for name in ("a", "b"):
            calendar = {"name": name, "url": shelf.url(f"/{name}.ics")}
            past.ask("POST", f"{path}/calendars", calendar, by="secret")
        past.ask("POST", f"{path}/calendar-feeds", by="secret 2")
        past.system.sweep("refresh_calendars")


def bookings_under_way(past: Past) -> None:
    """Held, pending payment, waiting for a bank's answer, to be rescheduled; alone, in carts,
    groups and pools.
    """
    system = past.system
    past.hold(_day(22, 14))  # over before the upgrade, and not swept
    system.advance(timedelta(minutes=6))
    slow = past.hold(_day(30))
    system.pay(past.checkout(slow), "delayed")
    system.deliver_webhooks()
    changing = past.paid(_day(29))
    system.change_prices(1500)
    past.move(changing, _day(29, 14))
    past.checkout(changing)
    system.change_prices(-1500)

    past.paid_late(_day(21))
    place = past.hold(_day(29, 16))
    past.wait(_day(29, 16))
    past.release(place)  # and its offer is open, its letter not sent yet
    past.checkout(past.hold(_day(31)), by="publishable 2")
    past.hold(_day(31, 14))
    past.hold(_day(31, 16), by="secret", key="order-1001")
    past.hold(_day(30, 14), key=past.reused)
    begun = past.hold(_day(30, 16))
    _begin_alone(system, begun)

    period = {"resource_id": system.resource["id"]}
    period["offering_id"] = system.resource["offerings"][0]["id"]
    customer = {"name": "Alan Turing", "email": "alan@example.com"}
    series = {**period, "starts_at": "2030-02-05T10:00:00Z", "repeat": {"weeks": 3}}
    past.pay(past.ask("POST", "/v1/holds", {"items": [series], "customer": customer}))
    items = [{**period, "starts_at": f"2030-02-0{day}T14:00:00Z"} for day in (6, 7)]
    past.ask("POST", "/v1/holds", {"items": items, "customer": customer}, by="secret")

    park = system.tenant.resources[4]
    for by in ("publishable", "secret"):
        past.hold(
            "2030-01-29T11:00:00Z",
            by=by,
            resource_id=park["id"],
            offering_id=park["offerings"][0]["id"],
        )
    (pool,) = system.tenant.pools
    wish = {"pool_id": pool["id"], "offering_id": period["offering_id"]}
    wish |= {"starts_at": "2030-02-08T10:00:00Z", "customer": customer}
    past.ask("POST", "/v1/holds", wish)


def _begin_alone(system: System, held: dict[str, Any]) -> None:
    """A checkout whose function ended before it had asked Stripe."""
    with system.database.connect("holdfast_checkout", autocommit=True) as connection:
        connection.execute(
            "select api.begin_checkout(%s, %s, %s, %s, null)",
            (system.actor(held), held["id"], str(uuid4()), json.dumps(RETURN_ADDRESSES)),
        )


def another_tenant(past: Past) -> None:
    """Another tenant, which has used the same key."""
    other = add_tenant(past.system.database)
    past.keys["other tenant"] = other.publishable_key
    past.hold(
        _day(30, 14),
        by="other tenant",
        key=past.reused,
        resource_id=other.resource_id,
        offering_id=other.offering_id,
    )


# Writing it down ----------------------------------------------------------------------------------


def lived(past: Past) -> Past:
    """All of it."""
    bookings_that_are_over(past)
    money_that_went_back(past)
    places_in_the_waitlist(past)
    catalogue(past)
    bookings_under_way(past)
    calendars(past)
    another_tenant(past)
    for day, by in ((13, "revoked secret"), (14, "revoked publishable")):
        past.hold(f"2030-02-{day}T10:00:00Z", by=by)
        past.revoke(by)
    return past


def judge(past: Past, states: Mapping[str, set[str]]) -> None:
    """Every state is there, and no law is broken."""
    system = past.system
    for place, wanted in states.items():
        table, column = place.split(".")
        rows = system.database.rows(f"select distinct {column} as value from core.{table}")
        values = {row.value for row in rows}
        assert values >= wanted, (place, wanted - values)
    found = violations(system.database, system.double)
    assert found == [], "\n".join(found)


def _dumped(system: System, *options: str) -> str:
    """What pg_dump writes, without the lines that are for psql."""
    command = [str(binaries() / "pg_dump"), system.database.url(), *options]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return re.sub(r"^\\(un)?restrict .*\n", "", text, flags=re.MULTILINE)


def write(folder: Path, live: Callable[[System], Past]) -> None:
    """Live through it, and write schema.sql, data.sql and story.json into a folder."""
    cluster.open_run()
    try:
        with ExitStack() as stack:
            base = stack.enter_context(demo_database(cluster.cluster()))
            dynamodb = stack.enter_context(running_dynamodb())
            system = System(base, dynamodb, folder)
            stack.callback(system.stop)
            past = live(system)
            now = base.clock.now()
            # the harness's clock is removed, and the shipped one comes back
            clock = (cluster.SQL_DIR / "functions/core/time/clock.sql").read_text(encoding="utf-8")
            base.execute(clock)
            base.execute("drop schema harness cascade")
            story = {"now": now.isoformat(), "keys": past.keys, "requests": past.requests}
            (folder / "story.json").write_text(json.dumps(story, indent=1) + "\n")
            data = _dumped(system, "--data-only", "--inserts", "--rows-per-insert=50")
            (folder / "data.sql").write_text(data)
            (folder / "schema.sql").write_text(_dumped(system, "--schema-only"))
    finally:
        cluster.close_run()


def _live(system: System) -> Past:
    past = lived(Past(system))
    judge(past, STATES)
    return past


if __name__ == "__main__":
    write(Path(sys.argv[1]), _live)
