"""A database of an older commit, with rows in every state, is migrated to today's."""

from collections.abc import Iterator
from typing import Any

import pytest

from holdfast.access.actors import digest
from holdfast.migrations import migrate
from tests.harness.database import cluster, older
from tests.harness.database.migrated import Database, fresh_database
from tests.harness.database.rules import sound
from tests.harness.laws.invariants import violations

_NIL = "00000000-0000-0000-0000-000000000000"
_FENCES = "core.idempotency_keys"
_RENAMED = {"core.changes": "core.reschedules"}
_TABLES = """
select format('%I.%I', n.nspname, c.relname) as name
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ('core', 'audit', 'ledger') and c.relkind = 'r' and c.relname <> 'migrations'
order by 1
"""

_COLUMNS = """
select table_schema::text, table_name::text, column_name::text, data_type::text, is_nullable::text,
    column_default::text
from information_schema.columns where table_schema in ('core', 'audit', 'ledger') order by 1, 2, 3
"""
_CONSTRAINTS = """
select c.conrelid::regclass::text, c.conname::text, c.convalidated,
    translate(pg_get_constraintdef(c.oid), '()', '') -- reading a dump adds parentheses
from pg_constraint as c
join pg_namespace as n on n.oid = c.connamespace
where n.nspname in ('core', 'audit', 'ledger') order by 1, 2, 4
"""
_FUNCTIONS = """
select p.oid::regprocedure::text, md5(p.prosrc), p.proowner::regrole::text,
    array(select a::text from unnest(p.proacl) as a order by 1)
from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
where n.nspname in ('core', 'api') and p.proname <> 'clock' order by 1
"""
_INDEXES = """
select i.indexname::text, i.indexdef from pg_indexes as i
where i.schemaname in ('core', 'audit', 'ledger') order by 1
"""


def _counts(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    return {
        table.name: int(database.value(f"select count(*) from {table.name}"))
        for table in database.rows(_TABLES)
    }


@pytest.fixture(scope="module", params=older.COMMITS)
def commit(request: pytest.FixtureRequest) -> str:
    """Whose database it is."""
    return str(request.param)


@pytest.fixture(scope="module")
def old(server: cluster.Server, commit: str) -> Iterator[Database]:
    """The database before the upgrade; not to be changed."""
    with older.database(server, commit) as database:
        yield database


@pytest.fixture(scope="module")
def upgraded(server: cluster.Server, commit: str) -> Iterator[Database]:
    """The database after the upgrade; not to be changed, except for its clock."""
    with older.database(server, commit) as database:
        migrate(database.url(), cluster.SQL_DIR)
        database.clock.set(older.story(commit).now)
        yield database


def test_every_law_holds_after_the_upgrade(upgraded: Database) -> None:
    """All invariants, checked on rows that the older code wrote."""
    assert violations(upgraded) == []


def test_rows_of_older_code_keep_the_rules_of_today(upgraded: Database) -> None:
    """Each row is checked by today's functions, whatever they were at the time."""
    tables = sound(upgraded)

    for each in tables:
        name = each.table.partition(".")[2]
        kept = upgraded.value(
            f"select count(*) filter (where {each.function}({name})) from {each.table}"
        )
        assert kept == upgraded.value(f"select count(*) from {each.table}") > 0
    assert len(tables) >= 12


def test_no_row_is_lost(old: Database, upgraded: Database) -> None:
    """Each table has as many rows as before; new tables may have more.

    A key whose caller is unknown has a row for each possible caller.
    """
    before, after = _counts(old), _counts(upgraded)
    fences = "select distinct tenant_id, operation, key, result_id from core.idempotency_keys"
    kept = f"select * from ({fences}) as k order by 1, 2, 3"

    assert {table: after.get(_RENAMED.get(table, table)) for table in before} | {_FENCES: 0} == (
        before | {_FENCES: 0}
    )
    assert upgraded.rows(kept) == old.rows(kept)


def test_an_upgraded_schema_is_a_new_ones(upgraded: Database, server: cluster.Server) -> None:
    """Columns, types, constraints and functions are those of a new database."""
    with fresh_database(server) as fresh:
        for query in (_COLUMNS, _CONSTRAINTS, _FUNCTIONS, _INDEXES):
            assert upgraded.rows(query) == fresh.rows(query)


def test_every_key_has_its_caller(upgraded: Database, commit: str) -> None:
    """Each key belongs to the caller who sent it, and is about what they asked for.

    For a waitlist entry d253a51 did not record which publishable key it was: it belongs to every
    one.
    """
    story = older.story(commit)
    tenants = upgraded.rows("select tenant_id, key_hash, kind, lineage from core.api_keys")
    known = {bytes(row.key_hash): row for row in tenants}

    for request in story.requests:
        sender = known[digest(story.keys[request["by"]])]
        caller = "secret" if sender.kind == "secret" else f"publishable:{sender.lineage}"
        unknown = commit == "d253a51" and request["call"][0] == "join_waitlist"
        waits = unknown and sender.kind == "publishable"
        callers = {
            f"publishable:{row.lineage}"
            for row in tenants
            if row.tenant_id == sender.tenant_id and row.kind == "publishable"
        }
        found = upgraded.rows(
            "select caller, subject::text from core.idempotency_keys"
            " where tenant_id = %s and key = %s",
            sender.tenant_id,
            request["key"],
        )

        assert {row.caller for row in found} == (callers if waits else {caller}), request
        assert {row.subject for row in found} == {_subject(request)}, request


def _subject(request: dict[str, Any]) -> str:
    """The booking or resource in a request's path, or nil."""
    parts = request["path"].split("/")
    return next((part for part in parts if len(part) == len(_NIL)), _NIL)


def test_what_belonged_to_no_tenant_has_the_nil_tenant(server: cluster.Server, commit: str) -> None:
    """A payment that belongs to no tenant of ours, found and accepted by the older code."""
    with older.database(server, commit) as database:
        database.execute(
            "insert into core.findings (object_id, kind, amount, currency, detail, first_seen_at,"
            " last_seen_at, accepted_at, accepted_because)"
            " values ('pi_foreign', 'payment_unknown', 700, 'GBP', 'x', now(), now(), now(), 'tea')"
        )
        before = _counts(database)["core.findings"]
        migrate(database.url(), cluster.SQL_DIR)

        foreign = database.rows("select object_id from core.findings where tenant_id = %s", _NIL)

        assert [row.object_id for row in foreign] == ["pi_foreign"]
        assert _counts(database)["core.findings"] == before


def test_openings_are_compiled(upgraded: Database) -> None:
    """Resources that existed have their openings, and what can be booked of them.

    That both agree with the rules is a law.
    """
    bookable = upgraded.value("select count(*) from core.resources where archived_at is null")
    query = (
        "select count(*) from core.timetables as t where exists ("
        " select from core.openings as w where w.resource_id = t.resource_id)"
        " and exists (select from core.bookables as b where b.resource_id = t.resource_id)"
    )

    assert 0 < bookable == upgraded.value("select count(*) from core.timetables")
    assert upgraded.value(query) > 0
