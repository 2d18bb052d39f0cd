"""Fixtures of the tests of stored functions: callers, and a tenant to call for."""

from collections.abc import Iterator

import pytest

from tests.harness.clients.calls import Api
from tests.harness.database.builders import NOW, Tenant
from tests.harness.database.migrated import Database


@pytest.fixture
def api(database: Database) -> Iterator[Api]:
    """The stored functions, called as the login roles do; the clock stands at NOW."""
    database.clock.set(NOW)
    caller = Api(database)
    yield caller
    caller.close()


@pytest.fixture
def tenant(api: Api) -> Tenant:
    """A tenant with keys and nothing else."""
    return Tenant(api.database)
