"""Tenants are separate: row-level security, composite foreign keys, and every function.

Generated from the catalogue, so that a new table or function is included by itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.harness.clients.calls import Api, refused, stripe_event
from tests.harness.clients.examples import EXAMPLES, things
from tests.harness.database.builders import Offer, Tenant
from tests.harness.database.digests import digests
from tests.harness.database.migrated import Database
from tests.harness.database.scheduled_rows import fill

# the same for every tenant, and without any of their data
SHARED = {
    "core.capabilities",
    "core.currencies",
    "core.migrations",
    "core.reconciliations",
    "core.transitions",
}

_TABLES = """
select c.oid::regclass::text as name,
    case when c.relname = 'tenants' then 'id' else 'tenant_id' end as tenant_column,
    (select a.attname from pg_attribute as a
     where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         and a.attname not in ('id', 'tenant_id') and a.attgenerated = ''
     order by a.attnum limit 1) as some_column,
    c.relrowsecurity as enabled, c.relforcerowsecurity as forced
from pg_class as c
where c.relkind in ('r', 'p') and c.relnamespace::regnamespace::text in ('core', 'audit', 'ledger')
order by 1
"""


def tables(database: Database) -> list[Any]:
    """Every table with rows of tenants."""
    return [row for row in database.rows(_TABLES) if row.name not in SHARED]


@contextmanager
def as_owner(
    database: Database, tenant_id: UUID | None
) -> Iterator[psycopg.Connection[NamedTuple]]:
    """A transaction of holdfast_owner, bound to a tenant or to none; rolled back at the end."""
    with database.connect() as connection:
        connection.execute("set local role holdfast_owner")
        if tenant_id is not None:
            connection.execute(
                "select set_config('holdfast.tenant_id', %s, true)", (str(tenant_id),)
            )
        yield connection
        connection.rollback()


def filled(api: Api, tenant: Tenant) -> Offer:
    """Rows of the tenant in every table: bookings paid, held, refunded and about to be closed."""
    offer = tenant.offer(capacity=4)
    api.paid(offer)
    api.hold(offer)
    wrong = api.checkout(api.hold(offer))
    api.settle(wrong, "paid", amount_total=1000)
    leaving = api.checkout(api.hold(offer))
    api.call("release_hold", leaving.held.actor, leaving.held.id, None)
    fill(offer)
    return offer


def test_every_table_of_tenants_is_guarded(api: Api) -> None:
    """Row-level security is enabled and forced on every table with rows of tenants.

    Cases: P-7
    Proves: ASVS 8.4.1
    """
    unguarded = [t.name for t in tables(api.database) if not (t.enabled and t.forced)]

    assert unguarded == []


@pytest.mark.parametrize("bound", ["to another tenant", "to none"])
def test_no_row_of_another_tenant_is_seen_or_changed(api: Api, tenant: Tenant, bound: str) -> None:
    """As the owner of the tables, bound to another tenant or to none: no rows.

    Cases: P-7
    Proves: ASVS 8.4.1, API1:2023
    """
    filled(api, tenant)
    other = Tenant(api.database).id if bound == "to another tenant" else None
    mine = "where {} = '%s'" % tenant.id  # noqa: UP031 the braces are for the column
    seen, changed = {}, {}

    for table in tables(api.database):
        condition = mine.format(table.tenant_column)
        assert api.database.value(f"select count(*) from {table.name} {condition}") > 0, table.name
        with as_owner(api.database, other) as owner:
            query = f"select from {table.name} {condition}"
            seen[table.name] = owner.execute(query.encode()).rowcount
            if table.name == "audit.booking_events" or table.name.startswith("ledger."):
                continue  # never changed; test_triggers.py, test_ledger.py
            column = table.some_column
            update = f"update {table.name} set {column} = {column} {condition}"
            delete = f"delete from {table.name} {condition}"
            changed[table.name] = [
                owner.execute(statement.encode()).rowcount for statement in (update, delete)
            ]

    assert set(seen.values()) == {0}
    assert {count for counts in changed.values() for count in counts} == {0}


def test_the_owner_sees_the_tenant_it_is_bound_to(api: Api, tenant: Tenant) -> None:
    """The test above would pass on empty tables too: bound to the tenant, the rows are seen."""
    filled(api, tenant)

    for table in tables(api.database):
        with as_owner(api.database, tenant.id) as owner:
            count = owner.execute(f"select from {table.name}".encode()).rowcount
            assert count > 0, table.name


def test_no_row_is_written_for_another_tenant(api: Api, tenant: Tenant) -> None:
    """Bound to one tenant, the policy refuses a row of another."""
    other = Tenant(api.database)

    with as_owner(api.database, other.id) as owner:
        refusal = refused(
            lambda: owner.execute(
                "insert into core.customers (tenant_id, id, email, name, created_at, updated_at)"
                " values (%s, %s, 'a@example.com', 'A', core.clock(), core.clock())",
                (tenant.id, uuid4()),
            )
        )

    assert refusal.sqlstate == "42501"


def test_every_foreign_key_names_the_tenant(api: Api) -> None:
    """A row cannot refer to another tenant's: tenant_id is in every key.

    Except for references to the tenant itself and to the shared tables.

    Cases: P-7
    Proves: ASVS 8.4.1
    """
    query = """
        select c.conname
        from pg_constraint as c
        where c.contype = 'f' and c.connamespace::regnamespace::text in ('core', 'audit', 'ledger')
            and c.confrelid::regclass::text <> all (%s)
            and not exists (
                select from unnest(c.conkey, c.confkey) as k (here, there)
                join pg_attribute as h on h.attrelid = c.conrelid and h.attnum = k.here
                join pg_attribute as t on t.attrelid = c.confrelid and t.attnum = k.there
                where h.attname = 'tenant_id' and t.attname in ('tenant_id', 'id')
                    and (t.attname = 'tenant_id' or c.confrelid = 'core.tenants'::regclass))
    """

    assert api.database.rows(query, sorted(SHARED)) == []


def test_a_row_cannot_move_to_another_tenant(api: Api, tenant: Tenant) -> None:
    """A composite foreign key refuses a booking whose resource is another tenant's."""
    filled(api, tenant)
    other = Tenant(api.database)

    refusal = refused(
        lambda: api.database.execute(
            "insert into core.resource_offerings select %s, resource_id, offering_id, booking_mode"
            " from core.resource_offerings",
            other.id,
        )
    )

    assert (refusal.sqlstate, refusal.constraint) == ("23503", "resource_offerings_resource_mode")


