"""A database of d253a51, with rows in every state, is migrated to today's."""

from collections.abc import Iterator

import pytest

from holdfast.migrations import migrate
from tests.harness import cluster, older
from tests.harness.database import Database, fresh_database
from tests.harness.invariants import violations

_FENCES = "core.idempotency_keys"
_TABLES = """
select format('%I.%I', n.nspname, c.relname) as name
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ('core', 'audit') and c.relkind = 'r' and c.relname <> 'migrations'
order by 1
"""

_COLUMNS = """
select table_schema::text, table_name::text, column_name::text, data_type::text, is_nullable::text,
    column_default::text
from information_schema.columns where table_schema in ('core', 'audit') order by 1, 2, 3
"""
_CONSTRAINTS = """
select c.conrelid::regclass::text, c.conname::text, c.convalidated,
    translate(pg_get_constraintdef(c.oid), '()', '') -- reading a dump adds parentheses
from pg_constraint as c
join pg_namespace as n on n.oid = c.connamespace
where n.nspname in ('core', 'audit') order by 1, 2, 4
"""
_FUNCTIONS = """
select p.oid::regprocedure::text, md5(p.prosrc), p.proowner::regrole::text, p.proacl::text
from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
where n.nspname in ('core', 'api') and p.proname <> 'clock' order by 1
"""
_INDEXES = """
select i.indexname::text, i.indexdef from pg_indexes as i
where i.schemaname in ('core', 'audit') order by 1
"""


def _counts(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    return {
        table.name: int(database.value(f"select count(*) from {table.name}"))
        for table in database.rows(_TABLES)
    }


@pytest.fixture(scope="module")
def old(server: cluster.Server) -> Iterator[Database]:
    """The database before the upgrade; not to be changed."""
    with older.database(server) as database:
        yield database


@pytest.fixture(scope="module")
def upgraded(server: cluster.Server) -> Iterator[Database]:
    """The database after the upgrade; not to be changed, except for its clock."""
    with older.database(server) as database:
        migrate(database.url(), cluster.SQL_DIR)
        database.clock.set(older.story().now)
        yield database


def test_every_law_holds_after_the_upgrade(upgraded: Database) -> None:
    """All invariants, asked of rows that the older code wrote."""
    assert violations(upgraded) == []


def test_no_row_is_lost(old: Database, upgraded: Database) -> None:
    """Each table has as many rows as before; new tables may have more.

    A key of which it is not known whose it was has a row for each that it could be.
    """
    before, after = _counts(old), _counts(upgraded)
    fences = "select distinct tenant_id, operation, key, result_id from core.idempotency_keys"
    kept = f"select * from ({fences}) as k order by 1, 2, 3"

    assert {table: after.get(table) for table in before if table != _FENCES} == {
        table: rows for table, rows in before.items() if table != _FENCES
    }
    assert upgraded.rows(kept) == old.rows(kept)


def test_an_upgraded_schema_is_a_new_ones(upgraded: Database, server: cluster.Server) -> None:
    """Columns, types, constraints and functions are those of a database made from nothing."""
    with fresh_database(server) as fresh:
        for query in (_COLUMNS, _CONSTRAINTS, _FUNCTIONS, _INDEXES):
            assert upgraded.rows(query) == fresh.rows(query)
