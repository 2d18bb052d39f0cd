"""PostgreSQL ends under a running stack, and the stack brings it back."""

import os
import signal
import time
from typing import Any

import psycopg
import pytest

from dev.programs.processes import wait_for_exit
from tests.harness.database.concurrency import wait_until
from tests.stack.conftest import StartStack
from tests.stack.running import Answer, Stack

pytestmark = pytest.mark.stack

_PATIENCE = 30.0  # seconds


def server(stack: Stack) -> int:
    """The process id of the stack's PostgreSQL server."""
    return int((stack.folder / "postgres" / "postmaster.pid").read_text().split()[0])


def until_answered(stack: Stack, slot: dict[str, Any], key: str) -> tuple[Answer, set[int]]:
    """Hold a time, repeating as the API asks; returns the answer and the statuses before it."""
    statuses = set()
    deadline = time.monotonic() + _PATIENCE
    while (held := stack.hold(slot, idempotency_key=key)).status != 201:
        statuses.add(held.status)
        assert held.status == 503, held
        assert time.monotonic() < deadline, held
        time.sleep(int(held.headers["retry-after"]) / 10)
    return held, statuses


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGQUIT, signal.SIGINT])
def test_a_server_that_ends_is_started_again(new_stack: StartStack, number: signal.Signals) -> None:
    """Killed, crashed or stopped: what was committed is there, and requests succeed again."""
    stack = new_stack().up()
    first, second = stack.slots()[0], stack.slots()[-1]
    before = stack.hold(first, idempotency_key="before-the-server-died")
    assert before.status == 201, before
    killed = server(stack)
    os.kill(killed, number)
    assert wait_for_exit(killed, _PATIENCE)

    after, statuses = until_answered(stack, second, "after-the-server-died")

    assert after.status == 201
    assert statuses <= {503}
    assert server(stack) != killed
    assert stack.hold(first, idempotency_key="before-the-server-died").body == before.body
    assert "postgres ended, starting it again" in stack.said()


def test_a_server_that_keeps_ending_stops_the_stack(new_stack: StartStack) -> None:
    """Instead of starting it for ever, the stack says so and ends."""
    stack = new_stack().up()
    assert stack.process is not None
    for _ in range(4):
        wait_until(lambda: _answers(stack), timeout=_PATIENCE, what="PostgreSQL to answer")
        os.kill(server(stack), signal.SIGKILL)

    assert stack.process.wait(_PATIENCE) == 1
    assert "PostgreSQL keeps ending" in stack.said()


def _answers(stack: Stack) -> bool:
    try:
        with psycopg.connect(stack.manifest["database"], connect_timeout=2) as connection:
            connection.execute("select")
    except psycopg.OperationalError:
        return False
    return True