def test_another_tenants_key_reaches_nothing(api: Api) -> None:
    """Each function that names a booking or a resource answers KHNTF to another tenant's secret
    key, and every other one with what that tenant has, which is nothing.

    Cases: P-7, E-3.5
    Proves: ASVS 8.2.2, 8.4.1, API1:2023
    """
    made = things(api)
    stranger = made.credentials["another tenant's secret"]
    before = digests(api.database)

    refused_with = {f: made.outcome(f, stranger) for f in EXAMPLES}
    answered = [f for f, outcome in refused_with.items() if outcome == "ok"]
    answers = {f: made.call(f, stranger) for f in answered}

    assert {refused_with[f] for f in EXAMPLES if f not in answered} == {"KHNTF"}
    of_its_key = answers.pop("rate_policy")  # how often the caller's own key may ask
    assert of_its_key["kind"] == "secret"
    found = [found for answer in answers.values() for found in answer.values() if found]
    assert found == ["grace@example.com"]  # the requested mailbox and nothing else
    assert digests(api.database) == before


def test_a_refund_of_another_tenant_is_unknown(api: Api, tenant: Tenant) -> None:
    """The tenant in a refund's metadata must be the one whose refund it is."""
    filled(api, tenant)
    refund_id = api.database.value("select id from core.refunds limit 1")
    told = {
        "id": "re_1",
        "metadata": {"refund_id": str(refund_id), "tenant_id": str(Tenant(api.database).id)},
    }

    answer = api.call("settle_refund", stripe_event(), "succeeded", told)

    assert answer == {"result": "unknown"}
