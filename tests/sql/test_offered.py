"""core.bookable_periods, the one definition of what may be booked, against one in Python."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.database.builders import EVERY_DAY, Tenant
from tests.harness.database.cluster import Server
from tests.harness.database.migrated import fresh_database
from tests.harness.database.questions import DAY, MINUTE, Question, Stand, lay_down, questions
from tests.harness.database.wall_clock import (
    Hours,
    instant,
    is_open,
    reading,
    readings_agree,
    windows,
)

HOUR = timedelta(hours=1)

_OFFERED = """
select o.*
from core.resources as r
join core.resource_offerings as ro on ro.resource_id = r.id
join core.offerings as f on f.id = ro.offering_id
cross join lateral core.bookable_periods(r, f, %s, %s, %s) as o
where r.id = %s
"""


def expected(question: Question) -> set[tuple[datetime, datetime, date | None]]:
    """The bookable periods by definition: every start on a window's grid that no rule forbids."""
    q = question
    until = q.end + (q.duration or 0) * MINUTE
    opening = windows(q.rules, q.zone, q.start, until, q.specials)
    found: set[tuple[datetime, datetime, date | None]] = set()
    if q.duration is None:
        for day in {window.day for window in opening}:
            midnights = [datetime.combine(day + timedelta(days=n), time()) for n in (0, 1)]
            begins, ends = (instant(midnight, q.zone, "start") for midnight in midnights)
            if begins < ends:  # a skipped date has no time
                found.add((begins, ends, day))
    else:
        length = q.duration * MINUTE
        for window in opening:
            begins = window.opens_at
            while begins < window.closes_at:
                if is_open(opening, begins, begins + length):
                    found.add((begins, begins + length, None))
                begins += q.step * MINUTE
    first = max(q.start, q.now + q.notice * MINUTE)
    last = q.now + q.horizon * DAY
    return {slot for slot in found if first <= slot[0] < q.end and slot[0] <= last}


@pytest.fixture(scope="module")
def stand(server: Server) -> Iterator[Stand]:
    """One tenant with a bookable resource by the slot and one by the date."""
    with fresh_database(server) as database:
        tenant = Tenant(database)
        by_slot, by_date = tenant.offer(), tenant.offer(duration=None)
        yield Stand(database, tenant, by_slot.resource_id, by_date.resource_id)


def offered(stand: Stand, question: Question) -> list[tuple[datetime, datetime, date | None]]:
    """The database's answer, which is the same by compiled openings and by computed ones."""
    q = question
    resource_id = lay_down(stand, question)
    compiled = stand.database.rows(_OFFERED, q.start, q.end, q.now, resource_id)
    stand.database.execute("delete from core.timetables")
    computed = stand.database.rows(_OFFERED, q.start, q.end, q.now, resource_id)

    assert compiled == computed
    return [tuple(row) for row in compiled]


@settings(max_examples=200, deadline=None)
@given(question=questions())
def test_what_is_offered_is_what_the_rules_allow(stand: Stand, question: Question) -> None:
    """Weekly windows, seasons, overrides, grid, length, notice and horizon, in any zone.

    Cases: E-6.1, E-6.2
    """
    assert_as_the_rules_allow(stand, question)


@pytest.mark.parametrize(
    ("zone", "near"),
    [
        ("Australia/Lord_Howe", datetime(2031, 4, 5, 15, tzinfo=UTC)),  # half an hour
        ("Asia/Kathmandu", datetime(1985, 12, 31, 18, 30, tzinfo=UTC)),  # by a quarter, once
        ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),  # the skipped date
        ("Africa/Casablanca", datetime(2019, 5, 5, 2, tzinfo=UTC)),  # back in Ramadan
        ("Antarctica/Troll", datetime(2018, 10, 28, 1, tzinfo=UTC)),  # two hours
    ],
)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_oddest_clocks(stand: Stand, zone: str, near: datetime, data: st.DataObject) -> None:
    """The same where clocks change by a half, a quarter, two hours or a whole day.

    Cases: E-6.1
    """
    assert_as_the_rules_allow(stand, data.draw(questions(zone, near)))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), zone=st.sampled_from(sorted(available_timezones())))
def test_any_zone(stand: Stand, data: st.DataObject, zone: str) -> None:
    """The same in every zone that both databases know.

    Cases: E-6.1
    """
    known = "select exists (select from pg_timezone_names where name = %s)"
    if zone == "localtime" or not stand.database.value(known, zone):
        return
    assert_as_the_rules_allow(stand, data.draw(questions(zone)))


def assert_as_the_rules_allow(stand: Stand, question: Question) -> None:
    """The database offers exactly what the definition in Python has, in order, once each."""
    if not all(readings_agree(stand.database, question.zone, [question.start, question.end])):
        return  # when two time zone databases differ, neither is the reference

    found = offered(stand, question)

    assert found == sorted(found)
    assert len(found) == len(set(found))
    assert set(found) == expected(question)


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("Europe/Berlin", {23.0, 24.0, 25.0}),
        ("America/New_York", {23.0, 24.0, 25.0}),
        ("America/Havana", {23.0, 24.0, 25.0}),
        ("Africa/Cairo", {23.0, 24.0, 25.0}),
        ("Africa/Casablanca", {23.0, 24.0, 25.0}),
        ("Australia/Lord_Howe", {23.5, 24.0, 24.5}),
        ("Antarctica/Troll", {22.0, 24.0, 26.0}),
        ("Asia/Kathmandu", {24.0}),
    ],
)
def test_dates_tile_the_year(stand: Stand, zone: str, hours: set[float]) -> None:
    """Each date ends where the next begins, whatever the clocks do, and has the date's length.

    Cases: D-5, E-6.1
    """
    start = datetime(2026, 1, 1, tzinfo=UTC)
    question = _every_date(zone, start, start + 1000 * DAY)

    dates = offered(stand, question)

    lengths = {(ends - begins) / HOUR for begins, ends, _ in dates}
    assert [day for _, _, day in dates] == [
        reading(start, zone).date() + timedelta(days=n) for n in _whole_days(dates, start, zone)
    ]
    assert all(before[1] == after[0] for before, after in pairwise(dates))
    assert lengths == hours


def test_a_date_that_a_zone_skipped_is_not_offered(
    stand: Stand,
) -> None:
    """Apia had no 30 December 2011; the dates around it still touch.

    Cases: D-5, E-6.1
    """
    start = datetime(2011, 12, 28, 10, tzinfo=UTC)
    question = _every_date("Pacific/Apia", start, start + 4 * DAY)

    dates = offered(stand, question)

    assert [day.day for _, _, day in dates if day] == [28, 29, 31, 1]
    assert all(before[1] == after[0] for before, after in pairwise(dates))


def _every_date(zone: str, start: datetime, end: datetime) -> Question:
    rules = [Hours(weekday, 0, 1440) for weekday in EVERY_DAY]
    return Question(zone, rules, None, 30, 0, 1095, start, start, end)


def _whole_days(dates: list[Any], start: datetime, zone: str) -> range:
    """Numbers of the dates after that of `start`; that one too if it begins exactly then."""
    first = 0 if dates[0][0] == start and reading(start, zone).time() == time() else 1
    return range(first, first + len(dates))
