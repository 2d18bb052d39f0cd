"""Local times computed independently in Python: the reference for the SQL.

Nothing here uses the `fold` of datetime: a local time is looked for among the instants that could
read so. Only the direction from an instant to its local time is taken from zoneinfo.

PostgreSQL brings its own time zone database, Python uses the system's. Where the two disagree on
what an instant reads, neither is the reference: `readings_agree` finds that out in the direction
that is not under test, and such samples are left out.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.harness.database.migrated import Database

# every kind of oddity: half-hour and two-hour clock changes, changes at midnight, a skipped date,
# offsets of three quarters of an hour, winter time in Ramadan, none at all
ZONES = (
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Havana",
    "America/New_York",
    "America/Sao_Paulo",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "UTC",
)
_REACH = timedelta(hours=36)  # more than any clock change, the skipped date of Apia included


@dataclass(frozen=True, slots=True)
class Hours:
    """One weekly rule; closing at 24:00 is 1440 minutes, and a closing not after the opening is the
    next day's.
    """

    weekday: int
    opens: int  # minutes after midnight by the wall clock
    closes: int
    valid_from: date = date.min  # the local days on which it begins
    valid_until: date = date.max


@dataclass(frozen=True, slots=True)
class Special:
    """A window of one local date, instead of its weekday's; with None it is closed."""

    day: date
    opens: int | None
    closes: int | None


class Window(NamedTuple):
    """A rule on a date, as instants."""

    day: date
    opens_at: datetime
    closes_at: datetime


def reading(instant: datetime, zone: str) -> datetime:
    """What the clocks of a zone show at an instant."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def instant(local: datetime, zone: str, edge: str) -> datetime:
    """The first ("start") or last ("end") instant that reads so; after the gap when there is
    none.
    """
    as_utc = local.replace(tzinfo=UTC)
    offsets = _offsets_around(zone, int(as_utc.timestamp() // 3600))
    readers = [i for o in offsets if reading(i := as_utc - o, zone) == local]
    if readers:
        return min(readers) if edge == "start" else max(readers)
    before = as_utc - _REACH
    return as_utc - (reading(before, zone) - before.replace(tzinfo=None))


@cache
def _offsets_around(zone: str, hour: int) -> frozenset[timedelta]:
    """From UTC, at each whole hour of three days around an hour since the epoch."""
    return frozenset(_offset(zone, each) for each in range(hour - 37, hour + 38))


@cache
def _offset(zone: str, hour: int) -> timedelta:
    at = datetime.fromtimestamp(hour * 3600, UTC)
    return reading(at, zone) - at.replace(tzinfo=None)


@cache
def changes(zone: str, first_year: int = 1990, last_year: int = 2060) -> tuple[datetime, ...]:
    """Instants at which the clocks of a zone change, to the second."""
    tz, step = ZoneInfo(zone), timedelta(days=3)
    found, at = [], datetime(first_year, 1, 1, tzinfo=UTC)
    end = datetime(last_year, 12, 31, tzinfo=UTC)
    while at < end:
        low, high = at, at + step
        offset = low.astimezone(tz).utcoffset()
        if high.astimezone(tz).utcoffset() != offset:
            while high - low > timedelta(seconds=1):
                middle = (low + (high - low) / 2).replace(microsecond=0)
                if middle.astimezone(tz).utcoffset() == offset:
                    low = middle
                else:
                    high = middle
            found.append(high)
        at += step
    return tuple(found)


def readings_agree(database: Database, zone: str, instants: list[datetime]) -> list[bool]:
    """For each instant: do both databases read the clocks alike, two days before and after it?"""
    shifts = [timedelta(hours=h) for h in range(-48, 49, 2)]
    query = """
        select bool_and((i + s) at time zone %s = l) as alike
        from unnest(%s::timestamptz[], %s::interval[], %s::timestamp[], %s::int[])
            as sample (i, s, l, n)
        group by n order by n
    """
    samples = [(i, s, reading(i + s, zone), n) for n, i in enumerate(instants) for s in shifts]
    columns = [list(column) for column in zip(*samples, strict=True)]
    return [alike for (alike,) in database.rows(query, zone, *columns)]


def windows(
    rules: list[Hours],
    zone: str,
    start: datetime,
    end: datetime,
    specials: list[Special] | None = None,
) -> list[Window]:
    """All opening hours of the local dates from three before `start` to three after `end`."""
    day = reading(start, zone).date() - timedelta(days=3)
    last = reading(end, zone).date() + timedelta(days=3)
    found = []
    while day <= last:
        special = [(s.opens, s.closes) for s in specials or [] if s.day == day]
        weekly: list[tuple[int | None, int | None]] = [
            (rule.opens, rule.closes)
            for rule in rules
            if rule.weekday == day.isoweekday() and rule.valid_from <= day <= rule.valid_until
        ]
        for opens, closes in special or weekly:
            if opens is not None and closes is not None:
                midnight = datetime.combine(day, time())
                until = closes if closes > opens else closes + 1440
                opens_at = instant(midnight + timedelta(minutes=opens), zone, "start")
                closes_at = instant(midnight + timedelta(minutes=until), zone, "end")
                found.append(Window(day, opens_at, closes_at))
        day += timedelta(days=1)
    return found


def is_open(opening: list[Window], start: datetime, end: datetime) -> bool:
    """Do the windows together cover [start, end)?"""
    for window in sorted(opening, key=lambda w: w.opens_at):
        if window.opens_at <= start < window.closes_at:
            start = window.closes_at
    return start >= end
