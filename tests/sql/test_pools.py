"""Pools: any of these resources will do."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.harness.clients.calls import Api, Held, refused, utc
from tests.harness.clients.carts import cart, hold, hold_cart, period, places, rows
from tests.harness.database.builders import NOW, Offer, Tenant, insert
from tests.harness.database.digests import digests
from tests.harness.laws.invariants import violations

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
TEN = NOW + 2 * HOUR


def _team(tenant: Tenant, size: int, **columns: Any) -> list[Offer]:
    """One offering at several resources."""
    first = tenant.offer(**columns)
    team = [first]
    for _ in range(size - 1):
        resource_id = tenant.resource(**columns)
        tenant.hours(resource_id)
        insert(
            tenant.database,
            "core.resource_offerings",
            tenant_id=tenant.id,
            resource_id=resource_id,
            offering_id=first.offering_id,
            booking_mode="slot",
        )
        team.append(Offer(tenant, resource_id, first.offering_id))
    return team


def _pool(tenant: Tenant, team: list[Offer]) -> str:
    return str(tenant.pool(offer.resource_id for offer in team))


def _any(api: Api, team: list[Offer], pool: str, starts_at: Any = TEN, **fields: Any) -> Held:
    tenant = team[0].tenant
    request = team[0].request(starts_at, pool_id=pool, **fields)
    del request["resource_id"]
    return hold(api, tenant, request)


def _resource(held: Held) -> UUID:
    found: UUID = held.row.resource_id
    return found


def test_each_hold_gets_a_resource_until_none_is_left(api: Api, tenant: Tenant) -> None:
    """As many holds as resources; the next is refused with what the pool still has, and can hold
    that.
    """
    team = _team(tenant, 3)
    pool = _pool(tenant, team)

    held = [_any(api, team, pool) for _ in team]
    before = digests(api.database)
    refusal = refused(_any, api, team, pool)

    assert {_resource(one) for one in held} == {offer.resource_id for offer in team}
    assert {str(one.row.pool_id) for one in held} == {pool}
    assert held[0].answer["pool_id"] == pool
    assert refusal.sqlstate == "KHTKN"
    assert digests(api.database) == before
    nearest = refusal.detail["alternatives"][0]
    assert (utc(nearest["starts_at"]), nearest["remaining"]) == (TEN - HOUR, 3)
    assert _any(api, team, pool, utc(nearest["starts_at"])).occupies
    assert violations(api.database) == []


def test_the_least_booked_of_the_week_comes_first(api: Api, tenant: Tenant) -> None:
    """Live bookings of the requested local week count; those of the next week do not."""
    team = _team(tenant, 3)
    pool = _pool(tenant, team)
    day = timedelta(days=1)
    for offer, starts in zip(team, ((day, 2 * day), (day,), (WEEK, WEEK + day)), strict=True):
        for start in starts:
            api.hold(offer, TEN + start)

    picked = [_resource(_any(api, team, pool, TEN + n * HOUR)) for n in range(4)]

    two, one, none = (offer.resource_id for offer in team)
    assert picked[0] == none
    assert set(picked[1:3]) == {one, none}
    assert picked.count(two) <= 1


def test_equals_are_not_always_tried_in_the_same_order(api: Api, tenant: Tenant) -> None:
    """Of five resources without bookings, it is not always the same one that is picked."""
    team = _team(tenant, 5)
    pool = _pool(tenant, team)
    picked = set()
    for _ in range(12):
        held = _any(api, team, pool)
        picked.add(_resource(held))
        api.call("release_hold", held.actor, held.id, None)

    assert len(picked) > 1


def test_a_series_gets_one_resource_for_all_its_periods(api: Api, tenant: Tenant) -> None:
    """Only a resource that is free every week is picked; without one, nothing is held."""
    team = _team(tenant, 3)
    pool = _pool(tenant, team)
    api.hold(team[0], TEN)
    api.hold(team[1], TEN + 2 * WEEK)

    held = _any(api, team, pool, repeat={"weeks": 3})
    before = digests(api.database)
    refusal = refused(_any, api, team, pool, repeat={"weeks": 3})

    assert {row.resource_id for row in rows(held)} == {team[2].resource_id}
    assert [row.starts_at for row in rows(held)] == [TEN, TEN + WEEK, TEN + 2 * WEEK]
    assert refusal.sqlstate == "KHTKN"
    assert refusal.detail["conflicts"][0]["alternatives"] == refusal.detail["alternatives"]
    assert digests(api.database) == before


def test_a_pool_leaves_alone_what_the_cart_names(api: Api, tenant: Tenant) -> None:
    """Resources that the cart names are taken first, whatever the order of the items."""
    team = _team(tenant, 2)
    pool = _pool(tenant, team)

    for named in team:
        held = hold_cart(api, tenant, period(named, TEN, pool_id=pool), period(named, TEN))

        assert {row.resource_id for row in rows(held)} == {offer.resource_id for offer in team}
        assert rows(held)[1].resource_id == named.resource_id
        api.call("release_hold", held.actor, held.id, None)
    assert violations(api.database) == []


def test_two_of_one_pool_are_two_resources(api: Api, tenant: Tenant) -> None:
    """A cart may have several of a pool at one time; one more than exist is refused."""
    team = _team(tenant, 2)
    pool = _pool(tenant, team)
    both = [period(team[0], TEN, pool_id=pool)] * 2

    refusal = refused(hold_cart, api, tenant, *both, both[0])
    held = hold_cart(api, tenant, *both)

    assert (refusal.sqlstate, len(refusal.detail["conflicts"])) == ("KHTKN", 1)
    assert {row.resource_id for row in rows(held)} == {offer.resource_id for offer in team}
    assert violations(api.database) == []


@pytest.mark.parametrize("gone", ["pool", "resources", "offering", "unknown", "empty"])
def test_what_is_not_there_is_not_found(api: Api, tenant: Tenant, gone: str) -> None:
    """Archived pools and resources, other tenants' offerings and unknown ids are refused alike.

    Cases: E-8.1
    """
    team = _team(tenant, 2)
    pool = _pool(tenant, [] if gone == "empty" else team)
    fields: dict[str, Any] = {}
    if gone == "pool":
        api.database.execute("update core.pools set archived_at = core.clock()")
    elif gone == "resources":
        api.database.execute("update core.resources set archived_at = core.clock()")
    elif gone == "offering":
        fields = {"offering_id": str(tenant.offer().offering_id)}
    elif gone == "unknown":
        pool = str(uuid4())
    before = digests(api.database)

    refusal = refused(_any, api, team, pool, **fields)

    assert refusal.sqlstate == "KHNTF"
    assert digests(api.database) == before


def test_a_time_outside_all_hours_is_refused(api: Api, tenant: Tenant) -> None:
    """The rule is named, as for a single resource."""
    team = _team(tenant, 2)
    pool = _pool(tenant, team)
    before = digests(api.database)

    refusal = refused(_any, api, team, pool, TEN + 10 * HOUR)

    assert (refusal.sqlstate, refusal.detail["reason"]) == ("KHOFF", "closed")
    assert digests(api.database) == before


def test_a_closed_resource_is_skipped(api: Api, tenant: Tenant) -> None:
    """A blackout of one resource leaves the time to the others."""
    team = _team(tenant, 2)
    pool = _pool(tenant, team)
    tenant.blackout(team[0].resource_id, TEN, TEN + HOUR)

    held = _any(api, team, pool)

    assert _resource(held) == team[1].resource_id
    assert refused(_any, api, team, pool).sqlstate == "KHTKN"


def test_a_repeat_answers_the_first_pick(api: Api, tenant: Tenant) -> None:
    """The same key is the same hold, at the same resource."""
    team = _team(tenant, 3)
    pool = _pool(tenant, team)
    request = cart(period(team[0], TEN, pool_id=pool), period(team[0], TEN + HOUR, pool_id=pool))

    first = hold(api, tenant, request, key="k")
    again = hold(api, tenant, request, key="k")

    assert again.answer == first.answer
    assert len(places(first)) == 2
    assert api.database.value("select count(*) from core.bookings") == 2
