"""One system for all the refusals of a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.database import cluster
from tests.harness.database.migrated import demo_database
from tests.harness.system.in_process import System
from tests.harness.system.setup import at_start


@pytest.fixture(scope="module")
def shared_system(
    server: cluster.Server, dynamodb: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """One system for a whole module, whose tests prove that they change nothing in it."""
    folder: Path = tmp_path_factory.mktemp("shared_system")
    with demo_database(server) as database:
        running = System(database, dynamodb, folder)
        yield at_start(running)
        running.stop()
