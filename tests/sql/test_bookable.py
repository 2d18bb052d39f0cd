"""What a listing leaves out, and how it shows the rest: blackouts, buffers, groups, limits."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from psycopg.types.range import Range

from tests.harness.clients.calls import Api, refused, utc
from tests.harness.database.builders import NOW, Offer, Tenant, insert

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MIDNIGHT = NOW - 8 * HOUR
TOMORROW = MIDNIGHT + DAY


def listed(api: Api, offer: Offer, day: datetime = TOMORROW) -> dict[datetime, int]:
    """Places left, by start, on one UTC day."""
    answer = api.call(
        "list_slots_as_text",
        offer.tenant.actor(),
        offer.resource_id,
        offer.offering_id,
        day,
        day + DAY,
    )
    return {utc(slot["starts_at"]): slot["remaining"] for slot in answer["slots"]}


def group(tenant: Tenant, size: int, **columns: Any) -> Offer:
    """A class of an hour from 10 to 12, in which `size` customers share a unit."""
    offer = tenant.offer(opens="10:00", closes="12:00", **columns)
    tenant.database.execute(
        "update core.offerings set group_size = %s where id = %s", size, offer.offering_id
    )
    return offer


def external_busy(offer: Offer, starts_at: datetime, ends_at: datetime) -> None:
    """An event in an external calendar that was read just now."""
    database, calendar = offer.tenant.database, uuid4()
    insert(
        database,
        "core.calendars",
        tenant_id=offer.tenant.id,
        id=calendar,
        resource_id=offer.resource_id,
        name="Elsewhere",
        url="https://calendar.example/a.ics",
        read_at=NOW,
        busy_until=NOW + 90 * DAY,
        fresh_seconds=86400,
        due_at=NOW + DAY,
        created_at=NOW,
        updated_at=NOW,
    )
    insert(
        database,
        "core.external_busy",
        tenant_id=offer.tenant.id,
        calendar_id=calendar,
        resource_id=offer.resource_id,
        during=Range(starts_at, ends_at, "[)"),
    )


@pytest.mark.parametrize("kind", ["blackout", "external_busy"])
def test_closed_times_are_not_listed_and_cannot_be_held(
    api: Api, tenant: Tenant, kind: str
) -> None:
    """A blackout or a calendar's event also blocks the buffers of a booking.

    Cases: E-5.4, E-9.3, P-3
    """
    offer = tenant.offer(opens="09:00", closes="14:00", buffer_after_minutes=30)
    start, end = TOMORROW + 11 * HOUR, TOMORROW + 12 * HOUR
    if kind == "blackout":
        tenant.blackout(offer.resource_id, start, end)
    else:
        external_busy(offer, start, end)

    found = listed(api, offer)
    refusal = refused(api.hold, offer, TOMORROW + 10 * HOUR)

    assert set(found) == {TOMORROW + h * HOUR for h in (9, 9.5, 12, 12.5, 13)}
    assert (refusal.sqlstate, refusal.detail) == ("KHOFF", {"reason": kind})
    assert api.hold(offer, TOMORROW + 9.5 * HOUR)  # its buffer ends where the other begins


def test_an_offering_may_have_buffers_of_its_own(api: Api, tenant: Tenant) -> None:
    """They replace the resource's, each by itself, and are frozen on the booking.

    Cases: P-3
    """
    offer = tenant.offer(buffer_before_minutes=60, buffer_after_minutes=60)
    api.database.execute(
        "update core.offerings set buffer_after_minutes = 0 where id = %s", offer.offering_id
    )

    held = api.hold(offer, TOMORROW + 11 * HOUR)

    assert (held.row.buffer_before_minutes, held.row.buffer_after_minutes) == (60, 0)
    assert set(listed(api, offer)) == {
        TOMORROW + h * HOUR for h in (9, 13, 13.5, 14, 14.5, 15, 15.5, 16)
    }


def test_windows_past_midnight_belong_to_the_day_they_begin_on(api: Api, tenant: Tenant) -> None:
    """Monday 22:00 to 02:00 is open on Tuesday at 1:00; an override that closes Monday closes that
    too.

    Cases: E-6.2
    """
    offer = tenant.offer(opens="22:00", closes="02:00", weekdays=[1], step_minutes=60)
    later = MIDNIGHT + 7 * DAY

    assert set(listed(api, offer, later)) == {later + h * HOUR for h in (22, 23)}
    assert set(listed(api, offer, later + DAY)) == {later + h * HOUR for h in (24, 25)}

    tenant.override(offer.resource_id, later.date())

    assert listed(api, offer, later) == {}
    assert listed(api, offer, later + DAY) == {}


def test_a_season_has_its_first_and_its_last_day(api: Api, tenant: Tenant) -> None:
    """Both days belong to it; a window of the last day may end on the day after."""
    offer = tenant.offer(opens="22:00", closes="01:00", step_minutes=60)
    api.database.execute(
        "update core.weekly_hours set valid_from = '2031-03-05', valid_until = '2031-03-06'"
    )
    first = TOMORROW + DAY

    arguments = (offer.resource_id, offer.offering_id, NOW, NOW + 7 * DAY)
    slots = api.call("list_slots_as_text", tenant.actor(), *arguments)["slots"]

    assert [(utc(slot["starts_at"]) - first) / HOUR for slot in slots] == [22, 23, 24, 46, 47, 48]


def test_an_override_replaces_the_hours_of_its_day(api: Api, tenant: Tenant) -> None:
    """It can open other hours, or a day that is closed all week; the neighbouring days stay as they
    are.
    """
    offer = tenant.offer(weekdays=[1, 2, 4], step_minutes=60, opens="09:00", closes="11:00")
    for day in (date(2031, 3, 4), date(2031, 3, 5)):
        tenant.override(offer.resource_id, day, "20:00", "21:00")

    found = [listed(api, offer, TOMORROW + n * DAY) for n in range(3)]

    assert [sorted(day) for day in found] == [
        [TOMORROW + 20 * HOUR],
        [TOMORROW + DAY + 20 * HOUR],
        [TOMORROW + 2 * DAY + h * HOUR for h in (9, 10)],
    ]


def test_seats_of_a_class_are_counted(api: Api, tenant: Tenant) -> None:
    """A free unit has all its seats, a class those that are left; a time of another class has none.

    Cases: P-3
    """
    offer = group(tenant, 3, capacity=2)
    other = Offer(tenant, offer.resource_id, tenant.offering(offer.resource_id))
    tenant.price(other.offering_id)

    for n in range(4):  # a full class in one unit, one of three seats in the other
        customer = {"name": "G", "email": f"g{n}@example.com"}
        api.hold(offer, TOMORROW + 10 * HOUR, customer=customer)

    assert listed(api, offer) == {TOMORROW + 10 * HOUR: 2, TOMORROW + 11 * HOUR: 6}
    assert listed(api, other) == {TOMORROW + 11 * HOUR: 2}
    api.hold(other, TOMORROW + 11 * HOUR)
    assert listed(api, offer)[TOMORROW + 11 * HOUR] == 3


def test_a_class_never_has_more_seats_than_it_has_now(api: Api, tenant: Tenant) -> None:
    """A class that is made smaller than what is booked has no seats left, never less than none."""
    offer = group(tenant, 3)
    for n in range(3):
        customer = {"name": "G", "email": f"g{n}@example.com"}
        api.hold(offer, TOMORROW + 10 * HOUR, customer=customer)
    api.database.execute("update core.offerings set group_size = 2")

    assert TOMORROW + 10 * HOUR not in listed(api, offer)
    assert refused(api.hold, offer, TOMORROW + 10 * HOUR).sqlstate == "KHTKN"


def test_a_full_day_lists_nothing(api: Api, tenant: Tenant) -> None:
    """When as many bookings start on a local day as it allows; an expired hold does not count.

    Cases: P-8
    """
    offer = tenant.offer(daily_limit=2, timezone="America/New_York", opens="18:00", closes="22:00")
    evening = MIDNIGHT + 23 * HOUR  # 18:00 there; 21:00 there is tomorrow in UTC
    api.hold(offer, evening)
    one_left = listed(api, offer, evening)
    api.hold(offer, evening + 3 * HOUR)
    full = listed(api, offer, evening)
    refusal = refused(api.hold, offer, evening + HOUR)
    api.database.clock.advance(timedelta(minutes=6))

    assert evening + HOUR in one_left
    assert full == {}
    assert (refusal.sqlstate, refusal.detail) == ("KHOFF", {"reason": "daily_limit"})
    assert listed(api, offer, evening) != {}
    assert listed(api, offer, evening + DAY) != {}


def test_a_customer_has_so_many_bookings_that_are_not_over(api: Api, tenant: Tenant) -> None:
    """Counted by mailbox and resource for the server that vouches for it; other mailboxes and past
    bookings do not count.

    Cases: P-8
    """
    offer, elsewhere = tenant.offer(customer_limit=1), tenant.offer()
    grace = {"name": "Grace", "email": "grace@example.com"}
    tagged = {"name": "Grace", "email": "grace+2@example.com"}
    api.paid(offer, NOW + HOUR)  # by Grace, like every hold without another customer
    server = tenant.actor("secret")

    refusals = [
        refused(api.hold, offer, TOMORROW + 10 * HOUR, actor=server, customer=who)
        for who in (grace, tagged)
    ]

    assert [(r.sqlstate, r.detail) for r in refusals] == [
        ("KHOFF", {"reason": "customer_limit"})
    ] * 2
    ada = {"name": "Ada", "email": "a@example.com"}
    assert api.hold(elsewhere, TOMORROW + 10 * HOUR, actor=server, customer=grace)
    assert api.hold(offer, TOMORROW + 10 * HOUR, actor=server, customer=ada)
    api.database.clock.advance(3 * HOUR)
    assert api.hold(offer, TOMORROW + 12 * HOUR, actor=server, customer=grace)


@pytest.mark.parametrize(
    ("zone", "offset"),
    [("Asia/Kathmandu", "+05:45"), ("Pacific/Marquesas", "-09:30"), ("UTC", "+00:00")],
)
def test_a_zone_only_adds_local_times(api: Api, tenant: Tenant, zone: str, offset: str) -> None:
    """The same instants in the same order, with their local times in that zone.

    Cases: E-6.1, E-6.2
    """
    offer = tenant.offer(timezone="Europe/Berlin")
    arguments = (tenant.actor(), offer.resource_id, None, None, None)
    plain = api.call("list_slots_as_text", *arguments)["slots"]

    told = api.call("list_slots_as_text", *arguments, zone)["slots"]

    locals_ = [(slot.pop("starts_local"), slot.pop("ends_local")) for slot in told]
    assert [{**slot, "starts_local": None, "ends_local": None} for slot in told] == plain
    assert {text[19:] for pair in locals_ for text in pair} == {offset}
    assert [(utc(a), utc(b)) for a, b in locals_] == [
        (utc(slot["starts_at"]), utc(slot["ends_at"])) for slot in plain
    ]


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "UTC+3", "Foo0", "Mars/Foo+3", "CEST", "posixrules", "", "europe"]
)
def test_an_unknown_zone_is_refused(api: Api, tenant: Tenant, zone: str) -> None:
    """KHTZN for what the time zone database does not have, though AT TIME ZONE would take it."""
    offer, pool = tenant.offer(), tenant.pool([])
    tenant.database.execute(
        "insert into core.pool_resources select %s, %s, %s", *(tenant.id, pool, offer.resource_id)
    )
    subjects = {"list_slots_as_text": offer.resource_id, "list_pool_slots_as_text": pool}

    for function, subject in subjects.items():
        refusal = refused(api.call, function, tenant.actor(), subject, None, None, None, zone)
        assert (refusal.sqlstate, refusal.hint) == (
            "KHTZN",
            "use an IANA name such as Europe/Berlin",
        )


def test_every_name_of_a_zone_is_known(api: Api) -> None:
    """Every name that a resource may have is accepted for a listing."""
    query = (
        "select count(*) from (select core.require_timezone(name) from pg_timezone_names"
        " where name like '%%/%%' offset 0) as z"
    )

    assert api.database.value(query) > 400


def test_too_many_slots_are_refused_not_cut_off(api: Api, tenant: Tenant) -> None:
    """KHPER from the 2,001st slot on, with the limit in words; 2,000 are answered."""
    offer = tenant.offer(opens="00:00", closes="24:00", step_minutes=5, duration=5)
    end = NOW + 2000 * 5 * MINUTE

    def ask(until: datetime) -> Any:
        return api.call("list_slots_as_text", tenant.actor(), offer.resource_id, None, NOW, until)

    assert len(ask(end)["slots"]) == 2000
    refusal = refused(ask, end + MINUTE)
    assert refusal.sqlstate == "KHPER"
    assert "2,000 slots" in refusal.message
    assert refused(ask, NOW + 62 * DAY).sqlstate == "KHPER"


def test_a_smaller_capacity_counts_only_its_units(api: Api, tenant: Tenant) -> None:
    """What is booked in a unit that no longer exists takes no place of the others."""
    offer = tenant.offer(capacity=3, opens="10:00", closes="11:00")
    for _ in range(3):
        api.hold(offer, TOMORROW + 10 * HOUR)
    api.database.execute("delete from core.occupancies where unit = 1")
    api.database.execute("update core.resources set capacity = 1")

    assert listed(api, offer) == {TOMORROW + 10 * HOUR: 1}
    assert api.hold(offer, TOMORROW + 10 * HOUR)


def test_the_public_list_tells_of_classes_and_of_cancelling(api: Api, tenant: Tenant) -> None:
    """How many share a class, and until when cancelling is free."""
    group(tenant, 8)
    api.database.execute("update core.offerings set free_cancel_hours = 48")

    (resource,) = api.call("list_resources", tenant.actor(), None, 10)["resources"]

    (offering,) = resource["offerings"]
    assert (offering["group_size"], offering["free_cancel_hours"]) == (8, 48)
