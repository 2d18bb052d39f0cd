"""Slots over HTTP: of a resource, of a pool, in the time of a zone, and why there is none."""

import json
from typing import Any
from uuid import uuid4

import pytest

from holdfast.catalogue.slot_models import PoolSlotList, SlotList
from tests.harness.system.in_process import System
from tests.harness.system.problems import refused
from tests.harness.system.setup import TEN


@pytest.fixture(scope="module")
def pool(shared_system: System) -> str:
    """A pool with the tutor in it."""
    identifier = str(uuid4())
    shared_system.database.execute(
        "insert into core.pools (tenant_id, id, name, created_at, updated_at)"
        " select tenant_id, %s, 'Tutors', created_at, updated_at from core.resources"
        " where id = %s",
        *(identifier, shared_system.resource["id"]),
    )
    shared_system.database.execute(
        "insert into core.pool_resources select tenant_id, %s, id from core.resources"
        " where id = %s",
        *(identifier, shared_system.resource["id"]),
    )
    return identifier


@pytest.fixture(scope="module")
def lists(shared_system: System, pool: str) -> dict[str, str]:
    """The tutor's slots, alone and as a pool of one; of the first offering."""
    query = f"slots?offering_id={shared_system.resource['offerings'][0]['id']}"
    return {
        "resource": f"/v1/resources/{shared_system.resource['id']}/{query}",
        "pool": f"/v1/pools/{pool}/{query}",
    }


@pytest.mark.parametrize("kind", ["resource", "pool"])
def test_a_zone_adds_local_times(shared_system: System, lists: dict[str, str], kind: str) -> None:
    """The same slots, with and without local times.

    Cases: E-6.1
    """
    plain = shared_system.request("GET", lists[kind]).body["slots"]

    told = shared_system.request("GET", lists[kind] + "&tz=Asia/Kathmandu").body["slots"]

    assert [slot["starts_at"] for slot in told] == [slot["starts_at"] for slot in plain]
    assert all(slot["starts_local"].endswith("+05:45") for slot in told)
    assert all(slot["starts_local"] is None for slot in plain)
    assert all(slot.get("resources", 1) == 1 for slot in told)


@pytest.mark.parametrize("zone", ["", "&tz=Asia/Kathmandu"])
@pytest.mark.parametrize("odd", ["", "&from=2030-01-08T09:00:00.25Z&to=2030-01-08T11:00:00Z"])
@pytest.mark.parametrize("kind", ["resource", "pool"])
def test_the_text_of_the_database_is_what_is_described(
    shared_system: System, lists: dict[str, str], kind: str, odd: str, zone: str
) -> None:
    """It is passed on as it is, so every member is there, in its order and form."""
    model = SlotList if kind == "resource" else PoolSlotList
    answer = shared_system.request("GET", lists[kind] + odd + zone)
    described = model.model_validate(answer.body).model_dump(mode="json", by_alias=True)

    assert answer.body["slots"] != []
    assert json.dumps(answer.body) == json.dumps(described)


def test_whole_dates_are_what_is_described(shared_system: System) -> None:
    """And so are the dates of a resource that is booked by date."""
    answer = shared_system.request(
        "GET", f"/v1/resources/{shared_system.venue['id']}/slots?tz=Europe/Paris"
    )
    described = SlotList.model_validate(answer.body).model_dump(mode="json", by_alias=True)

    assert answer.body["slots"] != []
    assert json.dumps(answer.body) == json.dumps(described)


@pytest.mark.parametrize("kind", ["resource", "pool"])
@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "UTC%2B3", "../../etc/passwd", "Europe/Berlin%00", "", "x" * 65]
)
def test_an_unknown_zone_is_invalid(
    shared_system: System, lists: dict[str, str], kind: str, zone: str
) -> None:
    """422, whatever it looks like.

    Cases: P-12
    """
    path = f"{lists[kind]}&tz={zone}"

    refused(shared_system, lambda: shared_system.request("GET", path), 422, "invalid_request")


