"""A deployed database is migrated to a newer version of the real schema's files."""

import shutil
from pathlib import Path

import pytest

from holdfast.migrations import migrate
from tests.harness.database.cluster import SQL_DIR
from tests.harness.database.migrated import Database


@pytest.mark.parametrize(
    "changed", ["functions/core/time/utc.sql", "functions/api/outbox/claim_effects.sql"]
)
def test_one_changed_function_can_be_deployed(
    bare_database: Database, tmp_path: Path, changed: str
) -> None:
    """A change of one file is applied to a live database, whichever role owns the unchanged
    functions.
    """
    migrate(bare_database.url(), SQL_DIR)
    newer = tmp_path / "sql"
    shutil.copytree(SQL_DIR, newer)
    file = newer / changed
    file.write_text(file.read_text(encoding="utf-8") + "\n-- newer\n", encoding="utf-8")
    owners = "select oid::regprocedure::text, proowner::regrole::text from pg_proc order by 1"
    before = bare_database.rows(owners)

    report = migrate(bare_database.url(), newer)

    assert changed in report.reapplied
    assert bare_database.rows(owners) == before


def test_the_list_of_capabilities_replaces_what_was_there(
    bare_database: Database, tmp_path: Path
) -> None:
    """What grants.sql no longer lists is revoked, and what it widens or narrows is changed."""
    migrate(bare_database.url(), SQL_DIR)
    rows = "select capability, kind, scope from core.capabilities order by 1, 2"
    listed = bare_database.rows(rows)
    bare_database.execute(
        "insert into core.capabilities values ('booking.invent', 'publishable', 'tenant')"
    )
    bare_database.execute("update core.capabilities set scope = 'tenant' where scope = 'own'")
    newer = tmp_path / "sql"
    shutil.copytree(SQL_DIR, newer)
    file = newer / "grants.sql"
    file.write_text(file.read_text(encoding="utf-8") + "\n-- newer\n", encoding="utf-8")

    migrate(bare_database.url(), newer)

    assert bare_database.rows(rows) == listed
