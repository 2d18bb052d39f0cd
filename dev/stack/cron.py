"""Schedule expressions of EventBridge Scheduler: when does rate(…), cron(…) or at(…) fire next?

Source: the EventBridge Scheduler user guide, "Schedule types". Times are minutes of a time zone;
a minute that a clock change skips does not fire, one that it repeats fires once.
"""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], 1
    )
}
_DAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_LAST_YEAR = 2199


class ScheduleError(Exception):
    """The expression is none that EventBridge Scheduler would take."""


@dataclass(frozen=True, slots=True)
class Rate:
    """rate(…): every `seconds`, counted from the start."""

    seconds: int

    def after(self, moment: datetime) -> datetime | None:
        """The next time to fire."""
        return moment + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Cron:
    """cron(…): minutes of a zone that satisfy six fields."""

    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    years: frozenset[int]
    is_day: Callable[[date], bool]
    zone: tzinfo

    def after(self, moment: datetime) -> datetime | None:
        """The next time to fire, strictly later than `moment`; None if there is none."""
        local = moment.astimezone(self.zone)
        day = local.date()
        while day.year <= _LAST_YEAR:
            if day.year not in self.years:
                day = date(day.year + 1, 1, 1)
                continue
            if day.month in self.months and self.is_day(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        found = self._instant(day, hour, minute)
                        if found is not None and found > moment:
                            return found
            day += timedelta(days=1)
        return None

    def _instant(self, day: date, hour: int, minute: int) -> datetime | None:
        wall = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)
        instant = wall.astimezone(UTC)
        exists = instant.astimezone(self.zone).replace(tzinfo=None) == wall.replace(tzinfo=None)
        return instant if exists else None


@dataclass(frozen=True, slots=True)
class Once:
    """at(…): a single time."""

    when: datetime

    def after(self, moment: datetime) -> datetime | None:
        """That time, or None once it has passed."""
        return self.when if self.when > moment else None


def parse(expression: str, timezone: str = "UTC") -> Rate | Cron | Once:
    """Understand a schedule expression. Raises ScheduleError."""
    try:
        zone = UTC if timezone == "UTC" else ZoneInfo(timezone)  # a slim machine has no zone files
    except (KeyError, ValueError, OSError) as error:
        raise ScheduleError(f"{timezone!r} is no time zone") from error
    if match := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        count = int(match[1])
        if count < 1:
            raise ScheduleError(f"{expression}: the rate must be positive")
        return Rate(count * _UNITS[match[2]])
    if match := re.fullmatch(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)", expression):
        return Once(datetime.fromisoformat(match[1]).replace(tzinfo=zone))
    if match := re.fullmatch(r"cron\((.+)\)", expression):
        return _cron(expression, match[1].upper().split(), zone)
    raise ScheduleError(f"{expression!r} is no rate(…), cron(…) or at(…)")


def _cron(expression: str, fields: list[str], zone: tzinfo) -> Cron:
    if len(fields) != 6:
        raise ScheduleError(f"{expression}: cron has six fields")
    minute, hour, of_month, month, of_week, year = fields
    if (of_month == "?") == (of_week == "?"):
        raise ScheduleError(f"{expression}: exactly one of the two day fields must be ?")
    try:
        return Cron(
            minutes=_numbers(minute, 0, 59),
            hours=_numbers(hour, 0, 23),
            months=_numbers(month, 1, 12, _MONTHS),
            years=_numbers(year, 1970, _LAST_YEAR),
            is_day=_day_of_week(of_week) if of_month == "?" else _day_of_month(of_month),
            zone=zone,
        )
    except ValueError as error:
        raise ScheduleError(f"{expression}: {error}") from error


def _numbers(text: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """The values a field allows: `*`, `7`, `1-5`, `*/10`, `5/10`, and lists of them."""

    def number(word: str) -> int:
        value = (names or {}).get(word) or int(word)
        if not low <= value <= high:
            raise ValueError(f"{word} is outside {low}-{high}")
        return value

    values: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        if slash and int(step) < 1:
            raise ValueError(f"step {step} is not positive")
        first, dash, last = span.partition("-")
        if span == "*":
            start, end = low, high
        elif dash:
            start, end = number(first), number(last)
            if start > end:  # FRI-MON goes round
                values |= set(range(start, high + 1, int(step or 1)))
                start = low
        else:
            start = number(span)
            end = high if slash else start
        values |= set(range(start, end + 1, int(step or 1)))
    return frozenset(values)


def _day_of_month(text: str) -> Callable[[date], bool]:
    """`L` is the last day, `15W` the weekday nearest to the 15th within its month."""
    if text == "L":
        return lambda day: day.day == _last(day)
    if match := re.fullmatch(r"(\d+)W", text):
        wanted = int(match[1])
        if not 1 <= wanted <= 31:
            raise ValueError(f"{wanted} is outside 1-31")
        return lambda day: wanted <= _last(day) and day == _nearest_weekday(day, wanted)
    allowed = _numbers(text, 1, 31)
    return lambda day: day.day in allowed


def _day_of_week(text: str) -> Callable[[date], bool]:
    """1 is Sunday; `6L` is the month's last Friday, `3#2` its second Tuesday, `L` is Saturday."""
    if text == "L":
        text = "7"
    if match := re.fullmatch(r"(\w+)L", text):
        (wanted,) = _numbers(match[1], 1, 7, _DAYS)
        return lambda day: _weekday(day) == wanted and day.day + 7 > _last(day)
    if match := re.fullmatch(r"(\w+)#([1-5])", text):
        (wanted,) = _numbers(match[1], 1, 7, _DAYS)
        which = int(match[2])
        return lambda day: _weekday(day) == wanted and (day.day + 6) // 7 == which
    allowed = _numbers(text, 1, 7, _DAYS)
    return lambda day: _weekday(day) in allowed


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _last(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_weekday(day: date, wanted: int) -> date:
    target = day.replace(day=wanted)
    if target.isoweekday() == 6:
        return target + timedelta(days=2 if wanted == 1 else -1)
    if target.isoweekday() == 7:
        return target + timedelta(days=-2 if wanted == _last(day) else 1)
    return target
