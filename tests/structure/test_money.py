"""What moves money goes through few doors, each named here."""

import re
from pathlib import Path

from dev.generators.call_graph import call_graph
from tests.harness.database.cluster import SQL_DIR

_CALLS = call_graph(SQL_DIR)
_WRITES = re.compile(r"\bset(?: \w+ = [^;]*?,)?\s+payment_status =", re.DOTALL)


def _callers(function: str) -> set[str]:
    return {name for name, callees in _CALLS.items() if function in callees}


def _code(path: Path) -> str:
    return re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))


def _writing(table: str) -> set[str]:
    """The functions that insert into a table, or change it."""
    pattern = re.compile(rf"(?:insert into|update|delete from) {table}\b")
    files = (SQL_DIR / "functions").rglob("*.sql")
    return {path.stem for path in files if pattern.search(_code(path))}


def test_money_goes_back_through_one_door() -> None:
    """A refund is a part of a return, or takes the place of one that failed.

    Cases: E-2.3
    """
    assert _callers("core.queue_refund") == {
        *("core.pay_back", "core.take_back", "core.repeat_refund"),
    }
    assert _callers("core.take_back") == {"core.pay_back"}
    assert _writing(r"core\.returns") == {"pay_back"}
    assert _writing(r"core\.refunds") == {"queue_refund", "record_refund", "repeat_refund"}


def test_the_books_are_written_in_one_place() -> None:
    """Journals and postings by core.post alone, and accounts also by who makes and locks them."""
    assert _writing(r"ledger\.journals") == _writing(r"ledger\.postings") == {"post"}
    assert _writing(r"ledger\.accounts") == {"post", "lock_accounts"}


def test_who_posts_has_locked_its_accounts() -> None:
    """The functions that post lock all accounts first, and nothing else locks them."""
    assert _callers("core.post") == _callers("core.lock_accounts")


def test_what_a_booking_says_of_its_money_is_derived() -> None:
    """Two functions write it, both what core.derived_payment_status says."""
    files = (SQL_DIR / "functions").rglob("*.sql")
    writing = {path.stem for path in files if _WRITES.search(_code(path))}

    assert writing == {"transition_booking", "derive_payment_status"}
    assert _callers("core.derived_payment_status") == {
        *("core.transition_booking", "core.derive_payment_status"),
    }
