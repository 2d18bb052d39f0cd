"""The harness itself: what the other tests rely on."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dev.programs.processes import is_alive, wait_for_exit
from tests.harness.database.cluster import ROOT
from tests.harness.database.concurrency import wait_until
from tests.harness.database.migrated import Database

NOON = datetime(2031, 3, 30, 12, tzinfo=UTC)


def test_the_clock_stands_and_moves(database: Database) -> None:
    """A clock that was set stands still until it is moved; all sessions and roles see the same."""
    database.clock.set(NOON)
    with database.connect() as other:
        other.execute("select 1")  # its transaction began before the clock was set
        database.clock.advance(timedelta(minutes=5))
        row = other.execute("select core.clock()").fetchone()

    assert row == (NOON + timedelta(minutes=5),)
    assert database.clock.now() == NOON + timedelta(minutes=5)


def test_the_clock_runs_shifted(database: Database) -> None:
    """A clock that was only advanced keeps running, and can be reset."""
    database.clock.advance(timedelta(days=40))
    first, second = database.clock.now(), database.clock.now()
    database.clock.real()

    assert timedelta(0) < second - first < timedelta(minutes=1)
    assert abs(database.clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_racers_start_together_and_fail_apart(race: Callable[..., list[Any]]) -> None:
    """Each racer's result or exception is returned in its place."""
    present = threading.Barrier(8)  # passes only if all eight run at once

    def meet() -> int:
        present.wait(10)
        return 7

    def fail() -> int:
        present.wait(10)
        raise ValueError("lost")

    outcomes = race([meet, fail] * 4)

    assert outcomes[::2] == [7] * 4
    assert [str(outcome) for outcome in outcomes[1::2]] == ["lost"] * 4


def test_a_blocked_session_is_seen(database: Database, blocked: Callable[..., None]) -> None:
    """`blocked` returns once the session waits for a lock, and fails if it never does."""
    lock = "select pg_advisory_xact_lock(1)"
    with database.connect() as holder, database.connect() as waiter:
        with pytest.raises(TimeoutError):
            blocked(waiter.info.backend_pid, timeout=0.05)
        holder.execute(lock)
        thread = threading.Thread(target=waiter.execute, args=(lock,))
        thread.start()

        blocked(waiter.info.backend_pid)

        holder.rollback()
        thread.join(10)
        assert not thread.is_alive()


def test_databases_do_not_share(database: Database, bare_database: Database) -> None:
    """Every test has its own database, with all the checks that PL/pgSQL offers."""
    assert database.name != bare_database.name
    assert bare_database.value("select to_regnamespace('core')") is None
    assert database.value("select current_setting('plpgsql.extra_errors')") == "all"
    with pytest.raises(psycopg.errors.DatatypeMismatch, match="strict_multi_assignment"):
        database.execute("do $$ declare a int; b int; begin select 1 into a, b; end $$")


def test_a_killed_run_leaves_nothing() -> None:
    """When the controlling process is killed, its guard stops the server and removes its data."""
    program = (
        "import os, signal; from tests.harness.database import cluster\n"
        "cluster.open_run(); cluster.cluster()\n"
        "print(cluster.run_folder(), flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    paths = f"{ROOT}{os.pathsep}{ROOT / 'layers/core'}"
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment | {"PYTHONPATH": paths},
    ) as run:
        assert run.stdout is not None
        folder = Path(run.stdout.readline().strip())
        pid = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])

    assert run.returncode == -signal.SIGKILL
    assert wait_for_exit(pid, 30)
    wait_until(lambda: not folder.exists(), timeout=30)
    assert not is_alive(pid)
