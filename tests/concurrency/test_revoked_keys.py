"""A key that is revoked while its call waits for a lock is refused.

Each function that changes something for a caller waits here for a transaction that has locked every
row. Meanwhile the caller's key is revoked, and the revocation committed. Then the other transaction
ends.
"""

from collections.abc import Iterator

import pytest

from tests.harness.clients.calls import Api
from tests.harness.clients.db_client import DbClient, background, refusal
from tests.harness.clients.examples import EXAMPLES, Things, things
from tests.harness.database import guardless
from tests.harness.database.builders import NOW
from tests.harness.database.cluster import SQL_DIR
from tests.harness.database.concurrency import wait_until_blocked
from tests.harness.database.digests import digests
from tests.harness.database.migrated import Database
from tests.harness.laws.invariants import violations

TEN = "2027-01-11T10:00:00Z"

# functions that act for a caller and wait for locks
WRITERS = sorted(
    path.stem
    for path in (SQL_DIR / "functions" / "api").rglob("*.sql")
    if "core.authorize(" in path.read_text() and "set lock_timeout" in path.read_text()
)
_LOCKED_ROWS = (
    *("bookings", "calendar_feeds", "calendars", "checkouts", "customers", "effects", "offerings"),
    *("resources", "waitlist"),
)


@pytest.fixture
def made(database: Database) -> Iterator[Things]:
    """A tenant with something of every kind."""
    database.clock.set(NOW)
    api = Api(database)
    yield things(api)
    api.close()


def _rows(database: Database) -> dict[str, str]:
    return digests(database, without=("core.api_keys",))


def _outcome(made: Things, function: str) -> BaseException | None:
    """The outcome of an allowed call whose key is revoked while it waits."""
    credentials = made.credentials
    answers = dict(zip(credentials, EXAMPLES[function].answers.split(), strict=True))
    actor = next(who for name, who in credentials.items() if answers[name] == "ok")
    database, caller = made.api.database, made.api.connection(function)
    with database.connect() as holder:
        holder.execute("select core.lock_rules(array(select id from core.resources))")
        for table in _LOCKED_ROWS:
            holder.execute(f"select from core.{table} for update".encode())
        waiting = background(lambda: made.call(function, actor))
        wait_until_blocked(database, caller.info.backend_pid)
        database.execute("update core.api_keys set revoked_at = %s", NOW)
        holder.rollback()
    return waiting.exception(10)


def test_some_functions_change_something() -> None:
    """The functions found by their text are those in the grants that have an example; there are
    many.
    """
    assert len(WRITERS) >= 16
    assert set(WRITERS) <= set(EXAMPLES)


@pytest.mark.parametrize("function", WRITERS)
def test_a_key_revoked_while_its_call_waits_acts_no_more(made: Things, function: str) -> None:
    """401 after the wait, and nothing is changed.

    Cases: E-3.7, P-7
    Proves: ASVS 7.4.1, 8.3.2, 15.4.2, API2:2023
    """
    before = _rows(made.api.database)

    error = _outcome(made, function)

    assert refusal(error) == "KHAUT"
    assert _rows(made.api.database) == before
    assert violations(made.api.database) == []


@pytest.mark.parametrize("function", WRITERS)
def test_twin_that_does_not_ask_again_lets_it_act(made: Things, function: str) -> None:
    """Without the second check of the key, the call succeeds as if nothing had happened."""
    guardless.forget_revocation(made.api.database)

    error = _outcome(made, function)

    assert error is None


def test_a_repeat_that_waited_is_not_answered_either(db_client: DbClient) -> None:
    """A repeat that waits for the first call is checked again before it gets the answer.

    Proves: ASVS 7.4.1, 8.3.2
    """
    customer = {"name": "Grace", "email": "grace@example.com"}
    calls = [db_client.hold_call(TEN, key="the-key", customer=customer) for _ in range(2)]
    earlier, _ = db_client.begin(calls[0])
    _, waiting = db_client.start(calls[1])
    db_client.database.execute("update core.api_keys set revoked_at = core.clock()")
    earlier.commit()

    assert refusal(waiting.exception(10)) == "KHAUT"
