"""A PostgreSQL as managed services provide it, migrated by its ordinary owner: one for all tests.

The tests build on each other's state only as a second deployment builds on the first.
"""

import json
from collections.abc import Iterator

import pytest

from holdfast.migrations import MigrationReport, logins, migrate
from holdfast.platform.certificates import verified
from tests.harness.database import managed
from tests.harness.database.cluster import SQL_DIR
from tests.harness.database.managed import OWNER_SECRET, PREFIX
from tests.harness.servers import secrets_manager
from tests.harness.servers.secrets_manager import SecretsManager


@pytest.fixture(scope="session")
def service() -> Iterator[managed.Service]:
    with managed.service() as running:
        yield running


@pytest.fixture(scope="session")
def owner_url(service: managed.Service) -> str:
    """The address with which the owner connects, as the settings make it."""
    return verified(service.url(), service.authority.pem)


@pytest.fixture(scope="session")
def migrated(service: managed.Service, owner_url: str) -> MigrationReport:
    """The first deployment."""
    return migrate(owner_url, SQL_DIR)


@pytest.fixture(scope="session")
def roles(service: managed.Service, migrated: MigrationReport) -> list[str]:
    """Every role that a function logs in as."""
    with service.superuser() as connection:
        rows = connection.execute(
            "select rolname from pg_roles where starts_with(rolname, 'holdfast_') and rolcanlogin"
        )
        return sorted(str(name) for (name,) in rows)


@pytest.fixture(scope="session")
def secrets(service: managed.Service, roles: list[str]) -> Iterator[SecretsManager]:
    """What the user provides, and what CloudFormation makes beside it: secrets of random text."""
    with secrets_manager.running() as running:
        brought = {"url": service.url(), "ca": service.authority.pem}
        running.create(OWNER_SECRET, json.dumps(brought))
        for role in roles:
            running.create(PREFIX + role, "a7Fq0random")
        yield running


@pytest.fixture(scope="session")
def provided(secrets: SecretsManager, roles: list[str]) -> tuple[str, ...]:
    """The roles that the first deployment gave a way to log in."""
    return logins.provide(managed.settings_of(secrets))
