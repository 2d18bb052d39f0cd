"""Every hot function finds its rows by index, from a session that planned on empty tables.

The sessions are opened, and every function is called often enough for its plans to be kept, before
the tables grow. Nothing is analysed. What PostgreSQL then counts decides: no growing table is ever
read from end to end, and the index entries that a call reads do not follow the number of rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from tests.harness.builders import NOW, Tenant
from tests.harness.calls import Api, Checkout, Held, refund_object, stripe_event
from tests.harness.cluster import Server
from tests.harness.database import fresh_database
from tests.harness.growth import grow, hold_off_autovacuum

CALLS = 20
ENTRIES = 150  # index entries that one call may read; the tables have ten thousand and more
# the same however many tenants and bookings there are
FIXED = ("core.currencies", "core.migrations", "core.transitions")

_SCANS = """
select schemaname || '.' || relname as name, seq_scan as scans
from pg_stat_user_tables
where schemaname in ('core', 'audit') and schemaname || '.' || relname <> all (%s)
"""
_ENTRIES = """
select schemaname || '.' || indexrelname as name, idx_tup_read as entries
from pg_stat_user_indexes
where schemaname in ('core', 'audit') and schemaname || '.' || relname <> all (%s)
"""


@dataclass
class Workload:
    """What the hot functions are called with; each call has a subject of its own."""

    api: Api
    tenant: Tenant
    hours: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.offer = self.tenant.offer(
            opens="00:00", closes="24:00", step_minutes=60, horizon_days=700
        )
        self.server = self.tenant.actor("secret")

    def hold(self) -> Held:
        """A hold of the next hour that nobody has."""
        return self.api.hold(self.offer, NOW + timedelta(hours=next(self.hours) + 1))

    def checkout(self) -> Checkout:
        return self.api.checkout(self.hold())

    def begun(self) -> tuple[Held, str]:
        held = self.hold()
        return held, str(self.api.begin(held)["checkout"]["id"])

    def overdue(self) -> None:
        held = self.hold()
        self.api.database.execute(
            "update core.bookings set hold_expires_at = %s where id = %s",
            NOW - timedelta(seconds=1),
            held.id,
        )

    def paid_wrong(self) -> None:
        self.api.settle(self.checkout(), "paid", amount_total=1000)

    def claimed(self) -> dict[str, Any]:
        self.paid_wrong()
        (effect,) = self.api.claim(1, 3600)
        return effect

    def list_bookings(self, **filters: str) -> Any:
        return self.api.call("list_bookings", self.server, filters, None, 10)

    @property
    def actions(self) -> dict[str, tuple[Callable[[], Any], Callable[[Any], object]]]:
        """For each: what prepares a subject, and the call whose reading counts."""
        api, offer = self.api, self.offer
        resource = (offer.resource_id, offer.offering_id)
        nothing: Callable[[], Any] = lambda: None  # noqa: E731
        return {
            "list_resources": (
                nothing, lambda _: api.call("list_resources", self.server, None, 10)),
            "list_slots": (
                nothing, lambda _: api.call("list_slots", self.server, *resource, None, None)),
            "create_hold": (nothing, lambda _: self.hold()),
            "create_hold, taken": (
                lambda: api.hold(offer, NOW + timedelta(hours=690 * 24 - next(self.hours))),
                lambda held: _taken(api, held)),
            "create_hold, repeated": (
                lambda: self._keyed(), lambda repeat: repeat()),
            "release_hold": (
                self.hold, lambda held: api.call("release_hold", held.actor, held.id, None)),
            "begin_checkout": (self.hold, api.begin),
            "attach_checkout": (
                self.begun,
                lambda begun: api.call(
                    "attach_checkout", begun[0].actor, begun[0].id, begun[1],
                    {"id": f"cs_{begun[1]}", "url": "https://pay.example"})),
            "settle_checkout": (self.checkout, lambda checkout: api.settle(checkout, "paid")),
            "settle_checkout, early": (
                self.begun,
                lambda begun: api.settle(Checkout(*begun, f"cs_{begun[1]}"), "paid")),
            "settle_checkout, unknown": (
                self.checkout,
                lambda checkout: api.settle(checkout, "paid", id="cs_x", metadata={})),
            "settle_refund": (
                self.claimed,
                lambda effect: api.call(
                    "settle_refund", stripe_event(), "succeeded",
                    refund_object(effect["refund"], self.tenant, f"re_{effect['id']}"))),
            "get_booking": (
                self.hold, lambda held: api.call("get_booking", held.actor, held.id)),
            "get_confirmation": (
                self.checkout,
                lambda c: api.call("get_confirmation", c.held.actor, c.held.id)),
            "list_bookings": (nothing, lambda _: self.list_bookings()),
            "list_bookings, resource": (
                nothing, lambda _: self.list_bookings(resource_id=str(offer.resource_id))),
            "list_bookings, since": (
                nothing, lambda _: self.list_bookings(starts_from=str(NOW))),
            "expire_holds": (self.overdue, lambda _: api.call("expire_holds", 1)),
            "claim_effects": (self.paid_wrong, lambda _: api.claim(1)),
            "finish_effect": (
                self.claimed,
                lambda effect: api.finish(
                    effect, "done", status="succeeded", refund={"id": f"re_{effect['id']}"})),
        }

    def _keyed(self) -> Callable[[], object]:
        number = next(self.hours)
        starts_at = NOW + timedelta(hours=number + 1)
        hold = lambda: self.api.hold(self.offer, starts_at, key=f"key-{number}")  # noqa: E731
        hold()
        return hold

    def read_by(self, name: str, calls: int) -> tuple[dict[str, int], dict[str, int]]:
        """Scans of whole tables, and index entries read, in that many calls of an action."""
        prepare, act = self.actions[name]
        subjects = [prepare() for _ in range(calls)]
        before = self._counted()
        for subject in subjects:
            act(subject)
        after = self._counted()
        scans, entries = (
            {key: new[key] - old[key] for key in new if new[key] > old[key]}
            for old, new in zip(before, after, strict=True)
        )
        return scans, entries

    def _counted(self) -> tuple[dict[str, int], dict[str, int]]:
        for function in ("list_slots", "create_hold", "get_booking", "get_confirmation",
                         "settle_checkout", "settle_refund", "expire_holds", "claim_effects"):
            self.api.connection(function).execute("select pg_stat_force_next_flush()")
        rows = self.api.database.rows
        fixed = list(FIXED)
        return (
            {row.name: row.scans for row in rows(_SCANS, fixed)},
            {row.name: row.entries for row in rows(_ENTRIES, fixed)},
        )


@pytest.fixture(scope="module")
def grown(server: Server) -> Iterator[Workload]:
    """Sessions that were there when the tables were empty, and tables that no longer are."""
    with fresh_database(server) as database:
        database.clock.set(NOW)
        hold_off_autovacuum(database)
        api = Api(database)
        workload = Workload(api, Tenant(database))
        for prepare, act in workload.actions.values():
            for _ in range(8):  # from the sixth on PostgreSQL may keep one plan for all values
                act(prepare())
        grow(database, workload.offer)
        yield workload
        api.close()


def names() -> list[str]:
    """The actions' names, without a database."""
    return list(ACTIONS)


