"""What a check constraint that calls a function needs, to be as good as one with the text itself.

PostgreSQL examines the rows when such a constraint is added, and never again when the function
changes. So a function changes only in a migration that adds the constraint again (ADR 34).
"""

import re
from pathlib import Path

import pytest

from tests.harness.database.cluster import SQL_DIR
from tests.harness.database.migrated import Database
from tests.harness.database.rules import sound

FILES = sorted((SQL_DIR / "functions" / "core").rglob("sound_*.sql"))
MIGRATIONS = sorted((SQL_DIR / "migrations").glob("*.sql"))


def _definition(path: Path) -> str:
    """The statement in a function's file, without its header."""
    return re.sub(r"\A(--[^\n]*\n)+", "", path.read_text(encoding="utf-8")).strip()


def _migrations_of(path: Path) -> list[str]:
    """The text of each migration that creates the function of this file, the newest last."""
    creates = f"create or replace function core.{path.stem}("
    texts = [migration.read_text(encoding="utf-8") for migration in MIGRATIONS]
    return [text for text in texts if creates in text]


def test_files_are_the_constraints(database: Database) -> None:
    """Each function called sound_… is called by a constraint, and no constraint calls another."""
    called = [each.function for each in sound(database)]

    assert sorted(called) == sorted(f"core.{path.stem}" for path in FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_function_changes_in_a_migration(path: Path) -> None:
    """The newest migration that creates a function has the text of its file.

    Functions' files run after all migrations: a migration that writes rows by a new rule needs the
    new function before.
    """
    assert _definition(path) in _migrations_of(path)[-1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_migration_has_all_rows_examined(path: Path, database: Database) -> None:
    """Each migration that creates such a function adds its constraint again, validated.

    PostgreSQL then examines each row by the new rules, or refuses the migration.
    """
    (row,) = [each for each in sound(database) if each.function == f"core.{path.stem}"]
    table = row.table.rpartition(".")[2]
    adds = f"add constraint {row.constraint} check (core.{path.stem}({table}));"

    for text in _migrations_of(path):
        assert text.index(f"function core.{path.stem}(") < text.rindex(adds)


def test_a_table_has_all_its_rules_in_one_place(database: Database) -> None:
    """Beside a function there is no other check constraint: it would cost what the others did."""
    rows = database.rows(
        "select conrelid::regclass::text, conname from pg_constraint"
        " where contype = 'c' and convalidated and conrelid = any (%s::regclass[])",
        [each.table for each in sound(database)],
    )

    assert sorted(map(tuple, rows)) == sorted((e.table, e.constraint) for e in sound(database))


def test_rules_are_asked_in_the_order_of_their_names(database: Database) -> None:
    """As PostgreSQL checks constraints: of several broken ones the same is named as before."""
    for each in sound(database):
        schema, _, table = each.table.partition(".")

        assert list(each.rules) == sorted(each.rules)
        assert {name for name in each.rules if not name.startswith(f"{table}_")} == set()
        assert each.body.count("when ") == each.body.count("then '") == len(each.rules)
        assert f"schema = '{schema}', table = '{table}', constraint = v_broken" in each.body


def test_rules_are_about_the_row_alone(database: Database) -> None:
    """A function reads no table, calls no function of ours, and uses no setting and no clock.

    Otherwise it could answer differently when the rows are loaded again, and no constraint would
    protect what it calls.
    """
    for each in sound(database):
        assert re.findall(r"\b(core|api|audit|ledger|public)\.", each.body) == []
        assert re.findall(r"\b(select|perform|execute|current_setting|now)\b", each.body) == []
    kinds = database.rows(
        "select distinct provolatile::text, prosecdef, proconfig is null from pg_proc"
        " where oid = any (%s::regproc[])",
        [each.function for each in sound(database)],
    )

    assert [tuple(kind) for kind in kinds] == [("i", False, True)]


def test_owners_may_call(database: Database) -> None:
    """Only the two owners, in whose names all functions write."""
    rows = database.rows(
        "select distinct a.grantee::regrole::text as name"
        " from pg_proc as p cross join aclexplode(p.proacl) as a where p.oid = any (%s::regproc[])"
        " order by 1",
        [each.function for each in sound(database)],
    )
    writing = database.rows(
        "select distinct a.grantee::regrole::text as name"
        " from pg_class as c cross join aclexplode(c.relacl) as a"
        " where c.oid = any (%s::regclass[]) and a.privilege_type in ('INSERT', 'UPDATE')"
        " order by 1",
        [each.table for each in sound(database)],
    )

    assert [row.name for row in rows] == [row.name for row in writing]
    assert [row.name for row in rows] == ["holdfast_owner", "holdfast_system"]
