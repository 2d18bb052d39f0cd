"""Dates, times and durations as RFC 5545 writes them (sections 3.3.4 to 3.3.6).

Letters may be small, as those of its grammar may (RFC 5234, section 2.3).
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from holdfast.calendars.unreadable import Unreadable

_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)", re.ASCII)
_DURATION = re.compile(
    r"([+-]?)P(?=[T\d])(?:(\d{1,6})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9})S)?)?",
    re.ASCII,
)
_LEAP_SECOND = 60


def listed(text: str) -> Iterator[str]:
    """The elements of a list, in capital letters, without the empty ones between its commas."""
    for element in text.upper().split(","):
        if stripped := element.strip():
            yield stripped


def day(text: str) -> date:
    """`20300131`."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        raise Unreadable("a date in it is malformed")
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise Unreadable("a date in it does not exist") from None


def local_time(text: str) -> datetime:
    """`20300131T093000`, with or without Z, as clocks show it; no zone."""
    match = _TIME.fullmatch(text.strip().upper().removesuffix("Z"))
    if match is None:
        raise Unreadable("a time in it is malformed")
    numbers = [int(number) for number in match.groups()]
    if numbers[5] == _LEAP_SECOND:  # a leap second: as the second before it
        numbers[5] -= 1
    try:
        return datetime(*numbers)  # type: ignore[arg-type]  # noqa: DTZ001 six numbers, no zone on purpose
    except ValueError:
        raise Unreadable("a time in it does not exist") from None


def duration(text: str) -> tuple[timedelta, timedelta]:
    """`P1DT2H`: its days, whatever their length, and the exact rest."""
    match = _DURATION.fullmatch(text.strip().upper())
    if match is None:
        raise Unreadable("a duration in it is malformed")
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in match.groups()[1:])
    sign = -1 if match[1] == "-" else 1
    return (
        sign * timedelta(weeks=weeks, days=days),
        sign * timedelta(hours=hours, minutes=minutes, seconds=seconds),
    )
