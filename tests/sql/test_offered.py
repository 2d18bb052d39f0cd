"""core.bookable_periods: the one definition of what may be booked, against one in Python."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.database.builders import EVERY_DAY, NOW, Tenant, insert
from tests.harness.database.cluster import Server
from tests.harness.database.migrated import Database, fresh_database
from tests.harness.database.wall_clock import (
    ZONES,
    Hours,
    Special,
    changes,
    instant,
    is_open,
    reading,
    readings_agree,
    windows,
)

Module = tuple[Database, Tenant, UUID, UUID]

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Question:
    """A resource's rules, and the period that is asked about."""

    zone: str
    rules: list[Hours]
    duration: int | None  # minutes; None: whole dates
    step: int
    notice: int
    horizon: int
    now: datetime
    start: datetime
    end: datetime
    specials: list[Special] = field(default_factory=list)


def expected(question: Question) -> set[tuple[datetime, datetime, date | None]]:
    """What is offered, by definition: every start on some window's grid that no rule forbids."""
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
def database_of_module(server: Server) -> Iterator[Module]:
    """One tenant with a bookable resource by the slot and one by the date."""
    with fresh_database(server) as database:
        tenant = Tenant(database)
        by_slot, by_date = tenant.offer(), tenant.offer(duration=None)
        yield database, tenant, by_slot.resource_id, by_date.resource_id


def offered(module: Module, question: Question) -> list[tuple[datetime, datetime, date | None]]:
    """What the database offers."""
    database, tenant, by_slot, by_date = module
    q = question
    resource_id = by_date if q.duration is None else by_slot
    database.execute(
        "update core.resources set timezone = %s, step_minutes = %s, notice_minutes = %s,"
        " horizon_days = %s where id = %s",
        *(q.zone, q.step, q.notice, q.horizon, resource_id),
    )
    if q.duration is not None:
        database.execute(
            "update core.offerings set duration_minutes = %s where booking_mode = 'slot'",
            q.duration,
        )
    for table in ("core.weekly_hours", "core.date_overrides"):
        database.execute(f"delete from {table} where resource_id = %s", resource_id)
    now = database.clock.now()
    for rule in q.rules:
        insert(
            database,
            "core.weekly_hours",
            tenant_id=tenant.id,
            id=uuid4(),
            resource_id=resource_id,
            weekday=rule.weekday,
            opens=clock_face(rule.opens),
            closes=clock_face(rule.closes),
            valid_from=None if rule.valid_from == date.min else rule.valid_from,
            valid_until=None if rule.valid_until == date.max else rule.valid_until,
            created_at=now,
        )
    for special in q.specials:
        insert(
            database,
            "core.date_overrides",
            tenant_id=tenant.id,
            id=uuid4(),
            resource_id=resource_id,
            on_date=special.day,
            opens=clock_face(special.opens),
            closes=clock_face(special.closes),
            created_at=now,
            updated_at=now,
        )
    query = """
        select o.*
        from core.resources as r
        join core.resource_offerings as ro on ro.resource_id = r.id
        join core.offerings as f on f.id = ro.offering_id
        cross join lateral core.bookable_periods(r, f, %s, %s, %s) as o
        where r.id = %s
    """
    return [tuple(row) for row in database.rows(query, q.start, q.end, q.now, resource_id)]


def clock_face(minutes: int | None) -> str | None:
    """Minutes after midnight as a time of the day."""
    return None if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"


WEEK, QUARTER = 7 * 1440, 15


