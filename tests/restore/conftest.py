"""A server with backups, for all tests of a worker, and a shop on it for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.restore.archived import Archived, archived
from tests.restore.story import Story


@pytest.fixture(scope="session")
def backed_up() -> Iterator[Archived]:
    with archived() as running:
        yield running


@pytest.fixture
def story(backed_up: Archived, dynamodb: str, tmp_path: Path) -> Iterator[Story]:
    opened = Story(backed_up, dynamodb, tmp_path)
    yield opened
    opened.stop()
