"""A tenant's rows can live in any database: keys begin with the tenant, and queries name it."""

import re
from pathlib import Path

import pytest

from tests.harness.database.cluster import SQL_DIR
from tests.harness.database.migrated import Database

# Keys that do not begin with the tenant, and why they need not.
EXCEPTIONS = {
    "core.api_keys_hash_unique": "the tenant of an API key of old is not known before it is found",
    "core.bookings_reference_unique": "has it second: no plan begins with all of a tenant's",
    "core.capabilities_pkey": "the same in every database",
    "core.currencies_pkey": "the same in every database",
    "core.migrations_pkey": "what was done to this database",
    "core.occupancies_no_overlap": "has it last: core.occupied_ranges searches by resource,"
    " and a constraint knows no order",
    "core.reconciliations_one_unfinished": "a comparison of all books that this database has",
    "core.reconciliations_pkey": "a comparison of all books that this database has",
    "core.tenants_pkey": "the tenant itself",
    "core.transitions_pkey": "the same in every database",
}
_KEYS = """
select i.indexrelid::regclass::text, a.attname
from pg_index as i
join pg_class as t on t.oid = i.indrelid
left join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
where t.relnamespace in ('core'::regnamespace, 'audit'::regnamespace)
    and (i.indisunique or i.indisexclusion)
"""
_IDENTITIES = """
select t.oid::regclass::text
from pg_class as t
left join pg_index as i on i.indrelid = t.oid and i.indisprimary
where t.relnamespace in ('core'::regnamespace, 'audit'::regnamespace) and t.relkind = 'r'
    and exists (select from pg_attribute as a where a.attrelid = t.oid and a.attname = 'tenant_id')
    and not (t.relreplident = 'd' and i.indisprimary and exists (
        select from pg_attribute as a
        where a.attrelid = t.oid and a.attname = 'tenant_id' and a.attnum = i.indkey[0]))
"""

# Functions whose queries look across tenants, and why they do.
ACROSS = {
    "api.claim_calendars": "a sweep of all tenants that are here",
    "api.claim_effects": "a sweep of all tenants that are here",
    "api.compile_openings": "a sweep of all tenants that are here",
    "api.expire_holds": "a sweep of all tenants that are here",
    "api.measure_backlog": "measures the sweeps",
    "api.offer_waiting": "a sweep of all tenants that are here",
    "core.authorize": "the tenant is not known before the key is found",
    "api.begin_calendar_read": "the previous release passes no tenant",
    "api.finish_effect": "the previous release passes no tenant",
    "api.store_calendar_busy": "the previous release passes no tenant",
    "api.read_calendar_feed": "addresses of old have no tenant",
    "api.retry_effect": "an operator may know nothing but the id",
    "api.list_bookings": "names it second, after the reference",
    "core.administer_tenant": "whether a key is in use by another tenant",
    "core.advance_reconciliation": "a comparison of all books ends",
    "core.expire_together": "where a row stands, which was looked up by the tenant and its key",
    "core.find_checkout": "the metadata may have been edited at Stripe",
    "core.find_refund": "the metadata may have been edited at Stripe",
    "core.overdue_bookings": "whether they are few is asked of all; it answers ids alone",
    "core.payment_difference": "the metadata may have been edited at Stripe",
    "core.record_finding": "it may turn out whose a payment is",
    "core.refund_difference": "a refund made by hand has no metadata",
    "core.revoke_old_feeds": "of all tenants that are here",
    "core.unlisted_rows": "a comparison of all books",
}
_QUERIES = sorted([*SQL_DIR.glob("functions/**/*.sql"), *SQL_DIR.glob("triggers/*.sql")])
_TABLE = re.compile(
    r"\b(?:from|join|update)\s+(core|audit)\.(\w+)\b(?!\s*\()(?:\s+as\s+(\w+))?", re.IGNORECASE
)


def test_every_key_begins_with_the_tenant(database: Database) -> None:
    """Unique, primary and exclusion keys: rows of two tenants never conflict."""
    others = {name for name, column in database.rows(_KEYS) if column != "tenant_id"}

    assert others == set(EXCEPTIONS)


def test_every_tenants_rows_can_be_identified_in_a_copy(database: Database) -> None:
    """A publication of one tenant's rows can identify each of them. With another replica identity
    every update of the table fails while such a publication exists, for any row.
    """
    assert database.rows(_IDENTITIES) == []


def _across(path: Path, tables: set[str]) -> list[str]:
    """Tables of tenants that a file reads or changes in a statement that names no tenant."""
    code = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
    found = []
    for statement in code.split(";"):
        for schema, table, alias in _TABLE.findall(statement):
            tenant = rf"\b{alias or table}\.tenant_id"
            named = (
                rf"{tenant} (?:=|is not distinct from)|= {tenant}\b|\({tenant}, [^)]*\)\s*[<>]=?\s"
            )
            by_place = (
                rf"\bwhere {alias}\.ctid = any \(array\("  # of rows that were chosen by tenant
            )
            if f"{schema}.{table}" in tables and not re.search(f"{named}|{by_place}", statement):
                found.append(table)
    return found


@pytest.fixture
def tables(database: Database) -> set[str]:
    """The tables whose rows are tenants'."""
    columns = (
        "select attrelid::regclass::text from pg_attribute as a join pg_class as c"
        " on c.oid = attrelid where attname = 'tenant_id' and relkind = 'r'"
        " and relnamespace in ('core'::regnamespace, 'audit'::regnamespace)"
    )
    return {name for (name,) in database.rows(columns)}


def test_every_query_names_the_tenant(tables: set[str]) -> None:
    """Row security hides other tenants' rows from holdfast_owner; holdfast_system sees them all.

    By a plain look at the text: in a join, one side may name the tenant of the other.
    """
    across = {
        f"{path.relative_to(SQL_DIR).parts[1]}.{path.stem}"
        for path in _QUERIES
        if _across(path, tables)
    }

    assert across == set(ACROSS)


def test_a_query_without_its_tenant_would_be_seen(tables: set[str], tmp_path: Path) -> None:
    """The guardless twin: the same query, with its tenant and without."""
    path = tmp_path / "x.sql"
    path.write_text(
        "select from core.bookings as b where b.tenant_id = v.tenant_id and b.id = v.id;"
    )
    named = _across(path, tables)
    path.write_text("select from core.bookings as b where b.id = v.id;")

    assert (named, _across(path, tables)) == ([], ["bookings"])
