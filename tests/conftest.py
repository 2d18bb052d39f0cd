"""Fixtures of all tests. Their parts are in `tests/harness`."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.stripe_double.double import Double
from tests.harness.clients.db_client import MONDAY
from tests.harness.database import cluster, concurrency
from tests.harness.database.migrated import (
    Clock,
    Database,
    demo_database,
    empty_database,
    fresh_database,
)
from tests.harness.running import chromium
from tests.harness.system.in_process import System, running_dynamodb
from tests.harness.system.setup import at_start


def pytest_configure(config: pytest.Config) -> None:
    """The controlling process, which is not a worker, opens the run."""
    if not hasattr(config, "workerinput"):
        cluster.open_run()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests that share an expensive resource run on one worker."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from tests.harness.running.together import Together  # noqa: PLC0415 there may be no xdist

    return Together(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    """All workers have ended: nothing of the run stays."""
    if not hasattr(config, "workerinput"):
        cluster.close_run()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once, in the summary, what this machine cannot run."""
    if chromium.executable() is None:
        terminalreporter.write_line(chromium.MISSING, red=True, bold=True)


@pytest.fixture(scope="session")
def server() -> cluster.Server:
    """The PostgreSQL server of this run."""
    return cluster.cluster()


@pytest.fixture
def database(server: cluster.Server, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated database for this test; with the demo tenant if the test needs something to
    book.
    """
    if "db_client" in request.fixturenames:
        copy = demo_database(server, MONDAY)
    elif "system" in request.fixturenames:
        copy = demo_database(server)
    else:
        copy = fresh_database(server)
    with copy as fresh:
        yield fresh


@pytest.fixture
def bare_database(server: cluster.Server) -> Iterator[Database]:
    """A database without any schema of ours."""
    with empty_database(server) as bare:
        yield bare


@pytest.fixture
def clock(database: Database) -> Clock:
    """The clock of this test's database: `clock.set(instant)`, `clock.advance(duration)`."""
    return database.clock


@pytest.fixture
def race() -> Callable[..., list[Any]]:
    """`race(action, racers=32)`: results or exceptions of threads that start together."""
    return concurrency.race


@pytest.fixture
def blocked(database: Database) -> Callable[..., None]:
    """`blocked(pid)`: wait until the session of that backend waits for a lock."""
    return lambda pid, timeout=10: concurrency.wait_until_blocked(database, pid, timeout)


@pytest.fixture
def stripe_double() -> Iterator[Double]:
    """A Stripe for this test; `dev.stripe_double.server.running` puts it on a port."""
    double = Double()
    yield double
    double.close()


@pytest.fixture(scope="session")
def dynamodb() -> Iterator[str]:
    """Address of this worker's DynamoDB, its tables made from template.yaml."""
    with running_dynamodb() as url:
        yield url


@pytest.fixture
def system(database: Database, dynamodb: str, tmp_path: Path) -> Iterator[System]:
    """The whole system on a Monday morning, in this process, with its own database and Stripe.

    Stripe's events wait until the test delivers them.
    """
    running = System(database, dynamodb, tmp_path)
    yield at_start(running)
    running.stop()
