"""The headers of the stored functions are true about locks; docs/locking.md repeats them."""

import re

from dev.generators.locks import DOCUMENT, files, header, locks
from tests.harness.database.doorways import IS_FUNCTION_OF_TODAY
from tests.harness.database.migrated import Database
from tests.harness.database.rules import rules

TAKES_LOCK = re.compile(
    r"for (no key )?update\b|pg_(try_)?advisory|on conflict \(tenant_id, id\) do nothing"
)
LOCKERS = re.compile(r"core\.(lock_days|lock_booking|expire_stale_holds|settle|record_refund)\(")


def test_headers_do_not_hide_locks() -> None:
    """A body that takes a lock has a header that says so."""
    silent = {
        name
        for name, text in files().items()
        if TAKES_LOCK.search(_body(text)) and header(text, "Locks").startswith("none")
    }

    assert silent == set()


def test_headers_name_the_lock_of_days() -> None:
    """The header of every function that calls core.lock_days, itself or through core.settle, names
    days.
    """
    callers = {n: t for n, t in files().items() if "perform core.lock_days(" in _body(t)}

    assert len(callers) >= 2
    for name, text in callers.items():
        assert "days" in header(text, "Locks"), name


def test_days_are_locked_before_bookings() -> None:
    """In a body that locks both, the days come first."""
    for name, text in files().items():
        body = _body(text)
        row_lock = re.search(r"for no key update|core\.lock_booking\(", body)
        if "core.lock_days(" in body and row_lock:
            assert body.index("core.lock_days(") < row_lock.start(), name


def test_bookings_are_never_locked_for_update() -> None:
    """`for update` would conflict with the share lock of an event's foreign key, which only the one
    function that deletes bookings wants.
    """
    for name, text in files().items():
        if name == "core.delete_booking":
            continue
        for statement in re.findall(r"core\.bookings as.*?;", _body(text), re.DOTALL):
            assert not re.search(r"for update", statement.split(" loop")[0]), name


def test_functions_that_wait_have_a_time_limit(database: Database) -> None:
    """Each function of schema api whose header names a lock has a lock_timeout."""
    query = f"""
        select 'api.' || p.proname as name,
            coalesce(p.proconfig, '{{}}') @> '{{lock_timeout=3s}}' as limited
        from pg_proc as p where {IS_FUNCTION_OF_TODAY}
    """
    limited = {name for name, yes in database.rows(query) if yes}

    locking = {name for name in locks() if name.startswith("api.")}
    assert locking == limited


def test_functions_that_lock_are_volatile(database: Database) -> None:
    """A stable function would read with the snapshot from before the wait."""
    query = (
        "select pronamespace::regnamespace || '.' || proname from pg_proc where provolatile = 'v'"
    )
    volatile = {name for (name,) in database.rows(query)}

    lockers = {name for name, text in files().items() if LOCKERS.search(_body(text))}
    assert lockers | set(locks()) <= volatile


def test_the_backstops_exist(database: Database) -> None:
    """Every constraint, rule, index or trigger that the document and the headers rely on exists."""
    section = DOCUMENT.read_text(encoding="utf-8").split("## What judges")[1].split("\n## ")[0]
    named = set(re.findall(r"\| (?:trigger )?`(\w+)` \|$", section, re.MULTILINE))
    tables = database.rows(
        "select relname from pg_class where relnamespace = 'core'::regnamespace and relkind = 'r'"
    )
    of_a_table = re.compile(rf"\b(?:{'|'.join(table for (table,) in tables)})_\w+")
    for text in files().values():
        named |= set(of_a_table.findall(header(text, "Backstop")))

    existing = {
        name
        for (name,) in database.rows(
            "select conname from pg_constraint union select relname from pg_class"
            " union select tgname from pg_trigger"
        )
    } | set(rules(database))
    assert len(named) > 15
    assert named <= existing


def _body(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
