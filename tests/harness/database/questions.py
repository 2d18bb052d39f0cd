"""Rules of a resource and questions about them, drawn at random and written into a database."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.harness.database.builders import NOW, Tenant
from tests.harness.database.migrated import Database
from tests.harness.database.wall_clock import ZONES, Hours, Special, changes, reading

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WEEK, QUARTER = 7 * 1440, 15


class Stand(NamedTuple):
    """A database with one resource that is booked by the slot, and one by the date."""

    database: Database
    tenant: Tenant
    by_slot: UUID
    by_date: UUID


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


def lay_down(stand: Stand, question: Question) -> UUID:
    """Give the resource these rules and no others, and set the clock as the question says.

    One statement per table, because each compiles the openings.
    """
    database, tenant, by_slot, by_date = stand
    q = question
    resource_id = by_date if q.duration is None else by_slot
    database.clock.set(q.now)
    for table in ("core.weekly_hours", "core.date_overrides"):
        database.execute(f"delete from {table} where resource_id = %s", resource_id)
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
    common = {
        "tenant_id": str(tenant.id),
        "resource_id": str(resource_id),
        "created_at": q.now.isoformat(),
        "updated_at": q.now.isoformat(),
    }
    _insert(
        database,
        "weekly_hours",
        [
            {
                "weekday": rule.weekday,
                "valid_from": None if rule.valid_from == date.min else str(rule.valid_from),
                "valid_until": None if rule.valid_until == date.max else str(rule.valid_until),
            }
            | _clock_faces(rule)
            | common
            for rule in q.rules
        ],
    )
    _insert(
        database,
        "date_overrides",
        [{"on_date": str(special.day)} | _clock_faces(special) | common for special in q.specials],
    )
    return resource_id


def _insert(database: Database, table: str, rows: list[dict[str, Any]]) -> None:
    names = ", ".join(rows[0]) if rows else ""
    if rows:
        database.execute(
            f"insert into core.{table} (id, version, {names})"
            f" select gen_random_uuid(), 1, {names}"
            f" from jsonb_populate_recordset(null::core.{table}, %s)",
            Jsonb(rows),
        )


def _clock_faces(rule: Hours | Special) -> dict[str, str | None]:
    """Minutes after midnight as times of the day."""
    return {
        edge: None if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"
        for edge, minutes in (("opens", rule.opens), ("closes", rule.closes))
    }