@st.composite
def weekly_rules(draw: st.DrawFn) -> list[Hours]:
    """Windows of less than a day, anywhere in the week; they don't overlap but may touch."""
    edges = sorted(draw(st.sets(st.integers(0, WEEK // QUARTER - 1), min_size=2, max_size=16)))
    pairs = list(pairwise(edges))
    chosen = pairs if draw(st.booleans()) else pairs[::2]
    shift = draw(st.integers(0, WEEK // QUARTER - 1))  # so that Sunday's may end on Monday
    rules = []
    for first, last in chosen:
        opens = (first + shift) * QUARTER % WEEK
        closes = opens + min((last - first) * QUARTER, 1440 - QUARTER)
        day, opens = divmod(opens, 1440)
        closes -= day * 1440
        rules.append(Hours(day + 1, opens, closes if closes <= 1440 else closes - 1440))
    return rules


@st.composite
def seasons(draw: st.DrawFn, near: date) -> list[Hours]:
    """The same rules all year, or others from some day on, or rules that end."""
    rules = draw(weekly_rules())
    if draw(st.booleans()):
        return rules
    turn = near + draw(st.integers(-3, 3)) * DAY
    until = [replace(rule, valid_until=turn - DAY) for rule in rules]
    return until + [replace(rule, valid_from=turn) for rule in draw(st.just([]) | weekly_rules())]


@st.composite
def specials(draw: st.DrawFn, near: date) -> list[Special]:
    """Some days near that one, closed or open at other times, past midnight too."""
    found = []
    for offset in draw(st.sets(st.integers(-3, 4), max_size=3)):
        day = near + offset * DAY
        if draw(st.booleans()):
            found.append(Special(day, None, None))
        else:
            opens = draw(st.integers(0, 95)) * QUARTER
            length = draw(st.integers(1, 95)) * QUARTER
            closes = opens + length
            found.append(Special(day, opens, closes if closes <= 1440 else closes - 1440))
    return found


@st.composite
def questions(draw: st.DrawFn, zone: str | None = None, near: datetime | None = None) -> Question:
    """Mostly near a change of the clocks, where the difficulties are."""
    zone = zone or draw(st.sampled_from(ZONES))
    near = near or draw(st.sampled_from(changes(zone) or (NOW,)))
    start = near + draw(st.integers(-3 * 1440, 3 * 1440)) * MINUTE
    today = reading(start, zone).date()
    return Question(
        zone=zone,
        rules=draw(seasons(today)),
        duration=draw(st.none() | st.sampled_from([5, 30, 45, 60, 90, 480, 1440, 2880])),
        step=draw(st.sampled_from([5, 15, 20, 30, 45, 60, 90, 720, 1440])),
        notice=draw(st.sampled_from([0, 0, 30, 1440])),
        horizon=draw(st.sampled_from([1, 2, 90])),
        now=start - draw(st.integers(-1440, 4320)) * MINUTE,
        start=start,
        end=start + draw(st.integers(1, 4 * 1440)) * MINUTE,
        specials=draw(specials(today)),
    )


@settings(max_examples=200, deadline=None)
@given(question=questions())
def test_what_is_offered_is_what_the_rules_allow(
    database_of_module: Module, question: Question
) -> None:
    """Weekly windows, seasons, overrides, grid, length, notice and horizon, in any zone.

    Cases: E-6.1, E-6.2
    """
    assert_as_the_rules_allow(database_of_module, question)


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
def test_the_oddest_clocks(
    database_of_module: Module, zone: str, near: datetime, data: st.DataObject
) -> None:
    """The same where clocks change by a half, a quarter, two hours or a whole day.

    Cases: E-6.1
    """
    assert_as_the_rules_allow(database_of_module, data.draw(questions(zone, near)))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), zone=st.sampled_from(sorted(available_timezones())))
def test_any_zone(database_of_module: Module, data: st.DataObject, zone: str) -> None:
    """The same in every zone that both databases know.

    Cases: E-6.1
    """
    known = "select exists (select from pg_timezone_names where name = %s)"
    if zone == "localtime" or not database_of_module[0].value(known, zone):
        return
    assert_as_the_rules_allow(database_of_module, data.draw(questions(zone)))


def assert_as_the_rules_allow(module: Module, question: Question) -> None:
    """The database offers exactly what the definition in Python has, in order, once each."""
    if not all(readings_agree(module[0], question.zone, [question.start, question.end])):
        return  # of two time zone databases neither is the reference

    found = offered(module, question)

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
def test_dates_tile_the_year(database_of_module: Module, zone: str, hours: set[float]) -> None:
    """Each date ends where the next begins, whatever the clocks do; its length is the date's.

    Cases: D-5, E-6.1
    """
    start = datetime(2026, 1, 1, tzinfo=UTC)
    question = _every_date(zone, start, start + 1000 * DAY)

    dates = offered(database_of_module, question)

    lengths = {(ends - begins) / HOUR for begins, ends, _ in dates}
    assert [day for _, _, day in dates] == [
        reading(start, zone).date() + timedelta(days=n) for n in _whole_days(dates, start, zone)
    ]
    assert all(before[1] == after[0] for before, after in pairwise(dates))
    assert lengths == hours


def test_a_date_that_a_zone_skipped_is_not_offered(
    database_of_module: Module,
) -> None:
    """Apia had no 30 December 2011; the dates around it still touch.

    Cases: D-5, E-6.1
    """
    start = datetime(2011, 12, 28, 10, tzinfo=UTC)
    question = _every_date("Pacific/Apia", start, start + 4 * DAY)

    dates = offered(database_of_module, question)

    assert [day.day for _, _, day in dates if day] == [28, 29, 31, 1]
    assert all(before[1] == after[0] for before, after in pairwise(dates))


def _every_date(zone: str, start: datetime, end: datetime) -> Question:
    rules = [Hours(weekday, 0, 1440) for weekday in EVERY_DAY]
    return Question(zone, rules, None, 30, 0, 1095, start, start, end)


def _whole_days(dates: list[Any], start: datetime, zone: str) -> range:
    """Numbers of the dates after that of `start`; that one too if it begins exactly then."""
    first = 0 if dates[0][0] == start and reading(start, zone).time() == time() else 1
    return range(first, first + len(dates))
