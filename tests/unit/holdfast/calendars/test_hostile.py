"""Malicious feeds are read or refused, in time, and nothing else happens."""

import time
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.calendars import events
from holdfast.calendars.unreadable import Unreadable
from tests.harness.servers.feeds import calendar

SINCE = datetime(2030, 1, 1, tzinfo=UTC)
UNTIL = datetime(2031, 1, 1, tzinfo=UTC)

NAMES = [
    "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "UID", "STATUS",
    "TRANSP", "SEQUENCE", "FREEBUSY", "TZID", "TZOFFSETFROM", "TZOFFSETTO", "SUMMARY", "BEGIN",
    "END",
]  # fmt: skip
COMPONENTS = [
    "VEVENT",
    "VFREEBUSY",
    "VTIMEZONE",
    "STANDARD",
    "DAYLIGHT",
    "VALARM",
    "VCALENDAR",
    "X-A",
]
PARAMETERS = [
    "", "", ";VALUE=DATE", ";VALUE=PERIOD", ";VALUE=DATE-TIME", ";TZID=Europe/Berlin", ";TZID=Ours",
    ";TZID=UTC", ";TZID=", ";RANGE=THISANDFUTURE", ";FBTYPE=FREE", ';X="a:b"', ";X", ";=",
    ';TZID="a',
    ";TZID=Etc/GMT+12", ";TZID=../../etc/passwd", ";TZID=localtime", ";TZID=(UTC+99:99) x",
]  # fmt: skip
VALUES = [
    "20300107T100000Z", "20300107", "20300107T100000", "00010101T000000", "00010101", "99991231",
    "99991231T235959Z", "99991231T235959", "20300230", "20300107T250000", "20300107T235960Z",
    "20300107T100000Z/PT1H", "20300107T100000Z/20300107T110000Z", "99991231T235959/P999999W",
    "00010101T000000/PT1H", "PT1H", "-PT1H", "P1D", "P999999W", "PT999999H999999M999999999S", "P",
    "FREQ=DAILY", "FREQ=WEEKLY;COUNT=5", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;UNTIL=00010101",
    "FREQ=DAILY;UNTIL=99991231T235959Z", "FREQ=MONTHLY;INTERVAL=10000", "FREQ=YEARLY;BYWEEKNO=-53",
    "FREQ=DAILY;COUNT=1000000", "FREQ=YEARLY;BYYEARDAY=-366;BYSETPOS=-366", "FREQ=WEEKLY;WKST=SU",
    "FREQ=SECONDLY", "BYDAY=1MO", "+0100", "-2359", "+9999", "CANCELLED", "TRANSPARENT", "Ours",
    "Europe/Berlin", "1", "999999999999999999", "", ",", ";", "\u0661", "\ud7ff", "x" * 300,
]  # fmt: skip


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A line that looks like one of a calendar."""
    name = draw(st.sampled_from(NAMES))
    if name in {"BEGIN", "END"}:
        return f"{name}:{draw(st.sampled_from(COMPONENTS))}"
    value = ",".join(draw(st.lists(st.sampled_from(VALUES), min_size=1, max_size=3)))
    return f"{name}{draw(st.sampled_from(PARAMETERS))}:{value}"


@st.composite
def components(draw: st.DrawFn, depth: int = 0) -> list[str]:
    """A component with lines in it, usually closed as it was opened."""
    name = draw(st.sampled_from(COMPONENTS[:3] if depth == 0 else COMPONENTS[3:6]))
    inner = draw(st.lists(lines(), max_size=7))
    if depth == 0 and draw(st.booleans()):
        inner += draw(components(depth=1))
    if name == "VEVENT" and draw(st.booleans()):
        inner.insert(
            0, f"DTSTART{draw(st.sampled_from(PARAMETERS))}:{draw(st.sampled_from(VALUES[:8]))}"
        )
    if name in {"STANDARD", "DAYLIGHT"} and draw(st.booleans()):
        inner += ["DTSTART:19700101T000000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200"]
    return [f"BEGIN:{name}", *inner, f"END:{name}"]


def _read(body: bytes, zone: str) -> None:
    """Read it; any outcome that a feed may have is accepted."""
    begun = time.process_time()
    with suppress(Unreadable):
        found = events.busy(body, zone, SINCE, UNTIL)
        assert all(SINCE <= begin < end <= UNTIL for begin, end in found)
        assert all(one[1] < next_[0] for one, next_ in pairwise(found))
    assert time.process_time() - begun < 4


zone_names = st.sampled_from(["UTC", "Asia/Tokyo", "America/Chicago", "Pacific/Kiritimati"])


@settings(max_examples=300, deadline=None)
@given(st.lists(components(), max_size=4), zone_names)
def test_whatever_stands_in_a_calendar(parts: list[list[str]], zone: str) -> None:
    """Times before and after all time, lengths of centuries, rules without end, zones of anything.

    Cases: E-9.3
    """
    text = "".join(f"{line}\r\n" for part in parts for line in part)

    _read(calendar(text), zone)


@settings(max_examples=200, deadline=None)
@given(st.lists(components(), max_size=3), zone_names, st.data())
def test_calendars_that_were_damaged_on_the_way(
    parts: list[list[str]], zone: str, data: st.DataObject
) -> None:
    """Bytes that are missing, doubled or changed."""
    body = bytearray(calendar("".join(f"{line}\r\n" for part in parts for line in part)))
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(body) - 1))
        odd = data.draw(
            st.sampled_from([b"", b"\r", b"\n", b"\n ", b":", b";", b'"', b",", b"\xff", b"\0"])
        )
        body[at : at + data.draw(st.integers(0, 3))] = odd

    _read(bytes(body) or b"x", zone)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), zone_names)
def test_bytes(body: bytes, zone: str) -> None:
    """Any bytes at all."""
    _read(body, zone)
    _read(calendar() + body, zone)


BOMBS = {
    "carriage returns": b"\r" * 2_000_000,
    "folds": b"BEGIN:VCALENDAR" + b"\r\n " * 690_000,
    "semicolons": b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART" + b";" * 2_000_000,
    "colons": b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART" + b":" * 2_000_000,
    "parameters with colons": b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART"
    + b";A=b:c" * 340_000
    + b":1",
    "quotes": b'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;A="' + b'"' * 2_000_000 + b":1",
    "pairs of quotes": b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;A=" + b'"a"' * 660_000 + b";:1",
    "commas in a rule": b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20300107\nRRULE:FREQ=DAILY;BYDAY="
    + b"," * 1_900_000
    + b"\nEND:VEVENT\nEND:VCALENDAR\n",
    "semicolons in a rule": b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20300107\nRRULE:FREQ=DAILY"
    + b";" * 1_900_000
    + b"\nEND:VEVENT\nEND:VCALENDAR\n",
    "further dates of times": b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20300107T100000Z\nRDATE:"
    + b"20300108," * 200_000
    + b"\nEND:VEVENT\nEND:VCALENDAR\n",
    "many durations": b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20300107T100000Z\n"
    + b"DURATION:x\n" * 150_000
    + b"DURATION:PT1H\nEND:VEVENT\nEND:VCALENDAR\n",
    "changes of many series": b"BEGIN:VCALENDAR\n"
    + b"".join(
        b"BEGIN:VEVENT\nUID:1\n%sDTSTART:203001%02dT100000Z\nDURATION:PT1H\nEND:VEVENT\n"
        % (
            b"RECURRENCE-ID:203001%02dT%02d%02d00Z\n" % (n % 28 + 1, n % 24, n % 60) * (n % 2),
            n % 28 + 1,
        )
        for n in range(9_900)
    )
    + b"END:VCALENDAR\n",
    "names of zones": b"BEGIN:VCALENDAR\n"
    + b"".join(
        b"BEGIN:VEVENT\nDTSTART;TZID=x.y/%d/Europe/Berlin:20300107T100000\nEND:VEVENT\n" % n
        for n in range(9_900)
    )
    + b"END:VCALENDAR\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_of_separators(name: str) -> None:
    """Two megabytes of separators cost no more than two megabytes of events.

    Cases: E-9.3
    """
    _read(BOMBS[name], "Europe/Berlin")
