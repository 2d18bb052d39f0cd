"""api.explain_slot: everything that refuses a period, and the same verdict as holding it."""

from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.harness.clients.calls import Api, refused
from tests.harness.database.builders import NOW, Offer, Tenant
from tests.harness.database.migrated import Database
from tests.sql.test_bookable import external_busy, group
from tests.sql.test_listing_and_holding import listed, try_to_hold

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TOMORROW = NOW + 16 * HOUR
ORDER = (
    *("wrong_mode", "by_request", "past", "notice", "horizon", "closed", "off_grid"),
    *("blackout", "external_busy", "taken", "buffer", "capacity", "daily_limit", "customer_limit"),
)


def explain(
    api: Api,
    offer: Offer,
    starts_at: datetime | None,
    on_date: date | None = None,
    email: str | None = None,
) -> Any:
    """The answer to the owner about a period."""
    arguments = (offer.resource_id, offer.offering_id, starts_at, on_date, email)
    return api.call("explain_slot", offer.tenant.actor("secret"), *arguments)


def rules(explanation: Any) -> list[str]:
    return [each["rule"] for each in explanation["rules"]]


def change(offer: Offer, **columns: object) -> None:
    """Change columns of the resource."""
    sets = ", ".join(f"{name} = %s" for name in columns)
    offer.tenant.database.execute(
        f"update core.resources set {sets} where id = %s", *columns.values(), offer.resource_id
    )


def test_a_free_time_has_nothing_against_it(api: Api, tenant: Tenant) -> None:
    """Bookable, with the period that a hold would have."""
    offer = tenant.offer()

    found = explain(api, offer, TOMORROW + 10 * HOUR)

    assert found == {
        "resource_id": str(offer.resource_id),
        "offering_id": str(offer.offering_id),
        "starts_at": "2031-03-04T10:00:00Z",
        "ends_at": "2031-03-04T11:00:00Z",
        "bookable": True,
        "rules": [],
    }


@pytest.mark.parametrize(
    ("start", "rule"),
    [
        (NOW - HOUR, "past"),
        (NOW + HOUR, "notice"),
        (NOW + 31 * DAY, "horizon"),
        (TOMORROW + 5 * HOUR, "closed"),
        (TOMORROW + 16.5 * HOUR, "closed"),
        (TOMORROW + 10 * HOUR + MINUTE, "off_grid"),
    ],
)
def test_rules_of_the_hours(api: Api, tenant: Tenant, start: datetime, rule: str) -> None:
    """One rule each, and a hold is refused with the same."""
    offer = tenant.offer(opens="06:00", notice_minutes=90, horizon_days=30)

    found = explain(api, offer, start)

    assert (found["bookable"], rules(found)) == (False, [rule])
    assert refused(api.hold, offer, start).detail == {"reason": rule}


def test_the_wrong_kind_of_start(api: Api, tenant: Tenant) -> None:
    """A date where starts are booked, or a start where dates are: the answer has no period."""
    by_slot, by_date = tenant.offer(), tenant.offer(duration=None)

    found = [explain(api, by_slot, None, TOMORROW.date()), explain(api, by_date, TOMORROW)]

    assert [(rules(each), each["starts_at"]) for each in found] == [(["wrong_mode"], None)] * 2


def test_a_resource_that_confirms_by_request(api: Api, tenant: Tenant) -> None:
    """Its times cannot be held yet."""
    offer = tenant.offer(confirmation="by_request")

    assert rules(explain(api, offer, TOMORROW + 10 * HOUR)) == ["by_request"]


def test_a_booking_is_named_and_so_is_a_mere_buffer(api: Api, tenant: Tenant) -> None:
    """taken: it has some of the time; buffer: only the buffer around it is in the way.

    Cases: P-3
    """
    offer = tenant.offer(buffer_after_minutes=30)
    held = api.hold(offer, TOMORROW + 11 * HOUR)

    def ways(hour: float) -> list[tuple[str, str]]:
        found = explain(api, offer, TOMORROW + hour * HOUR)["rules"]
        return [(each["rule"], each["booking_id"]) for each in found]

    assert ways(11.5) == [("taken", str(held.id))]
    assert ways(12) == [("buffer", str(held.id))]
    assert ways(10) == [("buffer", str(held.id))]
    assert ways(9.5) == ways(12.5) == []


