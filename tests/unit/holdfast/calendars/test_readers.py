"""Our reader of calendars against two independent ones, on random feeds.

One is icalendar with recurring-ical-events, the other is ical; they share no code but dateutil's
rules, against which `test_recurrence` checks ours. Where both find the same times, so must we.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial
from itertools import pairwise
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import event as note
from hypothesis import given, settings
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream

from holdfast.calendars import events, recurrence
from holdfast.calendars.recurrence import Budget
from tests.harness.servers.feeds import calendar

SINCE = datetime(2030, 1, 1, tzinfo=UTC)
UNTIL = datetime(2031, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HOMES = ["UTC", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
Span = tuple[datetime, datetime]


# The readers --------------------------------------------------------------------------------------


def _instants(begin: date, end: date, home: ZoneInfo) -> Span:
    """Dates and times as a reader gives them; those without a zone are the resource's."""

    def instant(at: date, fold: int) -> datetime:
        if not isinstance(at, datetime):
            at = datetime.combine(at, time(fold=fold))
        return (at if at.tzinfo else at.replace(tzinfo=home)).astimezone(UTC)

    return instant(begin, 0), instant(end, 1)


def _first_reader(body: bytes, home: str) -> list[Span]:
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(body)).between(
        SINCE - 2 * DAY, UNTIL + 2 * DAY
    )
    return _united(
        _instants(one.start, one.end, ZoneInfo(home))
        for one in found
        if one.get("STATUS") != "CANCELLED" and one.get("TRANSP") != "TRANSPARENT"
    )


def _second_reader(body: bytes, home: str) -> list[Span]:
    zone = ZoneInfo(home)
    timeline = IcsCalendarStream.calendar_from_ics(body.decode()).timeline_tz(zone)
    return _united(
        _instants(one.dtstart, one.end, zone)
        for one in timeline.overlapping(SINCE - 2 * DAY, UNTIL + 2 * DAY)
        if one.status != "CANCELLED" and one.transparency != "TRANSPARENT"
    )


def _united(spans: Iterable[Span]) -> list[Span]:
    """By counting who is there: edges in order, and the moments when the count is zero."""
    inside = [(b, e) for b, e in spans if b < UNTIL and e > SINCE and b < e]
    edges = sorted(
        [(max(begin, SINCE), -1) for begin, _ in inside]
        + [(min(end, UNTIL), 1) for _, end in inside]
    )
    united, present, begun = [], 0, SINCE
    for at, change in edges:
        if present == 0:
            begun = at
        present -= change
        if present == 0:
            united.append((begun, at))
    return united


# Random feeds -------------------------------------------------------------------------------------


def _compact(at: date) -> str:
    return f"{at:%Y%m%dT%H%M%S}" if isinstance(at, datetime) else f"{at:%Y%m%d}"


