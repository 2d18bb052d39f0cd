"""No function is forgotten: each of schema api is met by each that changes something, or reads."""

import re
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.harness.clients.desk import Desk
from tests.harness.database.migrated import Database
from tests.interleavings.encounters import Scene
from tests.interleavings.moves import APART, MEETING, MOVES, NOTING
from tests.interleavings.scenes import SCENES, TEN
from tests.interleavings.winners import NOBODY, winners

_FUNCTIONS = "select proname from pg_proc where pronamespace = 'api'::regnamespace"
ELSEWHEN = "2027-01-19T16:00:00Z"
_BODIES = """
select p.pronamespace::regnamespace || '.' || p.proname, p.prosrc
from pg_proc as p
where p.pronamespace in ('api'::regnamespace, 'core'::regnamespace)
"""
_RULES = frozenset(
    {"create_catalogue_item", "change_catalogue_item", "remove_catalogue_item", "store_busy"}
)
_WRITERS = {move.name: move.function for move in MOVES}


def _pool(desk: Desk) -> UUID:
    """A pool that the tutor is in."""
    identifier = uuid4()
    desk.database.execute(
        "insert into core.pools (tenant_id, id, name, created_at, updated_at)"
        " select id, %s, 'Tutors', created_at, created_at from core.tenants",
        identifier,
    )
    desk.database.execute(
        "insert into core.pool_resources select id, %s, %s from core.tenants",
        *(identifier, desk.tutor["id"]),
    )
    return identifier


def _place(desk: Desk) -> str:
    """A place in the waitlist, for a time that is not the scene's."""
    desk.hold(ELSEWHEN)
    return desk.wait(ELSEWHEN).id


def _resource(desk: Desk) -> tuple[Any, ...]:
    return desk.actor(kind="secret"), desk.tutor["id"]


def _calendar(desk: Desk) -> str:
    """A calendar that is read for the tutor, and whose turn it is."""
    request = {
        "resource_id": desk.tutor["id"],
        "name": "Private",
        "url": "https://calendars.example/ada.ics",
        "fresh_seconds": 300,
    }
    arguments = (desk.actor(kind="secret"), str(uuid4()), str(uuid4()), request)
    return str(desk.call(("create_calendar", arguments))["id"])


def _feed(desk: Desk) -> tuple[str, bytes]:
    """A feed of the tutor's bookings, and the hash of its token."""
    token_hash = uuid4().bytes * 2
    arguments = (desk.actor(kind="secret"), str(uuid4()), str(uuid4()), token_hash)
    made = desk.call(("create_calendar_feed", (*arguments, desk.tutor["id"])))
    return made["id"], token_hash


def _old_key(desk: Desk) -> dict[str, Any]:
    """A request key that is due to be forgotten, and where the sweep comes to it."""
    desk.hold(ELSEWHEN)
    desk.database.execute(
        "update core.idempotency_keys set created_at = core.clock() - interval '40 days'"
    )
    return {"tenant_id": str(desk.tenant.tenant_id), "kind": 3}


def _step(desk: Desk) -> dict[str, Any]:
    """The first look of a comparison of both books, at all that Stripe lists."""
    step: dict[str, Any] = desk.call(("continue_reconciliation", (30,)))["step"]
    return step | {"next": None}


def _lost_payment(desk: Desk) -> dict[str, Any]:
    """A payment at Stripe, of some checkout of ours, that our books do not have."""
    checkout = desk.database.value("select min(id::text) from core.checkouts")
    paid = {"amount": 4500, "currency": "EUR", "created": 0, "checkout_id": checkout}
    ours = {"tenant_id": str(desk.tenant.tenant_id)}
    return {"type": "payment", "id": "pi_lost", "metadata": ours, "object": paid}