def test_an_expired_hold_blocks_no_time(api: Api, tenant: Tenant) -> None:
    """With or without a sweep."""
    offer = tenant.offer()
    api.hold(offer, TOMORROW + 11 * HOUR)
    api.database.clock.advance(5 * MINUTE)

    assert explain(api, offer, TOMORROW + 11 * HOUR)["bookable"]


def test_a_full_class_is_a_matter_of_capacity(api: Api, tenant: Tenant) -> None:
    """Each booking in the way is named, and the rule is capacity."""
    offer = group(tenant, 2)
    held = [
        api.hold(offer, TOMORROW + 10 * HOUR, customer={"name": "G", "email": f"{n}@example.com"})
        for n in range(2)
    ]

    found = explain(api, offer, TOMORROW + 10 * HOUR)

    assert rules(found) == ["taken", "taken", "capacity"]
    assert {each["booking_id"] for each in found["rules"][:2]} == {str(h.id) for h in held}
    assert found["rules"][2]["detail"] == "all 2 places are taken"


def test_closed_times_are_named(api: Api, tenant: Tenant) -> None:
    """A blackout by its id and reason, an external calendar by its id; nothing else of its events.

    Cases: E-5.4, E-9.3
    """
    offer = tenant.offer(buffer_after_minutes=30)
    blackout = tenant.blackout(offer.resource_id, TOMORROW + 11.25 * HOUR, TOMORROW + 12 * HOUR)
    api.database.execute("update core.blackouts set reason = 'Painters'")
    external_busy(offer, TOMORROW + 11 * HOUR, TOMORROW + 12 * HOUR)
    calendar = api.database.value("select id from core.calendars")

    first, second = explain(api, offer, TOMORROW + 10 * HOUR)["rules"]

    assert (first["rule"], first["blackout_id"], first["detail"]) == (
        *("blackout", str(blackout), "Painters"),
    )
    assert (second["rule"], second["calendar_id"]) == ("external_busy", str(calendar))


def test_limits_are_named(api: Api, tenant: Tenant) -> None:
    """The day's limit always; a customer's when one is given, by any of their addresses."""
    offer = tenant.offer(daily_limit=1, customer_limit=1)
    api.hold(offer, TOMORROW + 10 * HOUR, actor=tenant.actor("secret"))
    start = TOMORROW + 12 * HOUR

    found = [
        rules(explain(api, offer, start, email=email))
        for email in (None, "ada@example.com", "GRACE@example.com", "grace+new@example.com")
    ]

    assert found == [["daily_limit"]] * 2 + [["daily_limit", "customer_limit"]] * 2


def test_all_rules_are_listed_in_one_order(api: Api, tenant: Tenant) -> None:
    """Every rule that refuses is listed, not only the first."""
    offer = tenant.offer(daily_limit=1, customer_limit=1, buffer_before_minutes=60)
    api.hold(offer, TOMORROW + 10 * HOUR, actor=tenant.actor("secret"))
    api.hold(tenant.offer(), TOMORROW + 9 * HOUR)
    tenant.blackout(offer.resource_id, TOMORROW + 10 * HOUR, TOMORROW + 12 * HOUR)
    external_busy(offer, TOMORROW + 10 * HOUR, TOMORROW + 12 * HOUR)
    change(offer, notice_minutes=2880, confirmation="by_request")

    found = rules(explain(api, offer, TOMORROW + 10 * HOUR + MINUTE, email="grace@example.com"))

    assert found == [
        *("by_request", "notice", "off_grid", "blackout", "external_busy"),
        *("taken", "daily_limit", "customer_limit"),
    ]
    assert found == sorted(found, key=ORDER.index)


