"""Fixtures of the races."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.clients.desk import Desk
from tests.harness.database.migrated import Database


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    """The stored functions of a demo tenant, its clock on a Monday at 6:00 UTC."""
    with Desk(database, tmp_path) as opened:
        yield opened
