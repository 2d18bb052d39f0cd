"""api.compile_openings: the sweep that extends openings as days pass."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.harness.clients.calls import Api
from tests.harness.database.builders import NOW, Tenant
from tests.harness.laws.invariants import violations

DAY = timedelta(days=1)


def compiled(api: Api, limit: int = 100, after: Any = None) -> Any:
    return api.call("compile_openings", after, limit)


@pytest.fixture
def resource_ids(tenant: Tenant, api: Api) -> list[UUID]:
    """Three resources that are open from 9 to 17, compiled at NOW, by tenant and id."""
    other = Tenant(api.database)
    found = [tenant.offer().resource_id, tenant.offer().resource_id, other.offer().resource_id]
    ordered = api.database.rows(
        "select resource_id from core.timetables order by tenant_id, resource_id"
    )
    assert {row.resource_id for row in ordered} == set(found)
    return [row.resource_id for row in ordered]


def test_days_that_come_nearer_are_compiled(api: Api, resource_ids: list[UUID]) -> None:
    """After ten days the timetables reach ten days further, and past days are deleted."""
    before = api.database.one("select min(opens_at), max(opens_at) from core.openings")
    api.database.clock.advance(10 * DAY)

    assert compiled(api) == {"resources": 3, "openings": 60, "next": None}
    after = api.database.one("select min(opens_at), max(opens_at) from core.openings")
    assert (after.min - before.min, after.max - before.max) == (10 * DAY, 10 * DAY)
    assert violations(api.database) == []


def test_each_resource_is_compiled_once_a_day(api: Api, resource_ids: list[UUID]) -> None:
    """What was compiled within a day is left alone."""
    api.database.clock.advance(timedelta(hours=22))

    assert compiled(api)["resources"] == 0
    api.database.clock.advance(timedelta(hours=2))
    assert compiled(api)["resources"] == 3
    assert compiled(api)["resources"] == 0


def test_a_server_that_was_started_since_compiles_again(api: Api, resource_ids: list[UUID]) -> None:
    """Its time zone data may differ: what was compiled before the server started is checked, and
    differences are written.
    """
    started = api.database.value("select pg_postmaster_start_time()")
    api.database.clock.set(started + timedelta(minutes=1))  # so that it is not due for its age
    api.database.execute("update core.timetables set compiled_at = '2999-01-01'")
    shift = (
        "update core.openings set opens_at = opens_at - interval '1 hour' where resource_id = %s"
    )
    api.database.execute(shift, resource_ids[1])
    nothing = compiled(api)
    api.database.execute("update core.timetables set compiled_at = pg_postmaster_start_time()")
    nor_now = compiled(api)
    api.database.execute(
        "update core.timetables set compiled_at = pg_postmaster_start_time() - interval '1 second'"
        " where resource_id = %s",
        resource_ids[1],
    )

    assert (nothing["resources"], nor_now["resources"]) == (0, 0)
    assert compiled(api)["resources"] == 1
    assert violations(api.database) == []


def test_a_few_at_a_time(api: Api, resource_ids: list[UUID]) -> None:
    """Each call continues where the one before ended, and the last says so."""
    api.database.clock.advance(DAY)
    first = compiled(api, 2)
    second = compiled(api, 2, first["next"])

    assert (first["resources"], first["next"] is not None) == (2, True)
    assert (second["resources"], second["next"]) == (1, None)


def test_what_another_compiles_is_skipped(api: Api, resource_ids: list[UUID]) -> None:
    """The sweep does not wait for a resource that another transaction is compiling."""
    api.database.clock.advance(DAY)
    with api.database.connect() as other:
        other.execute(
            "select from core.timetables where resource_id = %s for update", [resource_ids[0]]
        )

        assert compiled(api)["resources"] == 2


def test_a_resource_that_cannot_be_compiled_stops_no_other(
    api: Api, resource_ids: list[UUID]
) -> None:
    """It is noted and skipped for a while; the others are compiled."""
    api.database.clock.advance(DAY)
    api.database.execute(
        "alter table core.openings add constraint poisoned"
        f" check (resource_id <> '{resource_ids[0]}') not valid"
    )

    assert compiled(api)["resources"] == 2
    failures = "select sweep, row_id from core.sweep_failures"
    assert tuple(api.database.one(failures)) == ("compile_openings", resource_ids[0])
    assert compiled(api)["resources"] == 0


def test_wrong_copies_are_mended(api: Api, resource_ids: list[UUID]) -> None:
    """Whatever made a copy wrong, it is right a day later."""
    api.database.execute("update core.openings set open_until = open_until + interval '1 hour'")
    api.database.execute("update core.bookables set amount = 1")
    api.database.clock.set(NOW + DAY)

    assert violations(api.database) != []
    compiled(api)
    assert violations(api.database) == []