def test_it_is_for_the_owner(api: Api, tenant: Tenant) -> None:
    """KHDEN for a browser, because it names bookings.

    Cases: P-7
    """
    offer = tenant.offer()
    arguments = (offer.resource_id, None, NOW, None, None)

    refusal = refused(api.call, "explain_slot", tenant.actor(), *arguments)

    assert refusal.sqlstate == "KHDEN"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_it_agrees_with_holding_and_with_listing(
    database: Database, api: Api, data: st.DataObject
) -> None:
    """Bookable is exactly what can be held, and exactly what is listed.

    Random resources with bookings, blackouts, external events, overrides, classes and limits, of a
    new tenant each time.

    Cases: P-3, E-5.2, E-5.4, E-9.3
    """
    draw = data.draw
    tenant = Tenant(database)
    offer = random_offer(tenant, draw)
    halves = st.integers(0, 47).map(lambda n: TOMORROW + n * HOUR / 2)
    for n, start in enumerate(draw(st.lists(halves, max_size=6))):
        customer = {"name": "G", "email": f"{n % 3}@example.com"}
        try_hold(api, offer, start, customer)
    for kind in draw(st.lists(st.sampled_from(["blackout", "external_busy"]), max_size=2)):
        start = draw(halves)
        end = start + draw(st.integers(1, 8)) * 15 * MINUTE
        if kind == "blackout":
            tenant.blackout(offer.resource_id, start, end)
        else:
            external_busy(offer, start, end)
    grid = [TOMORROW + n * 15 * MINUTE for n in range(96)]
    asked = draw(st.lists(st.sampled_from(grid), min_size=8, max_size=8, unique=True))

    free = {slot["starts_at"] for slot in listed(api, offer, TOMORROW, TOMORROW + DAY)}
    for start in asked:
        customer = {
            "name": "Grace",
            "email": draw(st.sampled_from(["1@example.com", "1+x@example.com"])),
        }
        # by a server: a browser's customer is checked when it pays
        answer = try_to_hold(api, offer, "secret", starts_at=start, customer=customer)
        found = explain(api, offer, start, email=customer["email"])

        assert found["bookable"] == isinstance(answer, dict), (start, found, answer)
        assert found["bookable"] == (rules(found) == [])
        for_any_customer = explain(api, offer, start)
        assert for_any_customer["bookable"] == (for_any_customer["starts_at"] in free), (
            for_any_customer
        )


def random_offer(tenant: Tenant, draw: Any) -> Offer:
    """A resource with random values wherever they can vary."""
    few = st.sampled_from([0, 0, 15, 30])
    offer = tenant.offer(
        opens=draw(st.sampled_from(["00:00", "09:00", "20:00"])),
        closes=draw(st.sampled_from(["03:00", "17:00", "24:00"])),
        weekdays=draw(st.sampled_from([(1, 2), (1, 2, 3), (2,)])),
        timezone=draw(st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu"])),
        duration=draw(st.sampled_from([30, 60, 90])),
        step_minutes=draw(st.sampled_from([15, 30, 60])),
        capacity=draw(st.integers(1, 2)),
        notice_minutes=draw(st.sampled_from([0, 1440])),
        buffer_before_minutes=draw(few),
        buffer_after_minutes=draw(few),
        daily_limit=draw(st.none() | st.integers(1, 3)),
        customer_limit=draw(st.none() | st.integers(1, 2)),
    )
    tenant.database.execute(
        "update core.offerings set group_size = %s, buffer_after_minutes = %s where id = %s",
        *(draw(st.none() | st.integers(2, 3)), draw(st.none() | few), offer.offering_id),
    )
    if draw(st.booleans()):
        tenant.override(
            offer.resource_id, TOMORROW.date(), "12:00", draw(st.sampled_from(["02:00", "18:00"]))
        )
    return offer


def try_hold(api: Api, offer: Offer, start: datetime, customer: dict[str, str]) -> None:
    """Hold it if possible."""
    with suppress(psycopg.DatabaseError):
        api.hold(offer, start, actor=offer.tenant.actor("secret"), customer=customer)