ACTIONS = (
    "list_resources",
    "list_slots",
    "create_hold",
    "create_hold, taken",
    "create_hold, repeated",
    "release_hold",
    "begin_checkout",
    "attach_checkout",
    "settle_checkout",
    "settle_checkout, early",
    "settle_checkout, unknown",
    "settle_refund",
    "get_booking",
    "get_confirmation",
    "list_bookings",
    "list_bookings, resource",
    "list_bookings, since",
    "expire_holds",
    "claim_effects",
    "finish_effect",
)


@pytest.mark.parametrize("name", ACTIONS)
def test_no_table_is_read_from_end_to_end(grown: Workload, name: str) -> None:
    """Neither as a whole nor by an index that does not narrow it down.

    Cases: P-9
    """
    scans, entries = grown.read_by(name, CALLS)

    assert scans == {}
    assert {key: n for key, n in entries.items() if n > CALLS * ENTRIES} == {}
    assert sum(entries.values()) > 0, "nothing was counted"


def test_every_function_is_measured(grown: Workload) -> None:
    """A new function of schema api needs a case here; health alone reads nothing that grows."""
    functions = grown.api.database.rows(
        "select proname from pg_proc where pronamespace = 'api'::regnamespace"
    )

    assert {f for (f,) in functions} - {"health"} == {name.split(",")[0] for name in ACTIONS}
    assert set(grown.actions) == set(ACTIONS)


def _taken(api: Api, held: Held) -> None:
    """Ask for a time that is held by somebody else."""
    try:
        api.hold(grown_offer(held), utc(held.answer["starts_at"]))
    except DatabaseError as error:
        assert error.sqlstate == "KHTKN"
