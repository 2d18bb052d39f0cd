"""Schedule expressions fire when EventBridge Scheduler would."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dev.stack.cron import ScheduleError, parse


def utc(text: str) -> datetime:
    """An instant, written short."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("rate(1 minute)", "2026-11-21 10:00:30", "2026-11-21 10:01:30"),
        ("rate(5 minutes)", "2026-11-21 10:00", "2026-11-21 10:05"),
        ("rate(2 hours)", "2026-11-21 23:00", "2026-11-22 01:00"),
        ("rate(1 day)", "2026-02-28 00:00", "2026-03-01 00:00"),
        ("cron(* * * * ? *)", "2026-11-21 10:00:30", "2026-11-21 10:01"),
        ("cron(0 3 * * ? *)", "2026-11-21 03:00", "2026-11-22 03:00"),
        ("cron(0/15 * * * ? *)", "2026-11-21 10:16", "2026-11-21 10:30"),
        ("cron(*/20 9-17 * * ? *)", "2026-11-21 17:45", "2026-11-22 09:00"),
        ("cron(0 9 ? * MON-FRI *)", "2026-11-21 10:00", "2026-11-23 09:00"),
        ("cron(0 9 ? * 2 *)", "2026-11-21 10:00", "2026-11-23 09:00"),
        ("cron(0 9 ? * SAT-MON *)", "2026-11-22 10:00", "2026-11-23 09:00"),
        ("cron(0 0 L * ? *)", "2026-02-01 00:00", "2026-02-28 00:00"),
        ("cron(0 0 31 * ? *)", "2026-02-01 00:00", "2026-03-31 00:00"),
        ("cron(0 0 29 2 ? *)", "2026-03-01 00:00", "2028-02-29 00:00"),
        ("cron(0 0 15W * ? *)", "2026-11-01 00:00", "2026-11-16 00:00"),
        ("cron(0 0 1W * ? *)", "2026-08-01 00:00", "2026-08-03 00:00"),
        ("cron(0 0 31W * ? *)", "2026-05-01 00:00", "2026-05-29 00:00"),
        ("cron(0 0 ? * 6L *)", "2026-11-01 00:00", "2026-11-27 00:00"),
        ("cron(0 0 ? * TUE#2 *)", "2026-11-01 00:00", "2026-11-10 00:00"),
        ("cron(0 0 1 JAN,jul ? *)", "2026-11-01 00:00", "2027-01-01 00:00"),
        ("cron(0 0 1 1 ? 2030)", "2026-11-01 00:00", "2030-01-01 00:00"),
        ("at(2027-01-02T03:04:05)", "2026-11-01 00:00", "2027-01-02 03:04:05"),
    ],
)
def test_next_time(expression: str, after: str, expected: str) -> None:
    """The next time is the documented one, strictly later."""
    assert parse(expression).after(utc(after)) == utc(expected)


@pytest.mark.parametrize(
    ("expression", "after"),
    [("cron(0 0 1 1 ? 2020)", "2026-11-01"), ("at(2020-01-01T00:00:00)", "2026-11-01")],
)
def test_what_is_over_never_fires(expression: str, after: str) -> None:
    """A schedule in the past has no next time."""
    assert parse(expression).after(utc(after)) is None


def test_a_zone_moves_with_its_clock() -> None:
    """08:00 in Berlin is 07:00 UTC in winter and 06:00 in summer."""
    schedule = parse("cron(0 8 * * ? *)", "Europe/Berlin")

    assert schedule.after(utc("2026-01-10 00:00")) == utc("2026-01-10 07:00")
    assert schedule.after(utc("2026-07-10 00:00")) == utc("2026-07-10 06:00")


def test_a_skipped_minute_does_not_fire_and_a_repeated_one_fires_once() -> None:
    """02:30 is missing on 29 March 2026 in Berlin and happens twice on 25 October."""
    schedule = parse("cron(30 2 * * ? *)", "Europe/Berlin")

    assert schedule.after(utc("2026-03-28 12:00")) == utc("2026-03-30 00:30")
    first = schedule.after(utc("2026-10-24 12:00"))
    assert first == utc("2026-10-25 00:30")
    assert schedule.after(utc("2026-10-25 00:30")) == utc("2026-10-26 01:30")


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "every minute",
        "rate(0 minutes)",
        "rate(1 week)",
        "rate(1.5 hours)",
        "cron(* * * * *)",
        "cron(* * * * * *)",
        "cron(* * ? * ? *)",
        "cron(60 * * * ? *)",
        "cron(* 24 * * ? *)",
        "cron(* * 0 * ? *)",
        "cron(* * * 13 ? *)",
        "cron(*/0 * * * ? *)",
        "cron(x * * * ? *)",
        "cron(0 0 ? * FOO *)",
        "at(tomorrow)",
    ],
)
def test_a_bad_expression_is_refused(expression: str) -> None:
    """An expression that Scheduler would refuse is an error when the stack starts."""
    with pytest.raises(ScheduleError):
        parse(expression)


def test_an_unknown_zone_is_refused() -> None:
    """So is a zone that does not exist."""
    with pytest.raises(ScheduleError):
        parse("rate(1 minute)", "Mars/Olympus")


@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    start=st.integers(1_577_836_800, 2_051_222_400).map(lambda s: datetime.fromtimestamp(s, UTC)),
)
def test_a_daily_schedule_fires_within_a_day(minute: int, hour: int, start: datetime) -> None:
    """It fires at its minute, later than now, and no more than 24 hours later."""
    found = parse(f"cron({minute} {hour} * * ? *)").after(start)

    assert found is not None
    assert (found.hour, found.minute, found.second) == (hour, minute, 0)
    assert timedelta() < found - start <= timedelta(days=1)
