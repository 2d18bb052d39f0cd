"""Recurrence rules (RFC 5545, section 3.3.10), as far as a window and a budget reach.

Libraries for this cannot be stopped: a rule such as "the 30th of February" keeps them busy for
thousands of years. Here every examined day is paid for, and days before the window are skipped by
arithmetic. Events that repeat more often than daily are refused; real calendars do not have them.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product

from holdfast.calendars import values
from holdfast.calendars.unreadable import Unreadable

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_MAX_NUMBERS = 400  # in one list
_NUMBER = re.compile(r"[+-]?\d{1,7}", re.ASCII)
_LAST_YEAR = 9990


class Budget:
    """How much work a feed may be; spending more refuses the feed."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def spend(self, steps: int = 1) -> None:
        """Pay for some steps.

        Raises:
            Unreadable: nothing is left.
        """
        self._left -= steps
        if self._left < 0:
            raise Unreadable("its events repeat too often to be worked out")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as written; empty lists were not given. Weekdays count from Monday, 0."""

    frequency: str
    interval: int
    count: int | None
    until: date | datetime | None  # as written; with zone UTC if it ends in Z
    by_month: frozenset[int]
    by_week: frozenset[int]
    by_year_day: frozenset[int]
    by_month_day: frozenset[int]
    by_weekday: frozenset[tuple[int, int]]  # which one (0: each), weekday
    times: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]  # hours, minutes, seconds
    positions: tuple[int, ...]
    week_start: int


def parse(text: str) -> Rule:
    """A rule; separators with nothing between them, and parts without a value, say nothing.

    Raises:
        Unreadable: it is malformed, or repeats more often than daily.
    """
    parts: dict[str, str] = {}
    for part in text.upper().replace(" ", "").split(";"):
        name, equals, given = part.partition("=")
        value = ",".join(values.listed(given))
        if (part and not equals) or (value and parts.setdefault(name, value) != value):
            raise Unreadable("a recurrence rule in it is malformed")
    if parts.get("RSCALE") == "GREGORIAN" and parts.get("SKIP", "OMIT") == "OMIT":  # RFC 7529
        del parts["RSCALE"]
        parts.pop("SKIP", None)
    frequency = parts.pop("FREQ", "")
    if frequency in {"HOURLY", "MINUTELY", "SECONDLY"}:
        raise Unreadable("an event in it repeats more often than once a day")
    until = parts.pop("UNTIL", None)
    week_start = parts.pop("WKST", "MO")
    weekdays = parts.pop("BYDAY", None)
    rule = Rule(
        frequency=frequency,
        interval=_number(parts.pop("INTERVAL", "1"), 1, 10_000),
        count=_number(parts.pop("COUNT"), 1, 1_000_000) if "COUNT" in parts else None,
        until=None if until is None else _until(until),
        by_month=frozenset(_numbers(parts, "BYMONTH", 1, 12)),
        by_week=frozenset(_numbers(parts, "BYWEEKNO", -53, 53)),
        by_year_day=frozenset(_numbers(parts, "BYYEARDAY", -366, 366)),
        by_month_day=frozenset(_numbers(parts, "BYMONTHDAY", -31, 31)),
        by_weekday=frozenset(_weekday(day) for day in weekdays.split(","))
        if weekdays
        else (frozenset()),
        times=(
            _numbers(parts, "BYHOUR", 0, 23),
            _numbers(parts, "BYMINUTE", 0, 59),
            tuple(min(second, 59) for second in _numbers(parts, "BYSECOND", 0, 60)),
        ),
        positions=_numbers(parts, "BYSETPOS", -366, 366),
        week_start=_WEEKDAYS.index(week_start) if week_start in _WEEKDAYS else -1,
    )
    misplaced = (
        (rule.by_week and frequency != "YEARLY")
        or (rule.by_year_day and frequency not in {"YEARLY", "DAILY"})
        or (rule.by_month_day and frequency == "WEEKLY")
        or (
            any(which for which, _ in rule.by_weekday)
            and (frequency not in {"MONTHLY", "YEARLY"} or rule.by_week)
        )
    )
    if parts or misplaced or frequency not in _FREQUENCIES or rule.week_start < 0:
        raise Unreadable("a recurrence rule in it is malformed")
    return rule


def of_whole_days(rule: Rule) -> Rule:
    """The rule without hours, minutes and seconds, which do not count for dates."""
    return replace(rule, times=((), (), ()))


def starts(
    rule: Rule, first: datetime, after: datetime, before: datetime, budget: Budget
) -> Iterator[datetime]:
    """The local times at which it happens, ascending; `first` is always one of them.

    Those before `after` may be left out, those from `before` on are. UNTIL is compared by the
    caller, who knows the zone.
    """
    wanted = _judge(rule, first)
    hours, minutes, seconds = (
        tuple(sorted(set(given))) or (own,)
        for given, own in zip(rule.times, (first.hour, first.minute, first.second), strict=True)
    )
    clock = [time(*at) for at in product(hours, minutes, seconds)]
    index = 0 if rule.count else max(0, _periods_before(rule, first.date(), after.date()) - 1)
    counted = 1
    if first < before:
        yield first
    while rule.count is None or counted < rule.count:
        days = _days(rule, first.date(), index)
        if days is None or datetime.combine(days[0], time()) >= before:
            return
        index += 1
        budget.spend(len(days))
        found = [day for day in days if wanted(day)]
        budget.spend(len(found) * len(clock))
        each = [datetime.combine(day, at) for day in found for at in clock]
        if rule.positions:
            chosen = {p - 1 if p > 0 else len(each) + p for p in rule.positions}
            each = [each[p] for p in sorted(chosen) if 0 <= p < len(each)]
        for start in each:
            if start <= first:
                continue
            if start >= before or (rule.count is not None and counted >= rule.count):
                return
            counted += 1
            yield start


def _days(rule: Rule, first: date, index: int) -> list[date] | None:
    """The days of the period of that number; None past the end of the calendar."""
    step = index * rule.interval
    if rule.frequency == "YEARLY":
        begin, length = (first.year + step, 1), 366
    elif rule.frequency == "MONTHLY":
        months = first.month - 1 + step
        begin, length = (first.year + months // 12, months % 12 + 1), 31
    else:
        weekly = rule.frequency == "WEEKLY"
        back = (first.weekday() - rule.week_start) % 7 if weekly else 0
        ordinal = first.toordinal() - back + step * (7 if weekly else 1)
        if ordinal >= date(_LAST_YEAR, 1, 1).toordinal():
            return None
        # a week may begin before the calendar does
        return [date.fromordinal(max(ordinal + day, 1)) for day in range(7 if weekly else 1)]
    if begin[0] >= _LAST_YEAR:
        return None
    start = date(*begin, 1)
    if length == 366:
        length = 366 if calendar.isleap(start.year) else 365
    else:
        length = calendar.monthrange(*begin)[1]
    return [start + timedelta(days=day) for day in range(length)]


def _periods_before(rule: Rule, first: date, after: date) -> int:
    """How many whole periods are certainly before that day."""
    if rule.frequency == "YEARLY":
        return max(0, after.year - first.year) // rule.interval
    if rule.frequency == "MONTHLY":
        months = (after.year - first.year) * 12 + after.month - first.month
        return max(0, months) // rule.interval
    days = max(0, (after - first).days)
    return days // (rule.interval * (7 if rule.frequency == "WEEKLY" else 1))


def _judge(rule: Rule, first: datetime) -> Callable[[date], bool]:
    """Whether a day of a period is one of the rule's."""
    by_month, by_month_day, by_weekday = rule.by_month, rule.by_month_day, rule.by_weekday
    if not (rule.by_week or rule.by_year_day or by_month_day or by_weekday):
        if rule.frequency == "WEEKLY":
            by_weekday = frozenset({(0, first.weekday())})
        elif rule.frequency in {"MONTHLY", "YEARLY"}:
            by_month_day = frozenset({first.day})
            if rule.frequency == "YEARLY" and not by_month:
                by_month = frozenset({first.month})
    in_year = rule.frequency == "YEARLY" and not by_month

    def wanted(day: date) -> bool:
        if by_month and day.month not in by_month:
            return False
        if by_month_day:
            length = calendar.monthrange(day.year, day.month)[1]
            if day.day not in by_month_day and day.day - length - 1 not in by_month_day:
                return False
        if by_weekday and (0, day.weekday()) not in by_weekday:
            forward, backward = _ordinals(day, in_year=in_year)
            if (forward, day.weekday()) not in by_weekday and (
                (backward, day.weekday()) not in by_weekday
            ):
                return False
        if rule.by_year_day:
            number = day.timetuple().tm_yday
            length = 366 if calendar.isleap(day.year) else 365
            if number not in rule.by_year_day and number - length - 1 not in rule.by_year_day:
                return False
        if rule.by_week:
            number, weeks = _week(day, rule.week_start)
            return number in rule.by_week or number - weeks - 1 in rule.by_week
        return True

    return wanted


