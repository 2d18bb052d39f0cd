"""Where a call goes: listings to a reader if there is one, everything else to the writer."""

import os
from collections.abc import Iterator

import psycopg
import pytest

from holdfast.platform import database as places
from holdfast.platform.database import READER, WRITER
from holdfast.platform.errors import Unavailable
from holdfast.platform.settings import FIRST_CELL, settings
from tests.harness.database.migrated import Database
from tests.harness.system.in_process import System
from tests.harness.system.outages import REFUSING
from tests.harness.system.problems import assert_problem
from tests.harness.system.setup import TEN

_READ_ONLY = "?options=-c%20default_transaction_read_only%3Don"  # as a server that follows another


@pytest.fixture
def environment(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An execution environment of the sweep of holds, with a reader beside its writer."""
    url = database.url("holdfast_expire_holds")
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("DATABASE_READER_URL", url + _READ_ONLY)
    settings.cache_clear()
    yield
    places.disconnect()
    settings.cache_clear()


def test_a_listing_is_read_at_a_reader(system: System) -> None:
    """It runs there as it is; holding does not, and is not sent there."""
    reader = system._database_url("holdfast_availability") + _READ_ONLY
    before = system.slots()
    system.close()
    system.with_environment(DATABASE_READER_URL=reader)

    listed = system.slots()
    held = system.request("POST", "/v1/holds", system.hold_body(TEN))

    assert listed == before
    assert held.status == 201
    assert READER in system._connections["availability"]
    assert set(system._connections["checkout"]) == {WRITER}


@pytest.mark.parametrize("reader", [f"postgresql://holdfast@{REFUSING}/none", None])
def test_without_a_reader_the_writer_answers(system: System, reader: str | None) -> None:
    """None was set up, or it cannot be reached: nobody notices."""
    system.close()
    if reader:
        system.with_environment(DATABASE_READER_URL=reader)

    assert system.request("GET", "/v1/resources").status == 200
    assert set(system._connections["availability"]) == {WRITER}


def test_a_reader_that_dies_is_passed_by(system: System) -> None:
    """The call under way is made again, at the writer."""
    reader = system._database_url("holdfast_availability") + _READ_ONLY
    system.with_environment(DATABASE_READER_URL=reader)
    system.slots()
    backend = system._connections["availability"][READER].info.backend_pid
    system.database.execute("select pg_terminate_backend(%s)", backend)

    assert system.request("GET", "/v1/resources").status == 200
    assert set(system._connections["availability"]) == {READER, WRITER}


def test_a_reader_knows_who_has_left(system: System) -> None:
    """It does not see the writer's locks, but it asks where the tenant is."""
    reader = system._database_url("holdfast_availability") + _READ_ONLY
    system.with_environment(DATABASE_READER_URL=reader)
    system.database.execute("update core.tenants set state = 'left'")

    answer = system.request("GET", "/v1/resources")

    assert_problem(answer, 503, "tenant_moving")
    assert answer.headers["retry-after"] == "2"


@pytest.mark.usefixtures("environment")
def test_writing_at_a_reader_is_a_fault_and_no_failover() -> None:
    """The connection is kept: the server is what it was, and the function is wrong."""
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        places.call("expire_holds", 1, where=READER)

    assert not places._connections[READER].closed
    assert places.call("expire_holds", 1)["expired"] == 0


@pytest.mark.usefixtures("environment")
def test_a_writer_that_became_a_reader_is_left(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failover its address is another server's: connect again, and call again."""
    monkeypatch.setenv("DATABASE_URL", os.environ["DATABASE_READER_URL"])
    settings.cache_clear()
    with pytest.raises(Unavailable):
        places.call("expire_holds", 1)
    standby = places._connections[WRITER]
    monkeypatch.setenv("DATABASE_URL", database.url("holdfast_expire_holds"))
    settings.cache_clear()

    assert standby.closed
    assert places.call("expire_holds", 1)["expired"] == 0


@pytest.mark.usefixtures("environment")
def test_a_cell_that_is_not_there_is_a_fault() -> None:
    """There is one today."""
    with pytest.raises(KeyError):
        places.call("expire_holds", 1, where=places.Place("2"))

    assert WRITER.cell == FIRST_CELL
