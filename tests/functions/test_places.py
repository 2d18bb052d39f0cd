"""Which server a call goes to: listings to a reader if there is one, the rest to the writer."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from holdfast.platform import database as places
from holdfast.platform.database import READER, WRITER
from holdfast.platform.errors import Unavailable
from holdfast.platform.settings import FIRST_CELL, settings
from tests.harness.database.migrated import Database
from tests.harness.system.in_process import System
from tests.harness.system.outages import REFUSING
from tests.harness.system.problems import assert_problem
from tests.harness.system.setup import TEN


def _read_only(url: str) -> str:
    """The same server, as a replica."""
    return make_conninfo(url, options="-c default_transaction_read_only=on")


@pytest.fixture
def environment(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An execution environment of the sweep of holds, with a reader beside its writer."""
    url = database.url("holdfast_expire_holds")
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("DATABASE_READER_URL", _read_only(url))
    settings.cache_clear()
    yield
    places.disconnect()
    settings.cache_clear()


def test_a_listing_is_read_at_a_reader(system: System) -> None:
    """A listing runs at the reader; a hold would fail there, and is not sent to it."""
    reader = _read_only(system._database_url("holdfast_availability"))
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
    """Without a configured or reachable reader, the writer answers."""
    system.close()
    if reader:
        system.with_environment(DATABASE_READER_URL=reader)

    assert system.request("GET", "/v1/resources").status == 200
    assert set(system._connections["availability"]) == {WRITER}


def test_a_reader_that_dies_is_passed_by(system: System) -> None:
    """The call under way is repeated at the writer."""
    reader = _read_only(system._database_url("holdfast_availability"))
    system.with_environment(DATABASE_READER_URL=reader)
    system.slots()
    backend = system._connections["availability"][READER].info.backend_pid
    system.database.execute("select pg_terminate_backend(%s)", backend)

    assert system.request("GET", "/v1/resources").status == 200
    assert set(system._connections["availability"]) == {READER, WRITER}


def test_a_reader_knows_which_tenant_has_left(system: System) -> None:
    """It does not see the writer's locks, but it checks where the tenant is."""
    reader = _read_only(system._database_url("holdfast_availability"))
    system.with_environment(DATABASE_READER_URL=reader)
    system.database.execute("update core.tenants set state = 'left'")

    answer = system.request("GET", "/v1/resources")

    assert_problem(answer, 503, "tenant_moving")
    assert answer.headers["retry-after"] == "2"


@pytest.mark.usefixtures("environment")
def test_writing_at_a_reader_is_a_fault_and_no_failover() -> None:
    """The connection is kept: the server has not changed, and the function is wrong."""
    places._connected(READER)  # otherwise a slow connection would be a reason to ask the writer
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
    """Today there is one cell."""
    with pytest.raises(KeyError):
        places.call("expire_holds", 1, where=places.Place("2"))

    assert WRITER.cell == FIRST_CELL
