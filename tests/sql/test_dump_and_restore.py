"""A dump of the database restores completely with pg_dump and pg_restore.

A check constraint that calls a function of its own table's row type makes a circle, which pg_dump
breaks: table, function, rows, constraint. The rows are examined while search_path is empty.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.programs.postgres_binaries import binaries
from holdfast.migrations import migrate
from tests.harness.clients.calls import Api, refused
from tests.harness.database.builders import NOW, Tenant
from tests.harness.database.cluster import SQL_DIR, Server
from tests.harness.database.migrated import Database, empty_database, fresh_database
from tests.harness.database.rules import sound
from tests.harness.laws.invariants import violations

_SCHEMA = """
select conrelid::regclass::text, conname, convalidated,
    translate(pg_get_constraintdef(oid), '()', '') -- reading a dump adds parentheses
from pg_constraint where connamespace::regnamespace::text in ('core', 'audit', 'ledger')
union all
select p.oid::regprocedure::text, p.proowner::regrole::text, p.prosecdef,
    (select string_agg(a::text, ',' order by a::text) from unnest(p.proacl) as a)
from pg_proc as p where p.pronamespace::regnamespace::text in ('core', 'api')
order by 1, 2, 4
"""


def _run(program: str, *arguments: str) -> None:
    subprocess.run([binaries() / program, *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def original(server: Server) -> Iterator[Database]:
    """A tenant's data in the middle of its day."""
    with fresh_database(server) as database:
        database.clock.set(NOW)
        api = Api(database)
        offer = Tenant(database).offer(capacity=4)
        api.paid(offer)
        api.checkout(api.hold(offer))
        api.hold(offer)
        yield database
        api.close()


@pytest.fixture(scope="module", params=["one after the other", "in parallel"])
def restored(
    server: Server,
    original: Database,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Database]:
    """Its dump, restored by pg_restore into an empty database."""
    dump = tmp_path_factory.mktemp("dump") / "holdfast"
    _run("pg_dump", "--format=custom", f"--file={dump}", original.url())
    jobs = ["--jobs=2"] if request.param == "in parallel" else ["--single-transaction"]
    with empty_database(server) as database:
        _run("pg_restore", "--exit-on-error", *jobs, f"--dbname={database.url()}", str(dump))
        yield database


def test_everything_is_there(original: Database, restored: Database) -> None:
    """Constraints, validated; functions with their owners and grants; rows that keep every law."""
    assert restored.rows(_SCHEMA) == original.rows(_SCHEMA)
    assert violations(restored) == []
    for table in (each.table for each in sound(original)):
        query = f"select * from {table} order by 1, 2"
        assert restored.rows(query) == original.rows(query)


def test_it_goes_on(restored: Database) -> None:
    """Every login calls its functions, and a row that breaks a rule is refused with the rule's
    name.
    """
    api = Api(restored)
    offer = Tenant(restored).offer(capacity=4)

    paid = api.paid(offer)
    api.call("release_hold", (held := api.hold(offer)).actor, held.id, None)
    refusal = refused(restored.execute, "update core.bookings set amount = 0")
    api.close()

    assert (paid.held.row.status, held.row.status) == ("scheduled", "expired")
    assert (refusal.sqlstate, refusal.constraint) == ("23514", "bookings_amount_in_range")


def test_nothing_is_left_to_migrate(restored: Database) -> None:
    """The runner finds the files as they were applied."""
    report = migrate(restored.url(), SQL_DIR)

    assert report.applied == ()


def test_a_row_that_breaks_a_rule_is_not_restored(server: Server, tmp_path: Path) -> None:
    """If a dump has such a row, the restoration names the rule and stops."""
    dump = str(tmp_path / "dump")
    with fresh_database(server) as database, empty_database(server) as target:
        database.clock.set(NOW)
        api = Api(database)
        api.hold(Tenant(database).offer())
        api.close()
        definition = database.value("select pg_get_functiondef('core.sound_booking'::regproc)")
        database.execute(definition.replace("<= 2000", "<= 3000"))
        database.execute("update core.bookings set notes = repeat('x', 2001)")
        database.execute(definition)
        _run("pg_dump", "--format=custom", f"--file={dump}", database.url())

        with pytest.raises(subprocess.CalledProcessError) as failed:
            _run("pg_restore", "--exit-on-error", f"--dbname={target.url()}", dump)

    assert b'violates check constraint "bookings_notes_short"' in failed.value.stderr
