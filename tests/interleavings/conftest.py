"""Fixtures of the interleavings."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.harness.database.cluster import Server
from tests.interleavings.permutations import Spec, set_up


@pytest.fixture(scope="session")
def specs(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Spec]]:
    """Specs by name: each is built once per worker, and only one at a time is connected."""
    built: dict[str, Spec] = {}
    with ExitStack() as stack:

        def spec(name: str) -> Spec:
            for other in built.keys() - {name}:
                built[other].disconnect()
            if name not in built:
                folder = tmp_path_factory.mktemp("spec")
                built[name] = stack.enter_context(set_up(server, name, folder))
            return built[name]

        yield spec


@pytest.fixture
def spec(specs: Callable[[str], Spec], request: pytest.FixtureRequest) -> Spec:
    """The spec that the test names, in its initial state."""
    found = specs(request.param)
    found.reset()
    return found
