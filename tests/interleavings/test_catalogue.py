"""No function is forgotten: each of schema api is met by each that changes something, or only
reads.
"""

import re
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.harness.clients.db_client import DbClient
from tests.harness.database.doorways import IS_FUNCTION_OF_TODAY
from tests.harness.database.migrated import Database
from tests.interleavings.expected import ALONE, expected
from tests.interleavings.permutations import Spec
from tests.interleavings.setups import SETUPS, TEN
from tests.interleavings.steps import APART, MEETING, NOTING, STEPS

_FUNCTIONS = f"select p.proname from pg_proc as p where {IS_FUNCTION_OF_TODAY}"
ELSEWHEN = "2027-01-19T16:00:00Z"
_BODIES = """
select p.pronamespace::regnamespace || '.' || p.proname, p.prosrc
from pg_proc as p
where p.pronamespace in ('api'::regnamespace, 'core'::regnamespace)
"""
_RULES = frozenset(
    {
        "create_catalogue_item",
        "change_catalogue_item",
        "remove_catalogue_item",
        "store_calendar_busy",
    }
)
_WRITERS = {step.name: step.function for step in STEPS}


def _pool(db_client: DbClient) -> UUID:
    """A pool that the tutor is in."""
    identifier = uuid4()
    db_client.database.execute(
        "insert into core.pools (tenant_id, id, name, created_at, updated_at)"
        " select id, %s, 'Tutors', created_at, created_at from core.tenants",
        identifier,
    )
    db_client.database.execute(
        "insert into core.pool_resources select id, %s, %s from core.tenants",
        *(identifier, db_client.tutor["id"]),
    )
    return identifier


def _place(db_client: DbClient) -> str:
    """A waitlist entry for a time that is not the spec's."""
    db_client.hold(ELSEWHEN)
    return db_client.wait(ELSEWHEN).id


def _resource(db_client: DbClient) -> tuple[Any, ...]:
    return db_client.actor(kind="secret"), db_client.tutor["id"]


def _calendar(db_client: DbClient) -> str:
    """A calendar of the tutor that is due."""
    request = {
        "resource_id": db_client.tutor["id"],
        "name": "Private",
        "url": "https://calendars.example/ada.ics",
        "fresh_seconds": 300,
    }
    arguments = (db_client.actor(kind="secret"), str(uuid4()), str(uuid4()), request)
    return str(db_client.call(("create_calendar", arguments))["id"])


def _feed(db_client: DbClient) -> tuple[str, bytes]:
    """A feed of the tutor's bookings, and the hash of its token."""
    token_hash = uuid4().bytes * 2
    arguments = (db_client.actor(kind="secret"), str(uuid4()), str(uuid4()), token_hash)
    made = db_client.call(("create_calendar_feed", (*arguments, db_client.tutor["id"])))
    return made["id"], token_hash


def _old_key(db_client: DbClient) -> dict[str, Any]:
    """A request key that is due to be deleted, and the sweep's position before it."""
    db_client.hold(ELSEWHEN)
    db_client.database.execute(
        "update core.idempotency_keys set created_at = core.clock() - interval '40 days'"
    )
    return {"tenant_id": str(db_client.tenant.tenant_id), "kind": 3}


def _step(db_client: DbClient) -> dict[str, Any]:
    """The first step of a comparison of both books, with all that Stripe lists."""
    step: dict[str, Any] = db_client.call(("next_reconciliation_page", (30,)))["step"]
    return step | {"next": None}


def _lost_payment(db_client: DbClient) -> dict[str, Any]:
    """A payment at Stripe, of some checkout of ours, that our books do not have."""
    checkout = db_client.database.value("select min(id::text) from core.checkouts")
    paid = {"amount": 4500, "currency": "EUR", "created": 0, "checkout_id": checkout}
    ours = {"tenant_id": str(db_client.tenant.tenant_id)}
    return {"type": "payment", "id": "pi_lost", "metadata": ours, "object": paid}


def _due_openings(db_client: DbClient) -> None:
    """All were compiled two days ago; a run of the sweep begins."""
    db_client.database.execute(
        "update core.timetables set compiled_at = core.clock() - interval '2 days'"
    )