def _ordinals(day: date, *, in_year: bool) -> tuple[int, int]:
    """Which one of its weekday it is in its month or year: from the front, from the back."""
    if in_year:
        number = day.timetuple().tm_yday
        length = 366 if calendar.isleap(day.year) else 365
    else:
        number, length = day.day, calendar.monthrange(day.year, day.month)[1]
    return (number - 1) // 7 + 1, -((length - number) // 7 + 1)


def _week(day: date, week_start: int) -> tuple[int, int]:
    """The number of its week, and how many weeks the year has that the week belongs to."""

    def number(of: date) -> tuple[int, int]:
        middle = of - timedelta(days=(of.weekday() - week_start) % 7) + timedelta(days=3)
        return middle.year, (middle.timetuple().tm_yday - 1) // 7 + 1

    year, week = number(day)
    return week, number(date(year, 12, 28))[1]


def _number(text: str, low: int, high: int) -> int:
    number = int(text) if _NUMBER.fullmatch(text) else low - 1
    if not low <= number <= high:
        raise Unreadable("a recurrence rule in it is malformed")
    return number


def _numbers(parts: dict[str, str], name: str, low: int, high: int) -> tuple[int, ...]:
    if name not in parts:
        return ()
    numbers = tuple(_number(text, low, high) for text in parts.pop(name).split(","))
    if len(numbers) > _MAX_NUMBERS or (low < 0 and 0 in numbers):
        raise Unreadable("a recurrence rule in it is malformed")
    return numbers


def _weekday(text: str) -> tuple[int, int]:
    which, day = text[:-2], text[-2:]
    if day not in _WEEKDAYS:
        raise Unreadable("a recurrence rule in it is malformed")
    number = _number(which, -53, 53) if which else 0
    if which and number == 0:
        raise Unreadable("a recurrence rule in it is malformed")
    return number, _WEEKDAYS.index(day)


def _until(text: str) -> date | datetime:
    if "T" not in text:
        return values.day(text)
    local = values.local_time(text)
    return local.replace(tzinfo=UTC) if text.endswith("Z") else local
