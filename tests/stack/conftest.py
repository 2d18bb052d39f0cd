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


@pytest.fixture
def stack(new_stack: StartStack) -> Stack:
    """One stack, ready."""
    return new_stack().up()
