"""Fixtures of the meetings."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.cluster import Server
from tests.interleavings.encounters import Scene, set_scene


@pytest.fixture(scope="module")
def scene(
    server: Server, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """The scene that the test names, in a database of its own."""
    folder: Path = tmp_path_factory.mktemp("scene")
    with set_scene(server, request.param, folder) as built:
        yield built