_APART: dict[str, Callable[[Desk], tuple[Any, ...]]] = {
    "claim_calendars": lambda desk: (10,) if _calendar(desk) else (),
    "create_calendar": lambda desk: (
        *(desk.actor(kind="secret"), str(uuid4()), str(uuid4())),
        {
            "resource_id": desk.tutor["id"],
            "name": "Private",
            "url": "https://calendars.example/ada.ics",
            "fresh_seconds": 300,
        },
    ),
    "create_calendar_feed": lambda desk: (
        *(desk.actor(kind="secret"), str(uuid4()), str(uuid4()), uuid4().bytes * 2),
        desk.tutor["id"],
    ),
    "continue_reconciliation": lambda desk: (30,),
    "delete_calendar": lambda desk: (*_resource(desk), _calendar(desk)),
    "delete_expired_records": lambda desk: (_old_key(desk), 10),
    "reconcile": lambda desk: (_step(desk), Jsonb([_lost_payment(desk)]), Jsonb([])),
    "revoke_calendar_feed": lambda desk: (*_resource(desk), _feed(desk)[0]),
}

_READS: dict[str, Callable[[Desk, str], tuple[Any, ...]]] = {
    "export_customer": lambda desk, held: (
        *(desk.actor(kind="secret"), {"email": "grace@example.com"}),
        *(None, 10),
    ),
    "begin_reading": lambda desk, held: (Jsonb([_calendar(desk)]),),
    "explain_slot": lambda desk, held: (
        *(desk.actor(kind="secret"), desk.tutor["id"], desk.tutor["offerings"][0]["id"]),
        *(TEN, None, "grace@example.com"),
    ),
    "get_booking": lambda desk, held: (desk.actor(kind="secret"), held),
    "get_catalogue_item": lambda desk, held: (
        *(desk.actor(kind="secret"), "resource", desk.tutor["id"]),
    ),
    "get_confirmation": lambda desk, held: (desk.actor(kind="secret"), held),
    "get_waiting": lambda desk, held: (desk.actor(kind="secret"), _place(desk)),
    "health": lambda desk, held: (),
    "list_bookings": lambda desk, held: (desk.actor(kind="secret"), {}, None, 10),
    "list_calendar_feeds": lambda desk, held: _resource(desk),
    "list_calendars": lambda desk, held: _resource(desk),
    "list_catalogue_items": lambda desk, held: (
        *(desk.actor(kind="secret"), "hours", desk.tutor["id"], False, None, 10),
    ),
    "list_pool_slots": lambda desk, held: (
        *(desk.actor(), _pool(desk), desk.tutor["offerings"][0]["id"], TEN, None),
    ),
    "list_resources": lambda desk, held: (desk.actor(), None, 10),
    "list_waitlist": lambda desk, held: (desk.actor(kind="secret"), {}, None, 10),
    "list_slots": lambda desk, held: (
        *(desk.actor(), desk.tutor["id"], desk.tutor["offerings"][0]["id"]),
        *(TEN, None),
    ),
    "measure": lambda desk, held: (),
    "rate_policy": lambda desk, held: (desk.actor(kind="secret"),),
    "read_calendar_feed": lambda desk, held: (_feed(desk)[1],),
}

READERS = frozenset(_READS) - NOTING.keys()

# everything that has to do with bookings is in somebody's hands
_LOCKED = """
select core.lock_rules(array(select id from core.resources)),
    core.lock_days(%s, tstzrange(%s, '2027-01-19T00:00:00Z'));
"""
_LOCKED_ROWS = "select from core.{} for update"
_TABLES = ("bookings", "changes", "checkouts", "customers", "effects", "occupancies", "waitlist")


@pytest.mark.parametrize("scene", ["free"], indirect=True)
def test_every_function_has_its_part(scene: Scene) -> None:
    """A function of the database has moves, or only reads, or writes apart from bookings."""
    functions = {name for (name,) in scene.database.rows(_FUNCTIONS)}

    parts = (READERS, NOTING, APART, MEETING, set(_WRITERS.values()))
    assert functions == {name for part in parts for name in part}
    assert len(functions) == sum(map(len, parts))


