"""api.list_pool_slots: when any resource of a pool is free."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.harness.clients.calls import Api, refused, utc
from tests.harness.database.builders import NOW, Offer, Tenant, insert

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TOMORROW = NOW + 16 * HOUR


@pytest.fixture
def offers(tenant: Tenant) -> list[Offer]:
    """Three resources with one offering between them: 9 to 11, 10 to 12, and two units 11 to 12."""
    first = tenant.offer(opens="09:00", closes="11:00", step_minutes=60)
    others = []
    for opens, capacity in (("10:00", 1), ("11:00", 2)):
        resource = tenant.resource(step_minutes=60, capacity=capacity)
        tenant.hours(resource, opens, "12:00")
        share(tenant, resource, first.offering_id)
        others.append(Offer(tenant, resource, first.offering_id))
    return [first, *others]


def share(tenant: Tenant, resource_id: UUID, offering_id: UUID) -> None:
    """Another resource has that offering too."""
    insert(
        tenant.database,
        "core.resource_offerings",
        tenant_id=tenant.id,
        resource_id=resource_id,
        offering_id=offering_id,
        booking_mode="slot",
    )


def listed(api: Api, tenant: Tenant, pool: UUID, day: datetime = TOMORROW) -> Any:
    """(resources, remaining) by the hour of the day."""
    answer = api.call("list_pool_slots_as_text", tenant.actor(), pool, None, day, day + DAY)
    return {
        (utc(slot["starts_at"]) - day) / HOUR: (slot["resources"], slot["remaining"])
        for slot in answer["slots"]
    }


def test_it_is_the_union_of_its_resources(api: Api, tenant: Tenant, offers: list[Offer]) -> None:
    """Each period once, with how many resources have it free and how many places that makes."""
    pool = tenant.pool([offer.resource_id for offer in offers])
    before = listed(api, tenant, pool)

    api.hold(offers[1], TOMORROW + 10 * HOUR)
    api.hold(offers[2], TOMORROW + 11 * HOUR)

    assert before == {9: (1, 1), 10: (2, 2), 11: (2, 3)}
    assert listed(api, tenant, pool) == {9: (1, 1), 10: (1, 1), 11: (2, 2)}


def test_every_slot_is_one_of_a_resource(api: Api, tenant: Tenant, offers: list[Offer]) -> None:
    """What the pool lists is what its resources list, added up."""
    pool = tenant.pool([offer.resource_id for offer in offers])
    api.hold(offers[0], TOMORROW + 9 * HOUR)
    tenant.blackout(offers[1].resource_id, TOMORROW, TOMORROW + 11 * HOUR)
    period = (NOW, NOW + 5 * DAY, "Asia/Kathmandu")

    alone: dict[str, list[int]] = {}
    for offer in offers:
        arguments = (offer.resource_id, offer.offering_id, *period)
        for slot in api.call("list_slots_as_text", tenant.actor(), *arguments)["slots"]:
            alone.setdefault(slot["starts_local"], []).append(slot["remaining"])
    together = api.call("list_pool_slots_as_text", tenant.actor(), pool, None, *period)["slots"]

    assert [s["starts_local"] for s in together] == sorted(alone)
    assert {s["starts_local"]: (s["resources"], s["remaining"]) for s in together} == {
        start: (len(places), sum(places)) for start, places in alone.items()
    }


def test_other_resources_are_not_counted(api: Api, tenant: Tenant, offers: list[Offer]) -> None:
    """Neither an archived resource nor one without the offering.

    Cases: E-8.1
    """
    other = tenant.offer(opens="09:00", closes="12:00")
    pool = tenant.pool([offer.resource_id for offer in (*offers[:2], other)])
    api.database.execute(
        "update core.resources set archived_at = core.clock() where id = %s", offers[1].resource_id
    )
    arguments = (pool, offers[0].offering_id, TOMORROW, TOMORROW + DAY)

    slots = api.call("list_pool_slots_as_text", tenant.actor(), *arguments)["slots"]

    assert [(utc(s["starts_at"]), s["resources"]) for s in slots] == [
        (TOMORROW + 9 * HOUR, 1),
        (TOMORROW + 10 * HOUR, 1),
    ]
    # the pool now has two offerings, so one must be named
    refusal = refused(api.call, "list_pool_slots_as_text", tenant.actor(), pool, None, None, None)
    assert refusal.sqlstate == "KHNTF"


def test_whole_dates_are_counted_by_date(api: Api, tenant: Tenant) -> None:
    """Venues of one zone share their dates; one in another zone has other dates of the same
    name.
    """
    first = tenant.offer(duration=None, timezone="Europe/Berlin")
    elsewhere = tenant.offer(duration=None, timezone="America/New_York")
    third = tenant.resource(booking_mode="date", timezone="Europe/Berlin")
    tenant.hours(third)
    for resource in (third, elsewhere.resource_id):
        tenant.database.execute(
            "insert into core.resource_offerings values (%s, %s, %s, 'date')",
            *(tenant.id, resource, first.offering_id),
        )
    pool = tenant.pool([first.resource_id, third, elsewhere.resource_id])
    arguments = (pool, first.offering_id, TOMORROW, TOMORROW + 1.5 * DAY)

    slots = api.call("list_pool_slots_as_text", tenant.actor(), *arguments)["slots"]

    assert [(s["date"], s["starts_at"], s["resources"]) for s in slots] == [
        ("2031-03-04", "2031-03-04T05:00:00Z", 1),
        ("2031-03-05", "2031-03-04T23:00:00Z", 2),
        ("2031-03-05", "2031-03-05T05:00:00Z", 1),
    ]


@pytest.mark.parametrize(
    ("start", "end"),
    [(NOW, NOW), (NOW, NOW - DAY), (NOW, NOW + 62 * DAY + HOUR), (NOW, NOW + 366 * DAY)],
    ids=["empty", "reversed", "too long", "a year"],
)
def test_a_bad_period_is_refused(
    api: Api, tenant: Tenant, offers: list[Offer], start: datetime, end: datetime
) -> None:
    """KHPER, as for one resource."""
    pool = tenant.pool([offer.resource_id for offer in offers])

    refusal = refused(api.call, "list_pool_slots_as_text", tenant.actor(), pool, None, start, end)

    assert refusal.sqlstate == "KHPER"


def test_an_unknown_or_archived_pool_is_refused(
    api: Api, tenant: Tenant, offers: list[Offer]
) -> None:
    """KHNTF; so is a pool without resources, which has no offering.

    Cases: E-8.1
    """
    resources = [offer.resource_id for offer in offers]
    pools = (uuid4(), tenant.pool(resources, archived_at=NOW), tenant.pool([]))

    for pool in pools:
        refusal = refused(
            api.call, "list_pool_slots_as_text", tenant.actor(), pool, None, None, None
        )
        assert refusal.sqlstate == "KHNTF"
