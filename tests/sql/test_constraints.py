"""Every named constraint refuses what it is meant to refuse.

The list of constraints comes from the catalogue, that of the rules in a sound function from its
text: a new one fails here until `tests/harness/database/violations.py` or a file beside it has a
statement that violates it.
"""

from collections.abc import Iterator

import psycopg
import pytest

from tests.harness.clients.calls import Api, refused
from tests.harness.database.builders import NOW, Tenant
from tests.harness.database.cluster import Server
from tests.harness.database.migrated import Database, fresh_database
from tests.harness.database.rules import rules
from tests.harness.database.scheduled_rows import fill
from tests.harness.database.violations import COPY, VIOLATIONS
from tests.harness.database.violations_of_money import MONEY
from tests.harness.database.violations_of_retention import RETENTION
from tests.harness.database.violations_of_scheduling import SCHEDULING

CASES = VIOLATIONS | SCHEDULING | RETENTION | MONEY

_NAMES = """
-- 'n' is not null; PostgreSQL 18 lists those here too
select c.conname
from pg_constraint as c
where c.connamespace::regnamespace::text in ('core', 'audit', 'ledger')
    and c.contype in ('f', 'p', 'u', 'x')
    -- columns among which some are unique already are unique anyway: such a constraint is there
    -- for the composite foreign keys that refer to it
    and not (c.contype in ('p', 'u') and exists (
        select from pg_constraint as k
        where k.conrelid = c.conrelid and k.contype in ('p', 'u')
            and k.conkey <@ c.conkey and not c.conkey <@ k.conkey))
union all
select i.indexrelid::regclass::text
from pg_index as i
join pg_class as c on c.oid = i.indrelid
where c.relnamespace::regnamespace::text in ('core', 'audit', 'ledger') and i.indisunique
    and not exists (select from pg_constraint as k where k.conindid = i.indexrelid)
"""


@pytest.fixture(scope="module")
def filled(server: Server) -> Iterator[Database]:
    """Rows in every table: bookings held, pending, scheduled and expired; payments and refunds."""
    with fresh_database(server) as database:
        database.clock.set(NOW)
        database.execute(COPY)
        api = Api(database)
        tenant = Tenant(database)
        tenant.offer(duration=None)
        offer = tenant.offer(capacity=4)
        api.paid(offer)
        api.hold(offer)
        wrong = api.checkout(api.hold(offer))
        api.settle(wrong, "paid", amount_total=1000)
        (refund,) = api.claim()
        api.finish(refund, "done", status="pending", refund={"id": "re_1"})
        leaving = api.checkout(api.hold(offer))
        api.call("release_hold", leaving.held.actor, leaving.held.id, None)
        fill(offer)
        yield database
        api.close()


def test_every_constraint_has_a_case(filled: Database) -> None:
    """The rules, keys and unique indexes of the database are the cases, by name.

    Cases: P-2, P-4
    """
    names = {name.rpartition(".")[2] for (name,) in filled.rows(_NAMES)}

    assert names | set(rules(filled)) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_constraint_refuses_what_violates_it(filled: Database, name: str) -> None:
    """Each statement is refused by the expected constraint.

    Cases: P-2, P-4
    """
    with filled.connect() as connection:
        refusals = []
        for statement, parameters in CASES[name]:
            connection.execute("set constraints all immediate")
            refusals.append(refused(connection.execute, statement.encode(), parameters))
            connection.rollback()

    assert {refusal.constraint for refusal in refusals} == {name}


def test_a_sound_function_refuses_as_a_constraint_does(filled: Database) -> None:
    """State, schema, table and text of a refusal are PostgreSQL's own; the row is not quoted."""
    with filled.connect() as connection:
        with pytest.raises(psycopg.errors.CheckViolation) as refusal:
            connection.execute("update core.bookings set notes = repeat('x', 2001)")
        connection.rollback()
    said = refusal.value.diag

    assert (said.schema_name, said.table_name, said.constraint_name) == (
        *("core", "bookings"),
        "bookings_notes_short",
    )
    assert said.message_primary == (
        'new row for relation "bookings" violates check constraint "bookings_notes_short"'
    )
    assert said.message_detail is None


def test_names_tell_the_table_and_the_fact(filled: Database) -> None:
    """Only primary keys have a name that PostgreSQL made up."""
    query = """
        select c.conname
        from pg_constraint as c
        where c.connamespace::regnamespace::text in ('core', 'audit', 'ledger')
            and c.contype in ('c', 'f', 'u', 'x')
            and (not starts_with(c.conname, (
                    select t.relname from pg_class as t where t.oid = c.conrelid) || '_')
                or c.conname ~ '_(check|fkey|key|excl)[0-9]*$')
    """

    assert filled.rows(query) == []
