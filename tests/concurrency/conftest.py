"""Fixtures of the races."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.clients.db_client import DbClient
from tests.harness.database.migrated import Database


@pytest.fixture
def db_client(database: Database, tmp_path: Path) -> Iterator[DbClient]:
    """The stored functions of a demo tenant, its clock on a Monday at 6:00 UTC."""
    with DbClient(database, tmp_path) as opened:
        yield opened
