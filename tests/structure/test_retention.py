"""Nothing grows for ever: every table has what ends its rows, what bounds it, or why it is kept."""

import re
from pathlib import Path

from dev.generators import files, generate, kept
from tests.harness.database.cluster import ROOT, SQL_DIR
from tests.harness.database.migrated import Database

_DELETES = re.compile(r"\bdelete from ((?:core|audit)\.\w+)")
_DAYS = re.compile(r"`(keep_\w+)`(?:[^`(]*)\((\d+)\)")


def _tables(database: Database) -> set[str]:
    rows = database.rows(
        "select c.oid::regclass::text from pg_class as c where c.relkind in ('r', 'p')"
        " and c.relnamespace::regnamespace::text in ('core', 'api', 'audit', 'ledger')"
    )
    return {row[0] for row in rows}


def _deleted_by(function: str) -> set[str]:
    schema, name = function.split(".")
    (path,) = Path(SQL_DIR, "functions", schema).rglob(f"{name}.sql")
    text = path.read_text(encoding="utf-8")
    return set(_DELETES.findall(re.sub(r"--[^\n]*", "", text)))


def test_every_table_has_its_line(database: Database) -> None:
    """A new table fails here until its retention is decided.

    Proves: ASVS 14.1.1, 14.1.2
    """
    assert _tables(database) == set(kept.TABLES)


def test_what_is_swept_is_deleted_by_the_functions_named() -> None:
    """And they delete from no table that is kept."""
    for name, line in kept.TABLES.items():
        assert (line.policy == "swept") == bool(line.by), name
        assert [by for by in line.by if name not in _deleted_by(by)] == []
    sweeping = {by for line in kept.TABLES.values() for by in line.by}
    deleted = {table for by in sweeping for table in _deleted_by(by)}

    assert {table for table in deleted if kept.TABLES[table].policy != "swept"} == set()


def test_the_days_are_those_of_the_settings(database: Database) -> None:
    """What the document says in brackets is the column's default."""
    said = {match for line in kept.TABLES.values() for match in _DAYS.findall(line.how_long)}
    rows = database.rows(
        "select column_name, column_default from information_schema.columns"
        " where table_schema = 'core' and table_name = 'tenants'"
        " and starts_with(column_name, 'keep_')"
    )

    assert said == {(name, default) for name, default in rows}


def test_the_document_has_the_lines() -> None:
    """docs/privacy.md is what dev/generators/kept.py says."""
    assert files.difference(generate.GENERATED["privacy"]) == ""
    assert kept.table() in (ROOT / "docs/privacy.md").read_text(encoding="utf-8")
