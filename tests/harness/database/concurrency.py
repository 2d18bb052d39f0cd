"""Racing, and waiting for what another session does."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from tests.harness.database.migrated import Database

Result = TypeVar("Result")
_POLL_SECONDS = 0.005


def race(
    action: Callable[[], Result] | Sequence[Callable[[], Result]],
    racers: int = 32,
    timeout: float = 60,
) -> list[Result | Exception]:
    """Run an action in many threads that start together, or each action of a sequence in its own.

    Returns:
        What each returned or raised, in the order of the racers.

    Raises:
        TimeoutError: a racer has not finished after `timeout` seconds.
    """
    actions = [action] * racers if callable(action) else list(action)
    outcomes: dict[int, Result | Exception] = {}
    start = threading.Barrier(len(actions))

    def run(number: int) -> None:
        start.wait()
        try:
            outcomes[number] = actions[number]()
        except Exception as error:
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=(n,), daemon=True) for n in range(len(actions))]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + timeout
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
    if len(outcomes) < len(actions):
        raise TimeoutError(f"{len(actions) - len(outcomes)} of {len(actions)} racers hang")
    return [outcomes[number] for number in range(len(actions))]


def wait_until(condition: Callable[[], object], timeout: float = 10, what: str = "") -> None:
    """Wait until the condition is truthy, looking every 5 ms.

    Raises:
        TimeoutError: it was not within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what or "the condition did not come true")
        time.sleep(_POLL_SECONDS)


def wait_until_blocked(database: Database, pid: int, timeout: float = 10) -> None:
    """Wait until the session of that backend process waits for a lock.

    `pid` is `connection.info.backend_pid`, taken before the statement is sent from a thread.

    Raises:
        TimeoutError: it did not come to wait.
    """
    query = "select count(*) from pg_stat_activity where pid = %s and wait_event_type = 'Lock'"
    wait_until(lambda: database.value(query, pid), timeout, f"backend {pid} waits for no lock")


def wait_until_waiting(database: Database, sessions: int, timeout: float = 10) -> None:
    """Wait until that many sessions of the database wait for locks.

    Raises:
        TimeoutError: so many did not come to wait.
    """
    query = (
        "select count(*) from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )
    wait_until(
        lambda: database.value(query) >= sessions, timeout, f"fewer than {sessions} sessions wait"
    )
