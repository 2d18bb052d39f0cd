"""Every function finds its rows by index, whenever its session planned.

The sessions are opened, and every function is called often enough for its plans to be kept, before
the tables grow; then once more by sessions that forgot their plans meanwhile, and now plan for any
value at all with a hundred thousand bookings behind them. Nothing is analysed, except where the
tables had been analysed while they were empty: then again when they have grown. PostgreSQL's counts
decide: no growing table is ever read from end to end, the index entries that a call reads do not
follow the number of rows, and the most frequent calls use the indexes made for them.
"""

from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.harness.clients import workload
from tests.harness.clients.calls import Api
from tests.harness.clients.workload import Workload
from tests.harness.clients.workload_of_reconciliation import RECONCILIATION
from tests.harness.clients.workload_of_retention import RETENTION
from tests.harness.clients.workload_of_scheduling import SCHEDULING
from tests.harness.database.builders import NOW
from tests.harness.database.cluster import Server
from tests.harness.database.doorways import IS_FUNCTION_OF_TODAY
from tests.harness.database.growth import ROWS, grow, hold_off_autovacuum
from tests.harness.database.migrated import fresh_database

CALLS = 20
ACTIONS = workload.ACTIONS | SCHEDULING | RECONCILIATION | RETENTION
PAST = 100_000  # bookings behind the sessions that plan again
# The indexes that the most frequent calls use in the tables that grow with bookings.
_PERIODS = {
    *("occupancies_no_overlap", "bookings_deadline", "bookings_pkey"),
    *("reschedules_one_pending", "reschedules_pkey"),
}
_HOLDER = {
    *("customers_email_unique", "customers_pkey", "customers_by_mailbox"),
    *("bookings_live_by_customer", "bookings_holds_by_customer", "waitlist_by_customer"),
}
_HELD = {
    *("idempotency_keys_pkey", "occupancies_seat_once", "occupancies_pkey"),
    "bookings_reference_unique",
}
_ATTEMPT = {"bookings_pkey", "checkouts_one_payable_per_booking", "checkouts_pkey"}
INTENDED = {
    "list_slots_as_text": _PERIODS,
    "list_pool_slots_as_text": _PERIODS,
    "list_bookings": {"bookings_by_start", "customers_pkey"},
    "list_bookings, reference": {"bookings_reference_unique", "customers_pkey"},
    "list_bookings, resource": {"bookings_by_resource", "customers_pkey"},
    "create_hold": _PERIODS | _HELD | {"customers_email_unique", "customers_pkey"},
    "create_hold, of an address": _PERIODS
    | _HELD
    | {
        *("customers_email_unique", "customers_pkey"),
        *("bookings_holds_by_address", "bookings_made_by_address"),
    },
    "create_hold, of a server": _PERIODS | _HELD | _HOLDER,
    "create_hold, taken": _PERIODS | {"idempotency_keys_pkey"},
    "create_hold, repeated": {"idempotency_keys_pkey", "bookings_pkey", "customers_pkey"},
    "begin_checkout": _ATTEMPT
    | {"idempotency_keys_pkey", "customers_pkey", "reschedules_one_pending"},
    "attach_checkout": _ATTEMPT | {"customers_pkey"},
    "settle_checkout": _ATTEMPT
    | {
        *("stripe_events_pkey", "checkouts_stripe_session_unique", "checkouts_by_stripe_session"),
        *("payments_intent_unique", "reschedules_one_pending", "waitlist_by_booking"),
        # the resource's limit per customer, which a browser's payment is checked against
        *("customers_pkey", "customers_by_mailbox", "bookings_live_by_customer"),
    },
    "get_booking": {"bookings_pkey", "customers_pkey"},
    "get_confirmation": _ATTEMPT | {"customers_pkey"},
}
GROWING = (
    *("bookings", "reschedules", "checkouts", "customers", "effects", "idempotency_keys"),
    *("occupancies", "payments", "refunds", "stripe_events", "waitlist"),
)
FIXED = ["core.currencies", "core.migrations", "core.transitions"]  # do not grow with use

_SCANS = """
select schemaname || '.' || relname as name, seq_scan
from pg_stat_user_tables
where schemaname in ('core', 'audit') and schemaname || '.' || relname <> all (%s)
"""
_ENTRIES = """
select schemaname || '.' || indexrelname as name, idx_scan + idx_tup_read
from pg_stat_user_indexes
where schemaname in ('core', 'audit') and schemaname || '.' || relname <> all (%s)
"""


pytestmark = pytest.mark.xdist_group("plans")  # a hundred thousand bookings are made once


@pytest.fixture(
    scope="module",
    params=["planned on empty tables", "planned on tables known to be empty", "planned again"],
)
def grown(server: Server, request: pytest.FixtureRequest) -> Iterator[Workload]:
    """Sessions opened when the tables were empty, and tables that have grown since."""
    with fresh_database(server) as database:
        database.clock.set(NOW)
        known = request.param == "planned on tables known to be empty"
        if known:
            database.execute("vacuum analyze")
        hold_off_autovacuum(database)
        api = Api(database)
        workload = Workload(api)
        for action in ACTIONS.values():
            for _ in range(8):  # from the sixth on PostgreSQL may keep one plan for all values
                action.act(workload, action.prepare(workload))
        again = request.param == "planned again"
        grow(database, workload.offer, PAST if again else ROWS)
        if known:
            # such plans read whole tables, and end with the next analysis, which autovacuum makes
            # when a table has grown by fifty rows and a tenth
            database.execute("analyze")
        if again:
            for connection in api.connections:
                connection.execute("set plan_cache_mode = force_generic_plan")
                connection.execute("discard plans")
        yield workload
        api.close()


