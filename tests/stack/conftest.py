"""Stacks of one test; ended and cleared with it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stack.running import Stack

StartStack = Callable[[], Stack]


@pytest.fixture
def new_stack(tmp_path: Path) -> Iterator[StartStack]:
    """Makes stacks that share one data folder and are not started yet."""
    made: list[Stack] = []

    def make() -> Stack:
        made.append(Stack(tmp_path / "local"))
        return made[-1]

    yield make
    for stack in made:
        stack.clear()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A ready stack for tests that leave it as they find it, bookings aside."""
    shared = Stack(tmp_path_factory.mktemp("shared") / "local")
    try:
        yield shared.up()
    finally:
        shared.clear()