@st.composite
def rules(draw: st.DrawFn, first: date) -> str:
    """A rule whose first time is the start itself: other starts are read in different ways."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    weekday = WEEKDAYS[first.weekday()]
    parts = [f"FREQ={frequency}"]
    if draw(st.booleans()):
        parts.append(f"INTERVAL={draw(st.integers(1, 3))}")
    if frequency == "WEEKLY" and draw(st.booleans()):
        others = draw(st.lists(st.sampled_from(WEEKDAYS), max_size=3))
        parts += [f"BYDAY={','.join(sorted({weekday, *others}))}"]
        parts += [f"WKST={draw(st.sampled_from(WEEKDAYS))}"]
    if frequency == "MONTHLY":
        which = (first.day - 1) // 7 + 1
        parts += draw(
            st.sampled_from(
                [
                    [],
                    [f"BYMONTHDAY={first.day}"],
                    [f"BYMONTHDAY={first.day},-1"],
                    [f"BYDAY={which}{weekday}"],
                    [f"BYDAY={weekday};BYSETPOS={which}"],
                ]
            )
        )
    if frequency == "YEARLY":
        parts += draw(
            st.sampled_from(
                [
                    [],
                    [f"BYMONTH={first.month}"],
                    [f"BYMONTH={first.month};BYMONTHDAY={first.day}"],
                    [f"BYYEARDAY={first.timetuple().tm_yday}"],
                ]
            )
        )
    return ";".join(parts)


@st.composite
def feeds(draw: st.DrawFn) -> tuple[bytes, str]:
    """Events of all kinds, and the zone of the resource."""
    home = draw(st.sampled_from(HOMES))
    zones = [home, *draw(st.lists(st.sampled_from(HOMES), max_size=1))]
    parts = [
        part
        for number in range(draw(st.integers(1, 3)))
        for part in draw(series(number, home, zones))
    ]
    return calendar(*draw(st.permutations(parts))), home


@st.composite
def series(draw: st.DrawFn, number: int, home: str, zones: list[str]) -> list[str]:
    """One event, perhaps repeated, perhaps with times left out, added and changed."""
    day = date(2029, 11, 1) + draw(st.integers(0, 430)) * DAY
    all_day = draw(st.integers(0, 2)) == 0
    at: date = day
    if not all_day:
        at = datetime.combine(
            day, time(draw(st.integers(0, 23)), draw(st.sampled_from([0, 15, 40])))
        )
    zone = draw(st.sampled_from(["Z", "floating", *zones]))

    def written(name: str, *values: date) -> str:
        if all_day:
            return f"{name};VALUE=DATE:{','.join(map(_compact, values))}"
        if zone == "Z":
            return f"{name}:{','.join(_compact(value) + 'Z' for value in values)}"
        parameter = "" if zone == "floating" else f";TZID={zone}"
        return f"{name}{parameter}:{','.join(map(_compact, values))}"

    def length(at: date) -> list[str]:
        if all_day:
            days = draw(st.integers(1, 4))
            return draw(
                st.sampled_from(
                    [
                        [],
                        [f"DURATION:P{days}D"],
                        ["DURATION:P1W"],
                        [written("DTEND", at + days * DAY)],
                    ]
                )
            )
        minutes = draw(st.integers(1, 400))
        return draw(
            st.sampled_from(
                [
                    [f"DURATION:PT{minutes}M"],
                    [f"DURATION:PT{minutes // 60}H{minutes % 60}M30S"],
                    ["DURATION:P1DT2H"],
                    ["DURATION:P1W"],
                    [written("DTEND", at + timedelta(minutes=minutes))],
                    [written("DTEND", at + timedelta(days=2, minutes=minutes))],
                ]
            )
        )

    lines = [written("DTSTART", at), *length(at)]
    changes = []
    if draw(st.booleans()):
        rule = draw(rules(at))
        times = list(
            recurrence.starts(
                recurrence.parse(rule),
                at if isinstance(at, datetime) else datetime.combine(at, time()),
                datetime.fromisoformat("2029-11-01"),
                datetime.fromisoformat("2031-01-10"),
                Budget(100_000),
            )
        )
        found: list[date] = [one.date() for one in times] if all_day else list(times)
        some = st.lists(st.sampled_from(found), max_size=3, unique=True)
        ending = draw(st.sampled_from(["", "COUNT", "UNTIL"]))
        if ending == "COUNT":
            rule += f";COUNT={draw(st.integers(1, 20))}"
        elif ending == "UNTIL":
            last = draw(st.sampled_from(found))
            if isinstance(last, datetime) and zone not in {"Z", "floating"}:
                last = last.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
            rule += f";UNTIL={_compact(last)}" + ("" if all_day or zone == "floating" else "Z")
        lines.append(f"RRULE:{rule}")
        if gone := draw(some):
            lines += draw(
                st.sampled_from(
                    [[written("EXDATE", *gone)], [written("EXDATE", one) for one in gone]]
                )
            )
        changes = draw(some)
        changes = [one for one in changes if one not in gone]
        if ending:  # a change of a time that does not exist is read in different ways
            changes = [one for one in changes if one <= found[0]]
    if draw(st.integers(0, 3)) == 0:
        lines.append(written("RDATE", *[at + draw(st.integers(1, 300)) * DAY for _ in range(2)]))
    lines += draw(
        st.sampled_from([[], [], [], ["STATUS:CANCELLED"], ["STATUS:TENTATIVE"], ["TRANSP:OPAQUE"]])
    )
    parts = [lines]
    for one in changes:
        moved = one + draw(st.integers(-40, 40)) * DAY
        parts.append(
            [
                written("RECURRENCE-ID", one),
                written("DTSTART", moved),
                *length(moved),
                *draw(st.sampled_from([[], [], ["STATUS:CANCELLED"]])),
            ]
        )
    return [
        "\r\n".join(
            ["BEGIN:VEVENT", f"UID:{number}@x", "DTSTAMP:20290101T000000Z", *part, "END:VEVENT", ""]
        )
        for part in parts
    ]


# The laws -----------------------------------------------------------------------------------------


_BOUNDS = (b"DTSTART", b"DTEND")


@cache
def _changes() -> list[datetime]:
    """When clocks change in the window, anywhere, and in the months before."""
    hours = [SINCE + timedelta(hours=n) for n in range(-366 * 24, 367 * 24)]
    offsets = [[at.astimezone(ZoneInfo(zone)).utcoffset() for zone in HOMES] for at in hours]
    return [hours[n] for n in range(1, len(hours)) if offsets[n] != offsets[n - 1]]


def _first_lasts_across_a_change(body: bytes) -> bool:
    """Whether some DTSTART and DTEND have a change of clocks between them: then all that recurs has
    that length to the second, which both readers reckon by the wall."""
    for event in body.split(b"BEGIN:VEVENT")[1:]:
        found = [re.search(rb"^%s[^:\r]*:(\d{8})" % name, event, re.M) for name in _BOUNDS]
        days = [match[1].decode() for match in found if match is not None]
        if len(days) == len(_BOUNDS) and any(
            days[0] <= f"{at + timedelta(days=off):%Y%m%d}" <= days[1]
            for at in _changes()
            for off in (-1, 0, 1)
        ):
            return True
    return False


def _same(ours: list[Span], theirs: list[Span], body: bytes) -> bool:
    """Whether they are the same, but for an hour that a change of clocks makes of a length.

    Both readers reckon by the clock on the wall there, and the RFC does not: `BY_THE_RFC` has it.
    """
    edges = sorted({at for span in [*ours, *theirs] for at in span})
    for begin, end in pairwise(edges):
        mine = any(first <= begin < last for first, last in ours)
        if mine == any(first <= begin < last for first, last in theirs):
            continue
        near = _first_lasts_across_a_change(body) or any(
            at - timedelta(hours=3) <= begin <= at + 9 * DAY for at in _changes()
        )
        if end - begin > timedelta(hours=1) or not near:
            return False
    return True


@settings(max_examples=250, deadline=None)
@given(found=feeds())
def test_where_two_readers_agree_we_agree(found: tuple[bytes, str]) -> None:
    """To the second; where they differ, we agree with one of them.

    Cases: E-9.3
    """
    body, home = found
    first, second = _first_reader(body, home), _second_reader(body, home)
    note("they agree" if first == second else "they disagree")

    ours = events.busy(body, home, SINCE, UNTIL)

    if first == second:
        assert _same(ours, first, body)
    else:
        assert _same(ours, first, body) or _same(ours, second, body)


def _vevent(*lines: str) -> str:
    return "\r\n".join(
        ["BEGIN:VEVENT", "UID:1@x", "DTSTAMP:20290101T000000Z", *lines, "END:VEVENT", ""]
    )


def _series(*more: str) -> str:
    return _vevent("DTSTART:20300107T100000Z", "DURATION:PT1H", *more)


BERLIN = ";TZID=Europe/Berlin:"
# What the two readers find, what the RFC says, and where; None: refused, or an error.
BY_THE_RFC = {
    "the start is the first time (3.8.5.2)": (
        [_series("RDATE:20300109T100000Z")],
        ("01-07 10:00 - 11:00, 01-09 10:00 - 11:00", "01-09 10:00 - 11:00"),
        "01-07 10:00 - 11:00, 01-09 10:00 - 11:00",
    ),
    "the start is the first time, though the rule would not find it (3.8.5.3)": (
        [_vevent("DTSTART:20300108T100000Z", "DURATION:PT1H",
                 "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2")],
        ("01-08 10:00 - 11:00, 01-14 10:00 - 11:00, 01-21 10:00 - 11:00",
         "01-14 10:00 - 11:00, 01-21 10:00 - 11:00"),
        "01-08 10:00 - 11:00, 01-14 10:00 - 11:00",
    ),
    "a changed time replaces the one in the rule (3.8.4.4)": (
        [_series("RRULE:FREQ=DAILY;COUNT=2"),
         _vevent("RECURRENCE-ID:20300107T100000Z", "DTSTART:20300120T100000Z", "DURATION:PT1H")],
        ("01-08 10:00 - 11:00, 01-20 10:00 - 11:00",
         "01-07 10:00 - 11:00, 01-08 10:00 - 11:00, 01-20 10:00 - 11:00"),
        "01-08 10:00 - 11:00, 01-20 10:00 - 11:00",
    ),
    "a changed time stands, though the rule leaves it out (3.8.4.4)": (
        [_series("RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20300108T100000Z"),
         _vevent("RECURRENCE-ID:20300108T100000Z", "DTSTART:20300120T100000Z", "DURATION:PT1H")],
        ("01-07 10:00 - 11:00", "01-07 10:00 - 11:00, 01-20 10:00 - 11:00"),
        "01-07 10:00 - 11:00, 01-20 10:00 - 11:00",
    ),
    "a period has its own length (3.8.5.2)": (
        [_series("RRULE:FREQ=DAILY;COUNT=1", "RDATE;VALUE=PERIOD:20300109T100000Z/PT3H")],
        ("01-07 10:00 - 11:00, 01-09 10:00 - 13:00", None),
        "01-07 10:00 - 11:00, 01-09 10:00 - 13:00",
    ),
    "times in UTC have no other zone (3.2.19)": (
        [_vevent("DTSTART;TZID=Asia/Tokyo:20300107T100000Z", "DURATION:PT1H")],
        ("01-07 01:00 - 02:00", "01-07 01:00 - 02:00"),
        "01-07 10:00 - 11:00",
    ),
    "hours do not count in series of dates (3.3.10)": (
        [_vevent("DTSTART;VALUE=DATE:20300107", "RRULE:FREQ=DAILY;COUNT=2;BYHOUR=9,10")],
        ("01-06 23:00 - 01-07 23:00", "01-06 23:00 - 01-07 23:00"),
        "01-06 23:00 - 01-08 23:00",
    ),
    "an event of no length, of dates, is not written; it is a day (3.6.1)": (
        [_vevent("DTSTART;VALUE=DATE:20300107", "DTEND;VALUE=DATE:20300107")],
        ("", ""),
        "01-06 23:00 - 01-07 23:00",
    ),
    "dates last whole days (3.6.1)": (
        [_vevent("DTSTART;VALUE=DATE:20300107", "DURATION:PT25H")],
        ("01-06 23:00 - 01-08 00:00", None),
        "01-06 23:00 - 01-08 23:00",
    ),
    "a date ends a series after that day (3.3.10: the type is to be the start's)": (
        [_vevent(f"DTSTART{BERLIN}20300107T100000", "DURATION:PT1H",
                 "RRULE:FREQ=DAILY;UNTIL=20300108")],
        ("01-07 09:00 - 10:00", None),
        "01-07 09:00 - 10:00, 01-08 09:00 - 10:00",
    ),
    "an end before the start is no end (3.8.2.2)": (
        [_vevent("DTSTART:20300107T100000Z", "DTEND:20300107T090000Z")],
        ("01-07 09:00 - 10:00", ""),
        None,
    ),
    "a change from one on is refused, not misread (3.2.13)": (
        [_series("RRULE:FREQ=DAILY;COUNT=2"),
         _vevent("RECURRENCE-ID;RANGE=THISANDFUTURE:20300108T100000Z", "DTSTART:20300108T120000Z",
                 "DURATION:PT1H")],
        ("01-07 10:00 - 11:00, 01-08 12:00 - 13:00",
         "01-07 10:00 - 11:00, 01-08 10:00 - 11:00, 01-08 12:00 - 13:00"),
        None,
    ),
    "a time that is left out counts by the offset before it (3.3.5)": (
        [_vevent(f"DTSTART{BERLIN}20300331T023000", "DURATION:PT1H")],
        ("", ""),
        "03-31 01:30 - 02:30",
    ),
    "hours are exact (3.3.6), in the night that is longer": (
        [_vevent(f"DTSTART{BERLIN}20301027T023000", "DURATION:PT1H")],
        ("10-27 00:30 - 02:30", "10-27 00:30 - 02:30"),
        "10-27 00:30 - 01:30",
    ),
    "hours are exact (3.3.6), over the night that is shorter": (
        [_vevent(f"DTSTART{BERLIN}20300330T120000", "DURATION:PT24H")],
        ("03-30 11:00 - 03-31 10:00", "03-30 11:00 - 03-31 10:00"),
        "03-30 11:00 - 03-31 11:00",
    ),
    "days by the clock on the wall, then hours (3.3.6)": (
        [_vevent(f"DTSTART{BERLIN}20300330T021500", "DURATION:P1DT2H")],
        ("03-30 01:15 - 03-31 02:15", "03-30 01:15 - 03-31 02:15"),
        "03-30 01:15 - 03-31 03:15",
    ),
    "a length by its end is exact in each time of a series (3.8.5.3)": (
        [_vevent(f"DTSTART{BERLIN}20300323T220000", f"DTEND{BERLIN}20300324T040000",
                 "RRULE:FREQ=WEEKLY;COUNT=2")],
        ("03-23 21:00 - 03-24 03:00, 03-30 21:00 - 03-31 02:00",) * 2,
        "03-23 21:00 - 03-24 03:00, 03-30 21:00 - 03-31 03:00",
    ),
}  # fmt: skip


@pytest.mark.parametrize("law", BY_THE_RFC)
def test_where_readers_are_wrong_the_rfc_decides(law: str) -> None:
    """All disagreements that random feeds have found, and cases where both readers differ from the
    RFC.

    Cases: E-9.3
    """
    parts, theirs, ours = BY_THE_RFC[law]
    body = calendar(*parts)

    def shown(read: Callable[[], list[Span]]) -> str | None:
        try:
            found = read()
        except Exception:
            return None
        return ", ".join(
            f"{b:%m-%d %H:%M} - {e:{'%H:%M' if b.date() == e.date() else '%m-%d %H:%M'}}"
            for b, e in found
        )

    readers = (_first_reader, _second_reader)
    assert tuple(shown(partial(read, body, "Europe/Berlin")) for read in readers) == theirs
    assert shown(lambda: events.busy(body, "Europe/Berlin", SINCE, UNTIL)) == ours