_APART: dict[str, Callable[[DbClient], tuple[Any, ...]]] = {
    "claim_calendars": lambda db_client: (10,) if _calendar(db_client) else (),
    "create_calendar": lambda db_client: (
        *(db_client.actor(kind="secret"), str(uuid4()), str(uuid4())),
        {
            "resource_id": db_client.tutor["id"],
            "name": "Private",
            "url": "https://calendars.example/ada.ics",
            "fresh_seconds": 300,
        },
    ),
    "create_calendar_feed": lambda db_client: (
        *(db_client.actor(kind="secret"), str(uuid4()), str(uuid4()), uuid4().bytes * 2),
        db_client.tutor["id"],
    ),
    "next_reconciliation_page": lambda db_client: (30,),
    "compile_openings": lambda db_client: (_due_openings(db_client), 10),
    "delete_calendar": lambda db_client: (*_resource(db_client), _calendar(db_client)),
    "delete_expired_records": lambda db_client: (_old_key(db_client), 10),
    "submit_reconciliation_page": lambda db_client: (
        _step(db_client),
        Jsonb([_lost_payment(db_client)]),
        Jsonb([]),
    ),
    "revoke_calendar_feed": lambda db_client: (*_resource(db_client), _feed(db_client)[0]),
}

_READS: dict[str, Callable[[DbClient, str], tuple[Any, ...]]] = {
    "export_customer": lambda db_client, held: (
        *(db_client.actor(kind="secret"), {"email": "grace@example.com"}),
        *(None, 10),
    ),
    "begin_calendar_read": lambda db_client, held: (Jsonb([_calendar(db_client)]),),
    "explain_slot": lambda db_client, held: (
        *(
            db_client.actor(kind="secret"),
            db_client.tutor["id"],
            db_client.tutor["offerings"][0]["id"],
        ),
        *(TEN, None, "grace@example.com"),
    ),
    "get_booking": lambda db_client, held: (db_client.actor(kind="secret"), held),
    "get_catalogue_item": lambda db_client, held: (
        *(db_client.actor(kind="secret"), "resource", db_client.tutor["id"]),
    ),
    "get_confirmation": lambda db_client, held: (db_client.actor(kind="secret"), held),
    "get_waitlist_entry": lambda db_client, held: (
        db_client.actor(kind="secret"),
        _place(db_client),
    ),
    "health": lambda db_client, held: (),
    "list_bookings": lambda db_client, held: (db_client.actor(kind="secret"), {}, None, 10),
    "list_calendar_feeds": lambda db_client, held: _resource(db_client),
    "list_calendars": lambda db_client, held: _resource(db_client),
    "list_catalogue_items": lambda db_client, held: (
        *(db_client.actor(kind="secret"), "hours", db_client.tutor["id"], False, None, 10),
    ),
    "list_pool_slots_as_text": lambda db_client, held: (
        *(db_client.actor(), _pool(db_client), db_client.tutor["offerings"][0]["id"], TEN, None),
    ),
    "list_resources": lambda db_client, held: (db_client.actor(), None, 10),
    "list_waitlist": lambda db_client, held: (db_client.actor(kind="secret"), {}, None, 10),
    "list_slots_as_text": lambda db_client, held: (
        *(db_client.actor(), db_client.tutor["id"], db_client.tutor["offerings"][0]["id"]),
        *(TEN, None),
    ),
    "measure_backlog": lambda db_client, held: (),
    "rate_policy": lambda db_client, held: (db_client.actor(kind="secret"),),
    "read_calendar_feed": lambda db_client, held: (_feed(db_client)[1],),
}

READERS = frozenset(_READS) - NOTING.keys()

# everything about bookings is locked by another session
_LOCKED = """
select core.lock_rules(array(select id from core.resources)),
    core.lock_days(%s, tstzrange(%s, '2027-01-19T00:00:00Z'));
"""
_LOCKED_ROWS = "select from core.{} for update"
_TABLES = (
    "bookings",
    "checkouts",
    "customers",
    "effects",
    "occupancies",
    "reschedules",
    "waitlist",
)


