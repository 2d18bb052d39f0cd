"""Which busy times the events of a feed mean."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from holdfast.calendars import events, windows_zones, zones
from holdfast.calendars.unreadable import Unreadable
from tests.harness.servers.feeds import calendar, event

SINCE = datetime(2030, 1, 1, tzinfo=UTC)
UNTIL = datetime(2031, 1, 1, tzinfo=UTC)
TEN = {"DTSTART": "20300107T100000Z", "DTEND": "20300107T110000Z"}


def _busy(*parts: str, timezone: str = "Europe/Berlin") -> list[str]:
    """Busy times as `01-07 10:00/11:00` in UTC."""
    found = events.busy(calendar(*parts), timezone, SINCE, UNTIL)
    return [f"{begin:%m-%d %H:%M}/{end:%m-%d %H:%M}" for begin, end in found]


def test_an_event_is_busy() -> None:
    """From its start to its end."""
    assert _busy(event(UID="1", **TEN)) == ["01-07 10:00/01-07 11:00"]


@pytest.mark.parametrize(
    ("properties", "busy"),
    [
        ({"DTSTART": "20300107T100000", "DTEND": "20300107T110000"}, "01-07 09:00/01-07 10:00"),
        ({"DTSTART": "20300701T100000", "DURATION": "PT1H"}, "07-01 08:00/07-01 09:00"),
        ({"DTSTART__VALUE_DATE": "20300107"}, "01-06 23:00/01-07 23:00"),
        (
            {"DTSTART__VALUE_DATE": "20300107", "DTEND__VALUE_DATE": "20300109"},
            "01-06 23:00/01-08 23:00",
        ),
        ({"DTSTART__VALUE_DATE": "20300331"}, "03-30 23:00/03-31 22:00"),  # 23 hours
        ({"DTSTART__VALUE_DATE": "20301027"}, "10-26 22:00/10-27 23:00"),  # 25 hours
        (
            {"DTSTART__TZID_America/New_York": "20300107T100000", "DURATION": "PT30M"},
            "01-07 15:00/01-07 15:30",
        ),
        (
            {"DTSTART__TZID_Eastern Standard Time": "20300107T100000", "DURATION": "PT30M"},
            "01-07 15:00/01-07 15:30",
        ),
        (
            {'DTSTART__TZID_"Eastern Standard Time"': "20300107T100000", "DURATION": "PT30M"},
            "01-07 15:00/01-07 15:30",
        ),
        (
            {"DTSTART__TZID_/x.example/20300101/Asia/Tokyo": "20300107T100000", "DURATION": "P1D"},
            "01-07 01:00/01-08 01:00",
        ),
        # a local time in the spring gap uses the offset before it
        ({"DTSTART": "20300331T023000", "DURATION": "PT1H"}, "03-31 01:30/03-31 02:30"),
        # a repeated local time is the first of the two
        ({"DTSTART": "20301027T023000", "DURATION": "PT1H"}, "10-27 00:30/10-27 01:30"),
        ({"DTSTART": "20300107T100000Z", "DURATION": "P1DT2H"}, "01-07 10:00/01-08 12:00"),
        ({"DTSTART": "20300107T100000Z", "DURATION": "P1W"}, "01-07 10:00/01-14 10:00"),
        ({"DTSTART": "20300107T235960Z", "DURATION": "PT1M"}, "01-07 23:59/01-08 00:00"),
    ],
)
def test_zones_and_lengths(properties: dict[str, str], busy: str) -> None:
    """Times without a zone and whole days are the resource's; zones have IANA or Windows names.

    Cases: E-9.3, E-6.1
    """
    assert _busy(event(UID="1", **properties)) == [busy]


DEFINED = (
    "BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\n"
    "BEGIN:STANDARD\r\nDTSTART:16011028T030000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"
    "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"
    "BEGIN:DAYLIGHT\r\nDTSTART:16010325T020000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n"
    "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
)


def test_a_zone_that_the_feed_defines() -> None:
    """One with Berlin's rules agrees with Berlin, in gap and overlap too.

    Cases: E-9.3, E-6.1
    """
    times = [
        datetime.fromisoformat("2030-01-01T01:30") + timedelta(hours=hours)
        for hours in range(24 * 364)
    ]
    body = calendar(
        DEFINED,
        *(
            event(DURATION="PT1S", **{"DTSTART__TZID_Customized Time Zone": f"{at:%Y%m%dT%H%M%S}"})
            for at in times
        ),
    )
    berlin = {at.replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC) for at in times}

    found = events.busy(body, "UTC", SINCE, UNTIL)

    assert [begin for begin, _ in found] == sorted(berlin)


def test_windows_names_are_those_of_the_unicode_consortium() -> None:
    """The table is the one that the icalendar package has from there, and every zone exists."""
    assert dict(windows_zones.IANA) == WINDOWS_TO_OLSON
    assert [name for name in windows_zones.IANA if zones.named(name) is None] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"STATUS": "CANCELLED"},
        {"TRANSP": "TRANSPARENT"},
        {"TRANSP": "transparent"},
        {"DTEND": "20300107T100000Z"},
        {"DTSTART": "20290107T100000Z", "DTEND": "20290107T110000Z"},
        {"DTSTART": "20320107T100000Z", "DTEND": "20320107T110000Z"},
    ],
)
def test_some_events_take_no_time(changes: dict[str, str]) -> None:
    """Cancelled, transparent, empty, over, or too far off."""
    assert _busy(event(UID="1", **(TEN | changes))) == []


def test_only_what_says_when_is_read() -> None:
    """Alarms, tasks and descriptions of any form are skipped; folded lines are joined."""
    odd = (
        "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:2030\r\n 0107T100000Z\r\nDTEND:20300107T1100\r\n\t00Z\r\n"
        "SUMMARY:a \N{SNOWMAN}: \\, ; BEGIN:VEVENT\r\nX-ODD;=;:\r\n"
        "BEGIN:VALARM\r\nDTSTART:nonsense\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\n"
        "BEGIN:VTODO\r\nDTSTART:nonsense\r\nEND:VTODO\r\n"
    )

    assert _busy(odd) == ["01-07 10:00/01-07 11:00"]


def test_neighbours_are_joined() -> None:
    """Busy times neither overlap nor touch, and end at the window."""
    busy = _busy(
        event(UID="1", DTSTART="20300107T100000Z", DTEND="20300107T110000Z"),
        event(UID="2", DTSTART="20300107T110000Z", DTEND="20300107T120000Z"),
        event(UID="3", DTSTART="20300107T103000Z", DTEND="20300107T104000Z"),
        event(UID="4", DTSTART="20291231T000000Z", DTEND="20300102T000000Z"),
    )

    assert busy == ["01-01 00:00/01-02 00:00", "01-07 10:00/01-07 12:00"]


WEEKLY = {
    "UID": "w",
    "DTSTART__TZID_Europe/Berlin": "20300107T100000",
    "DURATION": "PT1H",
    "RRULE": "FREQ=WEEKLY;COUNT=4",
}


def test_a_series_with_exceptions() -> None:
    """One time is left out, one is moved, one is cancelled, one has become transparent.

    Cases: E-9.3
    """
    berlin = "DTSTART__TZID_Europe/Berlin"
    instance = "RECURRENCE-ID__TZID_Europe/Berlin"
    busy = _busy(
        event(**(WEEKLY | {"RRULE": "FREQ=WEEKLY;COUNT=6", "EXDATE": "20300114T090000Z"})),
        event(UID="w", **{instance: "20300121T100000", berlin: "20300122T150000"}, DURATION="PT1H"),
        event(
            UID="w", **{instance: "20300128T100000", berlin: "20300128T100000"}, STATUS="CANCELLED"
        ),
        event(
            UID="w",
            **{instance: "20300204T100000", berlin: "20300204T100000"},
            TRANSP="TRANSPARENT",
        ),
    )

    assert busy == [
        "01-07 09:00/01-07 10:00",
        "01-22 14:00/01-22 15:00",
        "02-11 09:00/02-11 10:00",
    ]


def test_the_latest_change_of_one_time_counts() -> None:
    """In whatever order the changes are written."""
    instance = "RECURRENCE-ID__TZID_Europe/Berlin"
    newer = event(
        UID="w",
        SEQUENCE="3",
        DTSTART="20300110T120000Z",
        DURATION="PT1H",
        **{instance: "20300107T100000"},
    )
    older = event(
        UID="w",
        SEQUENCE="2",
        DTSTART="20300111T120000Z",
        DURATION="PT1H",
        **{instance: "20300107T100000"},
    )
    series = event(**(WEEKLY | {"RRULE": "FREQ=WEEKLY;COUNT=1"}))

    assert _busy(series, newer, older) == _busy(series, older, newer)
    assert _busy(series, newer, older) == ["01-10 12:00/01-10 13:00"]


def test_a_series_keeps_its_local_time() -> None:
    """After the clocks have changed, its times are at other instants."""
    busy = _busy(event(**(WEEKLY | {"RRULE": "FREQ=MONTHLY;COUNT=4;BYDAY=1MO"})))

    assert [time[6:11] for time in busy] == ["09:00", "09:00", "09:00", "08:00"]


@pytest.mark.parametrize(
    ("until", "last"),
    [("20300121T090000Z", "01-21"), ("20300121T085959Z", "01-14"), ("20300121", "01-21")],
)
def test_a_series_ends(until: str, last: str) -> None:
    """UNTIL is an instant or a local day, and is included."""
    busy = _busy(event(**(WEEKLY | {"RRULE": f"FREQ=WEEKLY;UNTIL={until}"})))

    assert busy[-1].startswith(last)


def test_further_dates_and_periods() -> None:
    """RDATE adds times, and periods with an end of their own."""
    busy = _busy(
        event(
            UID="1",
            RDATE="20300108T100000Z,20300109T100000Z",
            RDATE__VALUE_PERIOD="20300110T100000Z/PT2H,20300111T100000Z/20300111T103000Z",
            **TEN,
        )
    )

    assert busy == [
        "01-07 10:00/01-07 11:00",
        "01-08 10:00/01-08 11:00",
        "01-09 10:00/01-09 11:00",
        "01-10 10:00/01-10 12:00",
        "01-11 10:00/01-11 10:30",
    ]


def test_busy_lists() -> None:
    """A feed may say when a person is busy without saying why."""
    listed = (
        "BEGIN:VFREEBUSY\r\nFREEBUSY;FBTYPE=BUSY:20300107T100000Z/PT1H\r\n"
        "FREEBUSY;FBTYPE=FREE:20300108T100000Z/PT1H\r\nEND:VFREEBUSY\r\n"
    )

    assert _busy(listed) == ["01-07 10:00/01-07 11:00"]


MALFORMED = {
    "empty": b"",
    "a page": b"<!doctype html><html></html>",
    "bytes": bytes(range(256)) * 10,
    "cut off": calendar(event(UID="1", **TEN))[:-20],
    "without its end": calendar(event(UID="1", **TEN)).removesuffix(b"END:VCALENDAR\r\n"),
    "crossed": b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\nEND:VEVENT\r\n",
    "outside": calendar() + b"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
    "nested": b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 100_000,
    "no time": calendar(event(UID="1", DTSTART="tomorrow")),
    "no such day": calendar(event(UID="1", DTSTART="20300230T100000Z")),
    "no such year": calendar(event(UID="1", DTSTART="00000101T100000Z")),
    "before time": calendar(
        event(UID="1", **{"DTSTART__TZID_Asia/Tokyo": "00010101T000000"}, DURATION="PT1H")
    ),
    "after time": calendar(event(UID="1", DTSTART="99991231T235959Z", DURATION="P999999W")),
    "two starts": calendar(
        "BEGIN:VEVENT\r\nDTSTART:20300107T100000Z\r\nDTSTART:20300108T100000Z\r\nEND:VEVENT\r\n"
    ),
    "mixed": calendar(event(UID="1", DTSTART="20300107T100000Z", DTEND="20300108")),
    "no such zone": calendar(event(UID="1", DTSTART__TZID_Mars="20300107T100000", DURATION="PT1H")),
    "a path": calendar(
        event(UID="1", **{"DTSTART__TZID_../../etc/passwd": "20300107T100000"}, DURATION="PT1H")
    ),
    "a folder": calendar(event(UID="1", DTSTART__TZID_Europe="20300107T100000", DURATION="PT1H")),
    "broken parameter": calendar(event(UID="1", **{'DTSTART__TZID_"UTC': "20300107T100000"})),
    "broken duration": calendar(event(UID="1", DTSTART="20300107T100000Z", DURATION="P")),
    "end before its start": calendar(event(UID="1", **(TEN | {"DTEND": "20300107T090000Z"}))),
    "broken rule": calendar(event(UID="1", RRULE="FREQ=NEVER", **TEN)),
    "from one on": calendar(
        event(UID="1", **{"RECURRENCE-ID__RANGE_THISANDFUTURE": "20300107T100000Z"}, **TEN)
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_feeds_are_refused_as_a_whole(name: str) -> None:
    """What is not understood could be a busy time.

    Cases: E-9.3
    Proves: API10:2023
    """
    with pytest.raises(Unreadable):
        events.busy(MALFORMED[name], "Europe/Berlin", SINCE, UNTIL)


MANY = [
    event(UID=str(number), DTSTART=f"203001{number % 28 + 1:02}T100000Z", DURATION="PT30M")
    for number in range(10_001)
]
HUGE = {
    "too many events": MANY,
    "as many as may be": MANY[:10_000],
    "all of them daily since 1970": [
        event(UID=str(number), DTSTART="19700101T100000Z", DURATION="PT1H", RRULE="FREQ=DAILY")
        for number in range(9_000)
    ],
    "every second": [event(UID="1", RRULE="FREQ=SECONDLY", **TEN)],
    "never": [
        event(UID=str(number), RRULE="FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", **TEN)
        for number in range(9_000)
    ],
    "a long list": [event(UID="1", RDATE=",".join(["20300107T100000Z"] * 120_000), **TEN)],
    "many exceptions": [
        event(UID="1", EXDATE=",".join(["20300107T100000Z"] * 120_000), **TEN) for _ in range(1)
    ],
    "a zone that changes daily": [
        DEFINED.replace("FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "FREQ=DAILY"),
        event(UID="1", **{"DTSTART__TZID_Customized Time Zone": "20300107T100000"}),
    ],
    "long lines": ["X-LONG:" + "a\r\n " * 400_000 + "\r\n"],
    "many parameters": ["BEGIN:VEVENT\r\nDTSTART" + ";A=B" * 400_000 + ":1\r\nEND:VEVENT\r\n"],
    "many commas": ["BEGIN:VEVENT\r\nDTSTART;A=" + "," * 1_500_000 + "\r\nEND:VEVENT\r\n"],
    "many quotes": ["BEGIN:VEVENT\r\nDTSTART;A=" + '"' * 1_500_000 + "\r\nEND:VEVENT\r\n"],
    "many lines": ["A\r\n" * 600_000],
}


READ = {
    "as many as may be",
    "a long list",
    "a zone that changes daily",
    "long lines",
    "many exceptions",
    "many lines",
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_feeds_cost_a_bounded_time(name: str) -> None:
    """Accepted or refused, within seconds of one processor.

    Cases: E-9.3
    Proves: ASVS 5.2.1, 15.2.2
    """
    body = calendar(*HUGE[name])
    begun = time.process_time()

    try:
        outcome = len(events.busy(body, "Europe/Berlin", SINCE, UNTIL))
    except Unreadable:
        outcome = -1

    assert time.process_time() - begun < 4
    assert (outcome == -1) == (name not in READ)


ZONES = ["UTC", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]


@st.composite
def feeds(draw: st.DrawFn) -> bytes:
    """Events of all kinds in the middle of the day, when no clock changes."""
    parts = []
    for number in range(draw(st.integers(1, 5))):
        day = datetime.fromisoformat("2029-12-01") + timedelta(days=draw(st.integers(0, 400)))
        start = day.replace(
            hour=draw(st.integers(8, 16)), minute=draw(st.sampled_from([0, 15, 40]))
        )
        length = timedelta(minutes=draw(st.integers(5, 180)))
        zone = draw(st.sampled_from(ZONES))
        rule = draw(
            st.sampled_from(
                [
                    None,
                    f"FREQ=DAILY;COUNT={draw(st.integers(1, 20))}",
                    f"FREQ=WEEKLY;INTERVAL={draw(st.integers(1, 3))}",
                    "FREQ=MONTHLY",
                    f"FREQ=YEARLY;COUNT={draw(st.integers(1, 3))}",
                ]
            )
        )
        properties: dict[str, str] = {"UID": str(number)}
        if draw(st.booleans()):
            properties |= {
                f"DTSTART__TZID_{zone}": f"{start:%Y%m%dT%H%M%S}",
                f"DTEND__TZID_{zone}": f"{start + length:%Y%m%dT%H%M%S}",
            }
            if rule and draw(st.booleans()):
                gone = start + timedelta(days=draw(st.integers(0, 30)))
                properties[f"EXDATE__TZID_{zone}"] = f"{gone:%Y%m%dT%H%M%S}"
        elif draw(st.booleans()):
            properties["DTSTART__VALUE_DATE"] = f"{start:%Y%m%d}"
            properties["DTEND__VALUE_DATE"] = f"{start + timedelta(days=2):%Y%m%d}"
        else:
            properties["DTSTART"] = f"{start:%Y%m%dT%H%M%SZ}"
            properties["DURATION"] = f"PT{int(length.total_seconds() // 60)}M"
        if rule:
            properties["RRULE"] = rule
        if draw(st.integers(0, 4)) == 0:
            properties["STATUS"] = draw(st.sampled_from(["CANCELLED", "TENTATIVE"]))
        parts.append(event(**properties))
    return calendar(*parts)


@settings(max_examples=150, deadline=None)
@given(body=feeds(), timezone=st.sampled_from(ZONES))
def test_busy_times_are_those_of_an_independent_computation(body: bytes, timezone: str) -> None:
    """Minute by minute, the packages icalendar and recurring-ical-events give the same result.

    Cases: E-9.3
    """
    home = ZoneInfo(timezone)

    def instant(value: datetime) -> datetime:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return (at if at.tzinfo else at.replace(tzinfo=home)).astimezone(UTC)

    theirs = []
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(body)).between(
        SINCE - timedelta(days=2), UNTIL + timedelta(days=2)
    )
    for one in found:
        if one.get("STATUS") != "CANCELLED":
            theirs.append((instant(one.start), instant(one.end)))

    ours = events.busy(body, timezone, SINCE, UNTIL)

    assert ours == _united(theirs)


def _united(spans: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """By counting who is there: edges in order, and the moments when the count is zero."""
    edges = sorted(
        [(max(begin, SINCE), -1) for begin, end in spans if begin < UNTIL and end > SINCE]
        + [(min(end, UNTIL), 1) for begin, end in spans if begin < UNTIL and end > SINCE]
    )
    united, present, begun = [], 0, SINCE
    for at, change in edges:
        if present == 0:
            begun = at
        present -= change
        if present == 0:
            united.append((begun, at))
    return united