@pytest.mark.parametrize("name", ACTIONS)
def test_no_table_is_read_from_end_to_end(grown: Workload, name: str) -> None:
    """Neither as a whole nor by an index that does not narrow it down.

    Cases: P-9
    """
    action = ACTIONS[name]
    subjects = [action.prepare(grown) for _ in range(CALLS)]
    scans, entries = counted(grown.api)

    for subject in subjects:
        action.act(grown, subject)

    later_scans, later_entries = counted(grown.api)
    read = {index: later_entries[index] - entries[index] for index in later_entries}
    assert {table for table in later_scans if later_scans[table] > scans[table]} == set()
    assert {index: n for index, n in read.items() if n > CALLS * action.entries} == {}
    assert sum(read.values()) >= CALLS, "nothing was counted"


@pytest.mark.parametrize("name", INTENDED)
def test_what_is_called_most_goes_by_its_indexes(grown: Workload, name: str) -> None:
    """In each table that grows with bookings, by those that were made for it.

    Cases: P-9
    """
    used = indexes(grown, name)

    assert used - INTENDED[name] == set()
    assert used


@pytest.mark.parametrize("name", ["list_bookings, since", "list_bookings, resource since"])
def test_a_page_is_not_looked_for_from_the_beginning(grown: Workload, name: str) -> None:
    """What an index search skips is counted only in the blocks that it reads.

    Cases: P-9
    """
    before = blocks(grown, "bookings_by")

    ACTIONS[name].act(grown, None)

    assert 0 < blocks(grown, "bookings_by") - before < 50


def test_a_search_from_the_beginning_would_be_seen(grown: Workload) -> None:
    """The guardless twin: of two lower bounds, the search begins at the lesser."""
    before = blocks(grown, "bookings_by")
    with grown.api.database.connect() as connection:
        connection.execute("set enable_seqscan = off; set enable_bitmapscan = off")
        connection.execute("set enable_sort = off")
        connection.execute(
            "select from core.bookings where tenant_id = %s and starts_at >= %s"
            " and (starts_at, id) > ('-infinity', %s) order by starts_at, id limit 1",
            (grown.tenant.id, NOW, UUID(int=0)),
        )
        connection.execute("select pg_stat_force_next_flush()")

    assert blocks(grown, "bookings_by") - before > 50


def test_another_index_would_be_seen(grown: Workload) -> None:
    """The guardless twin: the same function with a filter uses another index."""
    assert indexes(grown, "list_bookings, resource") - INTENDED["list_bookings"] != set()


def test_a_scan_would_be_seen(grown: Workload) -> None:
    """The guardless twin: a query without an index shows in both counts."""
    scans, entries = counted(grown.api)
    with grown.api.database.connect() as connection:
        # a scan by several processes is counted where they end
        connection.execute("set max_parallel_workers_per_gather = 0")
        connection.execute("select from core.bookings where notes = 'x'")
        connection.execute("set enable_seqscan = off")
        connection.execute("set enable_bitmapscan = off")
        connection.execute("select from core.bookings where notes = 'x' order by starts_at")
        connection.execute("select from core.bookings where tenant_id = %s", (grown.tenant.id,))
        connection.commit()
        connection.execute("select pg_stat_force_next_flush()")  # not when the session has ended
        connection.commit()

    later_scans, later_entries = counted(grown.api)

    assert later_scans["core.bookings"] > scans["core.bookings"]
    assert sum(later_entries.values()) - sum(entries.values()) > ROWS


def test_every_function_is_measured(grown: Workload) -> None:
    """A new function of schema api needs a case here; health reads nothing that grows."""
    functions = grown.api.database.rows(
        f"select p.proname from pg_proc as p where {IS_FUNCTION_OF_TODAY}"
    )

    assert {f for (f,) in functions} - {"health"} == {name.split(",")[0] for name in ACTIONS}


def indexes(grown: Workload, name: str) -> set[str]:
    """The indexes that a call searches, of the tables that grow with bookings."""
    action = ACTIONS[name]
    subject = action.prepare(grown)
    _, entries = counted(grown.api)

    action.act(grown, subject)

    _, later_entries = counted(grown.api)
    used = {i.removeprefix("core.") for i in later_entries if later_entries[i] > entries[i]}
    return {index for index in used if index.startswith(tuple(f"{t}_" for t in GROWING))}


def blocks(grown: Workload, prefix: str) -> int:
    """Blocks read so far of the indexes of core whose names begin like that."""
    counted(grown.api)
    return int(
        grown.api.database.value(
            "select sum(idx_blks_hit + idx_blks_read) from pg_statio_user_indexes"
            " where schemaname = 'core' and starts_with(indexrelname, %s)",
            prefix,
        )
    )


def counted(api: Api) -> tuple[dict[str, int], dict[str, int]]:
    """Scans of whole tables, and searches in each index with the entries they read, so far."""
    for connection in api.connections:
        connection.execute("select pg_stat_force_next_flush()")
    api.database.value("select pg_stat_force_next_flush()")  # the preparations are not counted
    scans, entries = (dict(api.database.rows(query, FIXED)) for query in (_SCANS, _ENTRIES))
    return scans, entries
