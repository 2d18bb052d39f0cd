"""Recurrence rules, against dateutil's, and rules that are bombs."""

import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.calendars import recurrence
from holdfast.calendars.recurrence import Budget
from holdfast.calendars.unreadable import Unreadable

FIRST = datetime.fromisoformat("2029-11-05T09:30")
SINCE, UNTIL = datetime.fromisoformat("2030-01-01"), datetime.fromisoformat("2032-06-01")
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def _lists(low: int, high: int, *, most: int = 3) -> st.SearchStrategy[str]:
    numbers = st.integers(low, high).filter(bool) if low < 0 else st.integers(low, high)
    return st.lists(numbers, min_size=1, max_size=most, unique=True).map(
        lambda found: ",".join(map(str, found))
    )


@st.composite
def rules(draw: st.DrawFn) -> str:
    """A valid rule, of parts that RFC 5545 allows together.

    Not "MO,1MO", which means either; dateutil reads it as both.
    """
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts: dict[str, Any] = {"FREQ": frequency}
    optional: dict[str, st.SearchStrategy[str]] = {
        "INTERVAL": st.integers(1, 5).map(str),
        "WKST": st.sampled_from(WEEKDAYS),
        "BYMONTH": _lists(1, 12),
        "BYHOUR": _lists(0, 23, most=2),
        "BYMINUTE": _lists(0, 59, most=2),
        "BYSECOND": _lists(0, 59, most=2),
    }
    if frequency != "WEEKLY":
        optional["BYMONTHDAY"] = _lists(-31, 31)
    if frequency == "YEARLY":
        optional["BYYEARDAY"] = _lists(-366, 366)
        # the first week of a year, counted from its end, loses its days of December in dateutil
        optional["BYWEEKNO"] = _lists(-51, 53)
    chosen = draw(st.sets(st.sampled_from(sorted(optional)), max_size=4))
    parts |= {name: draw(optional[name]) for name in sorted(chosen)}
    if draw(st.booleans()):
        which = (
            st.sampled_from(["1", "2", "-1", "5", "-5", "+3"])
            if frequency in {"MONTHLY", "YEARLY"}
            and "BYWEEKNO" not in parts
            and draw(st.booleans())
            else st.just("")
        )
        days = st.tuples(which, st.sampled_from(WEEKDAYS)).map("".join)
        parts["BYDAY"] = ",".join(draw(st.lists(days, min_size=1, max_size=3, unique=True)))
    if draw(st.booleans()) and any(name.startswith("BY") for name in parts):
        parts["BYSETPOS"] = draw(_lists(-4, 4, most=2))
    if draw(st.booleans()):
        parts["COUNT"] = draw(st.integers(1, 30).map(str))
    elif draw(st.booleans()):
        parts["UNTIL"] = "20310701T120000"
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _ours(rule: str, first: datetime) -> list[datetime]:
    parsed = recurrence.parse(rule)
    found = recurrence.starts(parsed, first, SINCE, UNTIL, Budget(10_000_000))
    return [
        at
        for at in found
        if at >= SINCE and (parsed.until is None or at <= parsed.until.replace(tzinfo=None))
    ]


@settings(max_examples=200, deadline=None)
@given(rule=rules())
def test_rules_mean_what_they_mean_to_dateutil(rule: str) -> None:
    """From the rule's own first time on, both find the same times.

    An event's start counts as a time even if its rule would not find it, and dateutil does not
    count it, so the comparison begins with a start that the rule does find. dateutil counts the
    times of a week from that start on, RFC 5545 from the week's first day: the comparison begins
    there.

    Cases: E-9.3
    """
    endless = recurrence.parse(rule.partition(";COUNT")[0])
    found = recurrence.starts(endless, FIRST, FIRST, UNTIL, Budget(10_000_000))
    parts = dict(part.split("=") for part in rule.split(";"))
    numbered = parts["FREQ"] == "WEEKLY" and "BYSETPOS" in parts
    days = [parts.get("WKST", "MO")] if numbered else WEEKDAYS
    first = next((at for at in found if at > FIRST and WEEKDAYS[at.weekday()] in days), None)
    if first is None:  # dateutil would search until the year 9999
        return

    theirs = rrulestr(rule, dtstart=first).between(SINCE, UNTIL - timedelta(seconds=1), inc=True)

    assert _ours(rule, first) == theirs


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=5",
        "FREQ=HOURLY",
        "FREQ=SOMETIMES",
        "FREQ=",
        "",
        "INTERVAL=1",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=99999999999999999999",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=-1",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;UNTIL=20300230",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYDAY=XX",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYWEEKNO=1",
        "FREQ=WEEKLY;WKST=8",
        "FREQ=DAILY;X-OWN=1",
        "RSCALE=CHINESE;FREQ=YEARLY",
        "FREQ=YEARLY;BYSECOND=" + ",".join(["1"] * 1000),
    ],
)
def test_other_rules_are_refused(rule: str) -> None:
    """Malformed ones, calendars of other kinds, and repetitions within a day."""
    with pytest.raises(Unreadable):
        recurrence.parse(rule)


FULL = ",".join(map(str, range(60)))
BOMBS = [
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=4",
    "FREQ=DAILY;COUNT=1000000;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;COUNT=1000000;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;INTERVAL=10000;COUNT=1000000",
    f"FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={FULL};BYSECOND={FULL}",
    f"FREQ=YEARLY;BYYEARDAY={','.join(map(str, range(1, 367)))};BYMINUTE={FULL};BYSECOND={FULL}",
]


@pytest.mark.parametrize(
    "first", [datetime.fromisoformat("0001-01-01"), datetime.fromisoformat("1970-01-01"), FIRST]
)
@pytest.mark.parametrize("rule", BOMBS)
def test_bombs_do_not_go_off(rule: str, first: datetime) -> None:
    """A rule costs what its budget allows, or ends by itself; never more.

    Cases: E-9.3
    Proves: ASVS 15.2.2
    """
    begun = time.process_time()

    try:
        found = len(
            list(recurrence.starts(recurrence.parse(rule), first, SINCE, UNTIL, Budget(100_000)))
        )
    except Unreadable:
        found = 0

    assert found <= 100_000
    assert time.process_time() - begun < 5


def test_days_long_gone_cost_nothing() -> None:
    """A daily event of two thousand years ago is found today within a handful of steps."""
    rule = recurrence.parse("FREQ=DAILY")

    found = list(
        recurrence.starts(
            rule, datetime.fromisoformat("0030-04-07T09:00"), SINCE, UNTIL, Budget(5000)
        )
    )

    days = (UNTIL - SINCE).days
    assert len([at for at in found if at >= SINCE]) == days


def test_what_costs_more_than_the_budget_is_refused() -> None:
    """Not cut short: times that were not computed would be booked."""
    rule = recurrence.parse("FREQ=DAILY")

    with pytest.raises(Unreadable):
        list(recurrence.starts(rule, FIRST, SINCE, UNTIL, Budget(100)))