@pytest.mark.parametrize("kind", ["resource", "pool"])
@pytest.mark.parametrize(
    "period",
    [
        "from=2030-01-09T00:00:00Z&to=2030-01-09T00:00:00Z",
        "from=2030-01-09T00:00:00Z&to=2030-01-08T00:00:00Z",
        "from=2030-01-09T00:00:00Z&to=2031-01-09T00:00:00Z",
        "from=1900-01-01T00:00:00Z&to=8999-12-31T00:00:00Z",
    ],
    ids=["empty", "reversed", "a year", "all time"],
)
def test_a_bad_period_is_invalid(
    shared_system: System, lists: dict[str, str], kind: str, period: str
) -> None:
    """422, and nothing is computed."""
    path = f"{lists[kind]}&{period}"

    refused(shared_system, lambda: shared_system.request("GET", path), 422, "period_invalid")


def test_thousands_of_slots_at_once_are_refused(
    shared_system: System, lists: dict[str, str]
) -> None:
    """The limit is in the answer, so that a client knows what to ask for.

    Proves: ASVS 15.2.2, API4:2023
    """
    shared_system.database.execute(
        "update core.resources set step_minutes = 5 where id = %s", shared_system.resource["id"]
    )
    path = f"{lists['resource']}&from=2030-01-09T00:00:00Z&to=2030-03-09T00:00:00Z"

    answer = refused(
        shared_system, lambda: shared_system.request("GET", path), 422, "period_invalid"
    )

    shared_system.database.execute(
        "update core.resources set step_minutes = 30 where id = %s", shared_system.resource["id"]
    )
    assert "2,000 slots" in answer.body["detail"]


@pytest.mark.parametrize("kind", ["resource", "pool"])
def test_a_list_is_known_again(shared_system: System, lists: dict[str, str], kind: str) -> None:
    """304 for the ETag of the same answer; another zone has another ETag.

    Cases: E-5.2
    """
    tag = shared_system.request("GET", lists[kind]).headers["etag"]

    again = shared_system.request("GET", lists[kind], headers={"if-none-match": tag})
    elsewhere = shared_system.request(
        "GET", lists[kind] + "&tz=Asia/Kathmandu", headers={"if-none-match": tag}
    )

    assert (again.status, elsewhere.status) == (304, 200)


def explain(shared_system: System, query: str, key: str = "secret") -> Any:
    offering = shared_system.resource["offerings"][0]["id"]
    path = (
        f"/v1/resources/{shared_system.resource['id']}/slots/explain?offering_id={offering}&{query}"
    )
    return shared_system.request("GET", path, key=key)


def test_an_owner_learns_why(shared_system: System) -> None:
    """All rules with their texts; none for a time that can be held."""
    free = explain(shared_system, f"starts_at={TEN}&customer_email=grace@example.com")
    closed = explain(shared_system, "starts_at=2030-01-09T03:10:00Z")

    assert (free.status, free.body["bookable"], free.body["rules"]) == (200, True, [])
    assert [each["rule"] for each in closed.body["rules"]] == ["closed"]
    assert free.headers["cache-control"] == "no-store"


def test_a_browser_is_not(shared_system: System) -> None:
    """403: the answer names bookings.

    Cases: P-7
    Proves: ASVS 8.2.1, API5:2023
    """
    refused(
        shared_system,
        lambda: explain(shared_system, f"starts_at={TEN}", "publishable"),
        403,
        "forbidden",
    )


@pytest.mark.parametrize(
    "query",
    [
        "",
        f"starts_at={TEN}&date=2030-01-09",
        "starts_at=tomorrow",
        "starts_at=2030-01-09T10:00:00",
        "date=2030-02-30",
        f"starts_at={TEN}&customer_email=nobody",
    ],
)
def test_a_bad_question_is_invalid(shared_system: System, query: str) -> None:
    """422 for neither a start nor a date, for both, and for what is neither.

    Cases: P-12
    """
    refused(shared_system, lambda: explain(shared_system, query), 422, "invalid_request")


def test_an_unknown_pool_is_not_found(shared_system: System) -> None:
    """404, as for a resource."""
    path = f"/v1/pools/{uuid4()}/slots"

    refused(shared_system, lambda: shared_system.request("GET", path), 404, "not_found")