@pytest.mark.parametrize("spec", ["free"], indirect=True)
def test_every_function_has_its_part(spec: Spec) -> None:
    """Each function of the database has steps, or only reads, or writes apart from bookings."""
    functions = {name for (name,) in spec.database.rows(_FUNCTIONS)}

    parts = (READERS, NOTING, APART, MEETING, set(_WRITERS.values()))
    assert functions == {name for part in parts for name in part}
    assert len(functions) == sum(map(len, parts))


def test_every_function_that_changes_something_has_a_limit(database: Database) -> None:
    """It waits at most three seconds for a lock; one that only reads waits for none."""
    functions = database.rows(
        "select p.proname, coalesce(p.proconfig, '{}') as settings from pg_proc as p"
        f" where {IS_FUNCTION_OF_TODAY}"
    )

    without = {f.proname for f in functions if "lock_timeout=3s" not in f.settings}
    assert without == _READS.keys()


@pytest.mark.parametrize(
    "spec",
    ["held", "creating", "pending", "scheduled", "expired", "refunding", "differing", "offered"],
    indirect=True,
)
@pytest.mark.parametrize("function", sorted(READERS))
def test_readers_change_nothing(spec: Spec, function: str) -> None:
    """A function that only reads writes no row, whatever the state of the booking."""
    assert spec.booking_id is not None

    assert spec.changes((function, _READS[function](spec.db_client, spec.booking_id))) == 0


@pytest.mark.parametrize("spec", ["pending", "differing"], indirect=True)
@pytest.mark.parametrize("function", sorted(NOTING))
def test_those_that_note_something_wait_for_no_lock(spec: Spec, function: str) -> None:
    """While everything is locked they run to their end, and note nothing; otherwise one row."""
    assert spec.booking_id is not None
    call = (function, _READS[function](spec.db_client, spec.booking_id))
    with spec.database.connect() as holder:
        holder.execute(_LOCKED.encode(), (spec.db_client.tutor["id"], TEN))
        for table in _TABLES:
            holder.execute(_LOCKED_ROWS.format(table).encode())

        assert spec.changes(call) == 0
    assert spec.changes(call) == 1


@pytest.mark.parametrize("spec", ["contested"], indirect=True)
@pytest.mark.parametrize("function", sorted(APART))
def test_those_apart_wait_for_no_booking(spec: Spec, function: str) -> None:
    """While all of a resource's rules, days and bookings are locked, they run to their end."""
    call = (function, _APART[function](spec.db_client))
    with spec.database.connect() as holder:
        holder.execute(_LOCKED.encode(), (spec.db_client.tutor["id"], TEN))
        for table in _TABLES:
            holder.execute(_LOCKED_ROWS.format(table).encode())

        assert spec.changes(call) > 0  # a lock would end it after its lock_timeout


@pytest.mark.parametrize("spec", ["free"], indirect=True)
def test_every_pair_of_functions_meets(spec: Spec) -> None:
    """In some spec each function that writes is the first of each, itself included.

    Changes of rules never meet functions that take no time, by all that they call.
    """
    writers = set(_WRITERS.values())
    bodies = dict(spec.database.rows(_BODIES))
    timeless = {name for name in writers - _RULES if not _reaches(bodies, f"api.{name}", "_days")}
    met = {
        (_WRITERS[first], _WRITERS[second])
        for name in SETUPS
        for first, row in expected(name).items()
        if first != ALONE
        for second in row
    }

    needed = set(product(writers, repeat=2))
    needed -= set(product(_RULES, timeless)) | set(product(timeless, _RULES))
    assert needed - met == set()
    assert timeless == {"claim_effects", "join_waitlist", "retry_effect", "settle_refund"}


def _reaches(bodies: Mapping[str, str], function: str, wanted: str) -> bool:
    """Whether a function calls one with such an ending: itself, through others, or through the
    trigger of a time that it frees.
    """
    found, ahead = set[str](), {function}
    while ahead:
        found |= ahead
        called = {f"core.{n}" for f in ahead for n in re.findall(r"\bcore\.(\w+)\(", bodies[f])}
        if any("delete from core.occupancies" in bodies[f] for f in ahead):
            called.add("core.lock_freed")
        ahead = (called & bodies.keys()) - found
    return any(name.endswith(wanted) and "lock" in name for name in found)
