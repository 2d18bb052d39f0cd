"""core.offered: the one definition of what may be booked, against a definition in Python."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.builders import EVERY_DAY, NOW, Tenant
from tests.harness.cluster import Server
from tests.harness.database import Database, fresh_database
from tests.harness.wall_clock import (
    ZONES,
    Hours,
    changes,
    instant,
    is_open,
    reading,
    readings_agree,
    windows,
)

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


def expected(question: Question) -> set[tuple[datetime, datetime, date | None]]:
    """What is offered, by definition: every start on some window's grid that no rule forbids."""
    q = question
    opening = windows(q.rules, q.zone, q.start, q.end + (q.duration or 0) * MINUTE)
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
def database_of_module(server: Server) -> Iterator[tuple[Database, Tenant, UUID, UUID]]:
    """One tenant with a bookable resource by the slot and one by the date."""
    with fresh_database(server) as database:
        tenant = Tenant(database)
        by_slot, by_date = tenant.offer(), tenant.offer(duration=None)
        yield database, tenant, by_slot.resource_id, by_date.resource_id


def offered(
    module: tuple[Database, Tenant, UUID, UUID], question: Question
) -> list[tuple[datetime, datetime, date | None]]:
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
    database.execute("delete from core.weekly_hours where resource_id = %s", resource_id)
    for rule in q.rules:
        opens, closes = (f"{m // 60:02}:{m % 60:02}" for m in (rule.opens, rule.closes))
        tenant.hours(resource_id, opens, closes, [rule.weekday])
    query = """
        select o.*
        from core.resources as r
        join core.resource_offerings as ro on ro.resource_id = r.id
        join core.offerings as f on f.id = ro.offering_id
        cross join lateral core.offered(r, f, %s, %s, %s) as o
        where r.id = %s
    """
    return [tuple(row) for row in database.rows(query, q.start, q.end, q.now, resource_id)]


@st.composite
def weekly_rules(draw: st.DrawFn) -> list[Hours]:
    """Some weekdays with up to three windows that don't overlap but may touch."""
    rules = []
    for weekday in draw(st.sets(st.integers(1, 7), min_size=1)):
        edges = sorted(draw(st.sets(st.integers(0, 96), min_size=2, max_size=6)))
        pairs = list(pairwise(edges))
        chosen = pairs if draw(st.booleans()) else pairs[::2]
        rules += [Hours(weekday, opens * 15, closes * 15) for opens, closes in chosen]
    return rules


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Mostly near a change of the clocks, where the difficulties are."""
    zone = draw(st.sampled_from(ZONES))
    near = draw(st.sampled_from(changes(zone, 2005, 2045) or (NOW,)))
    start = near + draw(st.integers(-3 * 1440, 3 * 1440)) * MINUTE
    return Question(
        zone=zone,
        rules=draw(weekly_rules()),
        duration=draw(st.none() | st.sampled_from([5, 30, 45, 60, 90, 480, 1440, 2880])),
        step=draw(st.sampled_from([5, 15, 20, 30, 45, 60, 90, 720, 1440])),
        notice=draw(st.sampled_from([0, 0, 30, 1440])),
        horizon=draw(st.sampled_from([1, 2, 90])),
        now=start - draw(st.integers(-1440, 4320)) * MINUTE,
        start=start,
        end=start + draw(st.integers(1, 4 * 1440)) * MINUTE,
    )


@settings(max_examples=150, deadline=None)
@given(question=questions())
def test_what_is_offered_is_what_the_rules_allow(
    database_of_module: tuple[Database, Tenant, UUID, UUID], question: Question
) -> None:
    """Opening hours, grid, length, notice and horizon, in any zone and across clock changes.

    Cases: E-6.1, E-6.2
    """
    database = database_of_module[0]
    if not all(readings_agree(database, question.zone, [question.start, question.end])):
        return

    found = offered(database_of_module, question)

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
def test_dates_tile_the_year(
    database_of_module: tuple[Database, Tenant, UUID, UUID], zone: str, hours: set[float]
) -> None:
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
    database_of_module: tuple[Database, Tenant, UUID, UUID],
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
