"""Series: the same wall-clock time, week after week."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.harness.clients.calls import Api, refused, utc
from tests.harness.clients.carts import cart, hold, period, places, rows, statuses
from tests.harness.database.builders import NOW, Tenant
from tests.harness.database.digests import digests
from tests.harness.laws.invariants import violations

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
TEN = NOW + 2 * HOUR


def _weekly(api: Api, tenant: Tenant, offer: Any, starts_at: Any, weeks: int, **fields: Any) -> Any:
    return hold(api, tenant, offer.request(starts_at, repeat={"weeks": weeks}, **fields))


def test_wall_time_is_kept_across_a_clock_change(api: Api, tenant: Tenant) -> None:
    """Ten o'clock in Berlin stays ten o'clock when summer time begins, an hour earlier in UTC.

    Cases: E-6.1, P-6
    """
    offer = tenant.offer(timezone="Europe/Berlin")
    start = datetime(2031, 3, 17, 9, tzinfo=UTC)

    held = _weekly(api, tenant, offer, start, 4)

    assert [row.starts_at for row in rows(held)] == [
        start,
        start + WEEK,
        start + 2 * WEEK - HOUR,  # summer time began on the 30th
        start + 3 * WEEK - HOUR,
    ]
    assert [row.position for row in rows(held)] == [1, 2, 3, 4]
    assert held.answer["total"]["amount"] == 4 * 4500
    assert violations(api.database) == []


def test_a_time_that_the_clocks_skip_moves_forward(api: Api, tenant: Tenant) -> None:
    """Half past two does not exist on the last Sunday of March, so it becomes half past three.

    Cases: E-6.1
    """
    offer = tenant.offer(timezone="Europe/Berlin", opens="00:00", closes="24:00")
    start = datetime(2031, 3, 23, 1, 30, tzinfo=UTC)

    held = _weekly(api, tenant, offer, start, 3)

    assert [row.starts_at for row in rows(held)] == [
        start,
        datetime(2031, 3, 30, 1, 30, tzinfo=UTC),
        datetime(2031, 4, 6, 0, 30, tzinfo=UTC),
    ]


def test_dates_are_repeated_by_the_calendar(api: Api, tenant: Tenant) -> None:
    """A whole date each week, 23 hours long where the clocks change.

    Cases: D-5
    """
    offer = tenant.offer(duration=None, timezone="Europe/Berlin", opens="00:00", closes="24:00")

    held = _weekly(api, tenant, offer, None, 3, date="2031-03-23")

    assert [row.booked_on for row in rows(held)] == [
        date(2031, 3, 23),
        date(2031, 3, 30),
        date(2031, 4, 6),
    ]
    assert [row.ends_at - row.starts_at for row in rows(held)] == [24 * HOUR, 23 * HOUR, 24 * HOUR]


def test_a_closed_day_refuses_the_series_and_is_named(api: Api, tenant: Tenant) -> None:
    """Each period that cannot be booked is named with its rule; nothing has changed."""
    offer = tenant.offer()
    tenant.override(offer.resource_id, date(2031, 3, 10))
    tenant.blackout(offer.resource_id, TEN + 3 * WEEK, TEN + 3 * WEEK + HOUR)
    before = digests(api.database)

    refusal = refused(_weekly, api, tenant, offer, TEN, 5)

    assert (refusal.sqlstate, refusal.detail) == (
        "KHOFF",
        {
            "reason": "closed",
            "items": [
                {"item": 2, "starts_at": "2031-03-10T10:00:00Z", "reason": "closed"},
                {"item": 4, "starts_at": "2031-03-24T10:00:00Z", "reason": "blackout"},
            ],
        },
    )
    assert digests(api.database) == before


def test_a_series_ends_at_the_horizon(api: Api, tenant: Tenant) -> None:
    """Ninety days ahead are twelve further weeks; the periods beyond are named."""
    offer = tenant.offer(horizon_days=90)
    before = digests(api.database)

    refusal = refused(_weekly, api, tenant, offer, TEN, 15)
    unchanged = digests(api.database) == before
    held = _weekly(api, tenant, offer, TEN, 13)

    assert [each["item"] for each in refusal.detail["items"]] == [14, 15]
    assert {each["reason"] for each in refusal.detail["items"]} == {"horizon"}
    assert unchanged
    assert len(places(held)) == 13


def test_conflicts_are_named_week_by_week(api: Api, tenant: Tenant) -> None:
    """Two weeks are taken: both are named, each with alternatives of its own week."""
    offer = tenant.offer()
    api.hold(offer, TEN + WEEK)
    api.hold(offer, TEN + 3 * WEEK)
    before = digests(api.database)

    refusal = refused(_weekly, api, tenant, offer, TEN, 4)

    conflicts = refusal.detail["conflicts"]
    assert refusal.sqlstate == "KHTKN"
    assert [each["item"] for each in conflicts] == [2, 4]
    for each in conflicts:
        nearest = utc(each["alternatives"][0]["starts_at"])
        assert nearest == utc(each["starts_at"]) - HOUR
    assert digests(api.database) == before


def test_a_series_and_single_periods_share_a_cart(api: Api, tenant: Tenant) -> None:
    """Items keep their order, with a series unrolled in its place."""
    offer = tenant.offer()

    held = hold(
        api,
        tenant,
        cart(
            period(offer, TEN, repeat={"weeks": 2}),
            period(offer, TEN + HOUR),
            period(offer, TEN + 2 * HOUR, repeat={"weeks": 2}),
        ),
    )

    assert [row.starts_at for row in rows(held)] == [
        TEN,
        TEN + WEEK,
        TEN + HOUR,
        TEN + 2 * HOUR,
        TEN + 2 * HOUR + WEEK,
    ]


def test_a_year_of_weeks_is_held_paid_and_kept(api: Api, tenant: Tenant) -> None:
    """Fifty-two periods are one checkout."""
    offer = tenant.offer(horizon_days=400)
    held = _weekly(api, tenant, offer, TEN, 52)

    result = api.settle(api.checkout(held), "paid")

    assert (result, statuses(held)) == ("confirmed", ["scheduled"] * 52)
    assert violations(api.database) == []


def test_each_period_has_its_own_free_cancellation(api: Api, tenant: Tenant) -> None:
    """Frozen with the hold, from each start, whatever the offering says later."""
    offer = tenant.offer()

    held = _weekly(api, tenant, offer, TEN, 3)
    api.database.execute("update core.offerings set free_cancel_hours = 1")

    assert [row.free_cancel_until for row in rows(held)] == [
        TEN - 24 * HOUR + n * WEEK for n in range(3)
    ]