def test_every_function_that_changes_something_has_a_limit(database: Database) -> None:
    """It waits three seconds for a lock, no longer; one that only reads waits for none."""
    functions = database.rows(
        "select p.proname, coalesce(p.proconfig, '{}') as settings from pg_proc as p"
        " where p.pronamespace = 'api'::regnamespace"
    )

    without = {f.proname for f in functions if "lock_timeout=3s" not in f.settings}
    assert without == _READS.keys()


@pytest.mark.parametrize(
    "scene",
    ["held", "creating", "pending", "scheduled", "expired", "refunding", "differing", "offered"],
    indirect=True,
)
@pytest.mark.parametrize("function", sorted(READERS))
def test_readers_change_nothing(scene: Scene, function: str) -> None:
    """A function that only reads writes no row, wherever the booking stands."""
    assert scene.booking_id is not None

    assert scene.changes((function, _READS[function](scene.desk, scene.booking_id))) == 0


@pytest.mark.parametrize("scene", ["pending", "differing"], indirect=True)
@pytest.mark.parametrize("function", sorted(NOTING))
def test_those_that_note_something_wait_for_nobody(scene: Scene, function: str) -> None:
    """While everything is locked they run to their end, and note nothing; else one row."""
    assert scene.booking_id is not None
    call = (function, _READS[function](scene.desk, scene.booking_id))
    with scene.database.connect() as holder:
        holder.execute(_LOCKED.encode(), (scene.desk.tutor["id"], TEN))
        for table in _TABLES:
            holder.execute(_LOCKED_ROWS.format(table).encode())

        assert scene.changes(call) == 0
    assert scene.changes(call) == 1


@pytest.mark.parametrize("scene", ["contested"], indirect=True)
@pytest.mark.parametrize("function", sorted(APART))
def test_those_apart_wait_for_no_booking(scene: Scene, function: str) -> None:
    """While all of a resource's rules, days and bookings are locked, they run to their end."""
    call = (function, _APART[function](scene.desk))
    with scene.database.connect() as holder:
        holder.execute(_LOCKED.encode(), (scene.desk.tutor["id"], TEN))
        for table in _TABLES:
            holder.execute(_LOCKED_ROWS.format(table).encode())

        assert scene.changes(call) > 0  # a lock would end it after its lock_timeout


@pytest.mark.parametrize("scene", ["free"], indirect=True)
def test_every_pair_of_functions_meets(scene: Scene) -> None:
    """In some scene each function that writes is the first of each, itself included.

    Rules and whoever takes no time, by all that it calls, never meet.
    """
    writers = set(_WRITERS.values())
    bodies = dict(scene.database.rows(_BODIES))
    timeless = {name for name in writers - _RULES if not _reaches(bodies, f"api.{name}", "_days")}
    met = {
        (_WRITERS[first], _WRITERS[second])
        for name in SCENES
        for first, row in winners(name).items()
        if first != NOBODY
        for second in row
    }

    needed = set(product(writers, repeat=2))
    needed -= set(product(_RULES, timeless)) | set(product(timeless, _RULES))
    assert needed - met == set()
    assert timeless == {"claim_effects", "join_waitlist", "retry_effect", "settle_refund"}


def _reaches(bodies: Mapping[str, str], function: str, wanted: str) -> bool:
    """Whether a function calls one whose name ends so: itself, through others, or through the
    trigger of a time that it frees."""
    found, ahead = set[str](), {function}
    while ahead:
        found |= ahead
        called = {f"core.{n}" for f in ahead for n in re.findall(r"\bcore\.(\w+)\(", bodies[f])}
        if any("delete from core.occupancies" in bodies[f] for f in ahead):
            called.add("core.lock_freed")
        ahead = (called & bodies.keys()) - found
    return any(name.endswith(wanted) and "lock" in name for name in found)
