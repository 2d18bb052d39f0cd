"""Fixtures of the meetings."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.harness.database.cluster import Server
from tests.interleavings.encounters import Scene, set_scene


@pytest.fixture(scope="session")
def scenes(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Scene]]:
    """Scenes by name: each is built once for a worker, and only one at a time is connected."""
    built: dict[str, Scene] = {}
    with ExitStack() as stack:

        def scene(name: str) -> Scene:
            for other in built.keys() - {name}:
                built[other].disconnect()
            if name not in built:
                folder = tmp_path_factory.mktemp("scene")
                built[name] = stack.enter_context(set_scene(server, name, folder))
            return built[name]

        yield scene


@pytest.fixture
def scene(scenes: Callable[[str], Scene], request: pytest.FixtureRequest) -> Scene:
    """The scene that the test names, as it was set."""
    found = scenes(request.param)
    found.reset()
    return found
