"""What other programs write: one law for each kind of oddity, over its spellings."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from icalendar import Timezone

from holdfast.calendars import events, windows_zones, zones
from holdfast.calendars.unreadable import Unreadable
from tests.harness.servers.feeds import calendar, event

SINCE = datetime(2030, 1, 1, tzinfo=UTC)
UNTIL = datetime(2031, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
# west and east of UTC, with and without summer time, half-hour offsets, without a midnight
PLACES = [
    "UTC", "Europe/Berlin", "America/Chicago", "America/New_York", "Pacific/Auckland",
    "Pacific/Honolulu", "Pacific/Kiritimati", "Asia/Kolkata", "Australia/Lord_Howe",
    "America/St_Johns", "Africa/Cairo", "America/Santiago",
]  # fmt: skip
Span = tuple[datetime, datetime]


def _busy(*parts: str, timezone: str = "Europe/Berlin") -> list[Span]:
    return events.busy(calendar(*parts), timezone, SINCE, UNTIL)


def _refused(*parts: str, timezone: str = "Europe/Berlin") -> bool:
    try:
        _busy(*parts, timezone=timezone)
    except Unreadable:
        return True
    return False


def _midnight(day: date, timezone: str, fold: int = 0) -> datetime:
    return datetime.combine(day, time(fold=fold), ZoneInfo(timezone)).astimezone(UTC)


def _days(first: date, count: int, timezone: str) -> Span:
    """Whole days by the clocks of a zone."""
    end = first + count * DAY
    return _midnight(first, timezone), max(_midnight(end, timezone, fold) for fold in (0, 1))


def _at(local: str, timezone: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def _compact(at: date) -> str:
    return f"{at:%Y%m%dT%H%M%S}" if isinstance(at, datetime) else f"{at:%Y%m%d}"


def _covers(busy: Sequence[Span], span: Span) -> bool:
    return any(begin <= span[0] and span[1] <= end for begin, end in busy)


def _touches(busy: Sequence[Span], span: Span) -> bool:
    return any(begin < span[1] and span[0] < end for begin, end in busy)


dates = st.dates(date(2030, 1, 5), date(2030, 12, 20))
places = st.sampled_from(PLACES)

# How long -----------------------------------------------------------------------------------------

WHOLE_DAYS = {
    "": 1, "DURATION:P1D": 1, "DURATION:P3D": 3, "DURATION:P1W": 7, "DURATION:p2d": 2,
    "DURATION:+P2D": 2, "DURATION:P0D": 1, "DURATION:PT0S": 1, "DURATION:P0W": 1,
    "DURATION:-PT0S": 1, "DURATION:PT1S": 1, "DURATION:PT30M": 1, "DURATION:PT23H59M59S": 1,
    "DURATION:PT24H": 1, "DURATION:PT86400S": 1, "DURATION:PT24H1S": 2, "DURATION:PT25H": 2,
    "DURATION:PT36H": 2, "DURATION:PT1440M": 1, "DURATION:P1DT1H": 2, "DURATION:P1DT24H": 2,
    "DURATION:P2DT1S": 3, "DURATION:PT72H": 3,
}  # fmt: skip


@pytest.mark.parametrize("length", WHOLE_DAYS)
@settings(max_examples=15, deadline=None)
@given(day=dates, timezone=places)
def test_an_all_day_event_takes_whole_days(length: str, day: date, timezone: str) -> None:
    """At least one, and those of a length in hours rounded up, on days of 23 and 25 hours too.

    Cases: E-9.3
    """
    body = f"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:{_compact(day)}\r\n{length}\r\nEND:VEVENT\r\n"

    assert _busy(body, timezone=timezone) == [_days(day, WHOLE_DAYS[length], timezone)]


@settings(max_examples=60, deadline=None)
@given(day=dates, timezone=places, days=st.integers(0, 5), value=st.booleans())
def test_an_all_day_event_ends_before_the_day_of_its_end(
    day: date, timezone: str, days: int, value: bool
) -> None:
    """DTEND is the first free day; equal to DTSTART, it means that whole day.

    Cases: E-9.3
    """
    end = "DTEND__VALUE_DATE" if value else "DTEND"
    one = event(**{"DTSTART__VALUE_DATE": _compact(day), end: _compact(day + days * DAY)})

    assert _busy(one, timezone=timezone) == [_days(day, max(days, 1), timezone)]


@settings(max_examples=40, deadline=None)
@given(first=dates, timezone=places, length=st.sampled_from(sorted(WHOLE_DAYS)))
def test_each_day_of_a_series_is_as_long(first: date, timezone: str, length: str) -> None:
    """What holds for one event holds for each time of a series, and for added times."""
    body = (
        f"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:{_compact(first)}\r\n{length}\r\n"
        "RRULE:FREQ=MONTHLY;COUNT=3\r\nRDATE;VALUE=DATE:20300115\r\nEND:VEVENT\r\n"
    )
    busy = _busy(body, timezone=timezone)

    for day in (first, date(2030, 1, 15)):
        span = _days(day, WHOLE_DAYS[length], timezone)
        assert _covers(busy, (span[0], min(span[1], UNTIL)))


BACKWARDS = [
    {"DTSTART": "20300107T100000Z", "DTEND": "20300107T095959Z"},
    {"DTSTART": "20300107T100000", "DTEND": "20300107T090000"},
    {"DTSTART": "20300107T100000Z", "DTEND": "20290107T110000Z"},
    {"DTSTART__TZID_Europe/Berlin": "20300107T100000", "DTEND__TZID_Asia/Tokyo": "20300107T173000"},
    {"DTSTART__VALUE_DATE": "20300107", "DTEND__VALUE_DATE": "20300106"},
    {"DTSTART": "20300107T100000Z", "DURATION": "-PT1H"},
    {"DTSTART": "20300107T100000Z", "DURATION": "-P1W"},
    {"DTSTART__VALUE_DATE": "20300107", "DURATION": "-P1D"},
    {"DTSTART": "20300107T100000Z", "DURATION": "PT1H",
     "RDATE__VALUE_PERIOD": "20300109T100000Z/-PT1H"},
    {"DTSTART": "20300107T100000Z", "DURATION": "PT1H",
     "RDATE__VALUE_PERIOD": "20300109T100000Z/20300109T090000Z"},
]  # fmt: skip


@pytest.mark.parametrize("properties", BACKWARDS)
def test_an_end_before_its_start_is_never_free(properties: dict[str, str]) -> None:
    """Its meaning is unclear, so the feed is refused, alone and in a series.

    Cases: E-9.3
    """
    assert _refused(event(UID="1", **properties))
    assert _refused(event(UID="1", RRULE="FREQ=WEEKLY", **properties))
    assert not _refused(event(UID="1", STATUS="CANCELLED", **properties))


def test_a_busy_list_does_not_run_backwards() -> None:
    """An end before the start, or a negative length, is refused."""
    for period in ("20300107T100000Z/20300107T090000Z", "20300107T100000Z/-PT5M"):
        assert _refused(f"BEGIN:VFREEBUSY\r\nFREEBUSY:{period}\r\nEND:VFREEBUSY\r\n")


@pytest.mark.parametrize(
    ("begin", "end", "minutes"),
    [
        ("20300331T023000", "20300331T031000", 40),  # begins in the skipped hour
        ("20300331T023000", "20300331T034500", 15),  # 2:30 is 3:30 by that night's clocks
        ("20301027T024500", "20301027T021500", 30),  # ends when the hour is repeated
        ("20301027T013000", "20301027T023000", 60),
        ("20300331T013000", "20300331T033000", 60),
    ],
)
def test_nights_in_which_clocks_change_free_nothing(begin: str, end: str, minutes: int) -> None:
    """An event blocks its time there too, by the clocks of its zone."""
    (busy,) = _busy(event(UID="1", DTSTART=begin, DTEND=end))

    assert busy[1] - busy[0] == timedelta(minutes=minutes)


def test_of_two_lengths_the_longer_one_counts() -> None:
    """An event must not have both; one that has them lasts until the later end."""
    ten = datetime(2030, 1, 7, 10, tzinfo=UTC)
    for duration, hours in (("PT30M", 1), ("PT3H", 3), ("an hour", 1)):
        one = event(DTSTART="20300107T100000Z", DTEND="20300107T110000Z", DURATION=duration)
        assert _busy(one) == [(ten, ten + timedelta(hours=hours))]


def test_each_end_in_a_zone_of_its_own() -> None:
    """The later of the two readings counts, after either zone's clocks have changed."""
    flight = event(
        **{
            "DTSTART__TZID_Europe/Berlin": "20300307T100000",
            "DTEND__TZID_America/New_York": "20300307T130000",
        },
        RRULE="FREQ=WEEKLY;COUNT=5",
    )

    hours = [(end - begin) / timedelta(hours=1) for begin, end in _busy(flight)]

    # 9 hours; from 10 March on New York is an hour nearer, from 31 March on no longer
    assert hours == [9, 9, 9, 9, 9]


def test_a_day_whose_midnight_is_left_out_follows_a_whole_one() -> None:
    """In Santiago the clocks go from 24:00 to 1:00: until then it is the day before.

    Cases: E-9.3
    """
    before = event(DTSTART__VALUE_DATE="20300907")
    after = event(DTSTART__VALUE_DATE="20300908")
    change = datetime(2030, 9, 8, 4, tzinfo=UTC)

    assert [end for _, end in _busy(before, timezone="America/Santiago")] == [change]
    assert [begin for begin, _ in _busy(after, timezone="America/Santiago")] == [change]


# Dates and times in one series --------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(first=dates, more=st.integers(1, 9), timezone=places, data=st.data())
def test_a_series_of_days_ends_with_its_last_day(
    first: date, more: int, timezone: str, data: st.DataObject
) -> None:
    """UNTIL as a date, as midnight in UTC, as the instant of local midnight: the same last day.

    Cases: E-9.3
    """
    last = first + more * DAY
    until = data.draw(
        st.sampled_from(
            [
                _compact(last),
                _compact(last) + "T000000Z",
                _compact(last) + "t000000z",
                _compact(last) + "T000000",
                _compact(last) + "T235959",
                _compact(_midnight(last, timezone)) + "Z",
            ]
        )
    )
    one = event(DTSTART__VALUE_DATE=_compact(first), RRULE=f"FREQ=DAILY;UNTIL={until}")
    begin, end = _days(first, more + 1, timezone)

    assert _busy(one, timezone=timezone) == [(begin, min(end, UNTIL))]


@settings(max_examples=80, deadline=None)
@given(first=dates, more=st.integers(1, 9), timezone=places, seconds=st.integers(0, 86399))
def test_a_last_day_is_taken_if_either_reading_has_it(
    first: date, more: int, timezone: str, seconds: int
) -> None:
    """Whatever time of day, in UTC or by local clocks: the written day is included."""
    last = first + more * DAY
    at = datetime.combine(last, time()) + timedelta(seconds=seconds)
    for zone in ("Z", ""):
        one = event(
            DTSTART__VALUE_DATE=_compact(first),
            RRULE=f"FREQ=DAILY;UNTIL={_compact(at)}{zone}",
        )
        busy = _busy(one, timezone=timezone)
        begin, end = _days(first, more + 1, timezone)
        assert _covers(busy, (begin, min(end, UNTIL)))
        assert not _touches(busy, _days(last + 2 * DAY, 1, timezone))


SERIES_ZONES = ["Europe/Berlin", "America/Chicago", "Pacific/Auckland", "Asia/Kolkata"]
clock = st.times(time(0, 0), time(23, 45)).map(lambda at: at.replace(second=0, microsecond=0))


@st.composite
def timed(draw: st.DrawFn) -> tuple[str, datetime]:
    """The name of DTSTART with a zone, and a local start."""
    zone = draw(st.sampled_from(SERIES_ZONES))
    first = draw(st.dates(date(2030, 5, 1), date(2030, 8, 1)))  # no clock changes until September
    return zone, datetime.combine(first, draw(clock))


def _times(busy: Sequence[Span], zone: str) -> list[date]:
    """The local days of starts."""
    return [begin.astimezone(ZoneInfo(zone)).date() for begin, _ in busy]


@settings(max_examples=60, deadline=None)
@given(series=timed(), more=st.integers(1, 9), home=places)
def test_a_date_ends_a_series_of_times_with_that_day(
    series: tuple[str, datetime], more: int, home: str
) -> None:
    """UNTIL as a date includes the whole of that day by the clocks of the series."""
    zone, first = series
    last = first.date() + more * DAY
    name = f"DTSTART__TZID_{zone}"
    one = event(
        **{name: _compact(first)}, DURATION="PT10M", RRULE=f"FREQ=DAILY;UNTIL={_compact(last)}"
    )

    assert _times(_busy(one, timezone=home), zone) == [
        first.date() + n * DAY for n in range(more + 1)
    ]


@settings(max_examples=60, deadline=None)
@given(series=timed(), gone=st.integers(0, 9), home=places, data=st.data())
def test_a_date_leaves_out_that_day_of_a_series_of_times(
    series: tuple[str, datetime], gone: int, home: str, data: st.DataObject
) -> None:
    """EXDATE as a date; and a RECURRENCE-ID as a date is the time of that day.

    Cases: E-9.3
    """
    zone, first = series
    day = first.date() + gone * DAY
    properties = {f"DTSTART__TZID_{zone}": _compact(first), "DURATION": "PT10M"}
    rule = "FREQ=DAILY;COUNT=10"
    value = data.draw(st.sampled_from(["__VALUE_DATE", "__VALUE_date", "", f"__TZID_{zone}"]))
    left_out = event(UID="1", RRULE=rule, **properties, **{f"EXDATE{value}": _compact(day)})
    moved = event(
        UID="1",
        DTSTART="20300401T100000Z",
        DURATION="PT10M",
        **{f"RECURRENCE-ID{value}": _compact(day)},
    )
    others = [first.date() + n * DAY for n in range(10) if n != gone]

    assert _times(_busy(left_out, timezone=home), zone) == others
    assert (
        _times(_busy(event(UID="1", RRULE=rule, **properties), moved, timezone=home)[1:], zone)
        == others
    )


@settings(max_examples=60, deadline=None)
@given(series=timed(), gone=st.integers(0, 9), home=places)
def test_a_time_without_a_zone_is_by_the_clocks_of_its_series(
    series: tuple[str, datetime], gone: int, home: str
) -> None:
    """EXDATE, RECURRENCE-ID and RDATE without a zone have the zone of DTSTART.

    Cases: E-9.3
    """
    zone, first = series
    at = first + gone * DAY
    properties = {f"DTSTART__TZID_{zone}": _compact(first), "DURATION": "PT10M", "UID": "1"}
    rule = {"RRULE": "FREQ=DAILY;COUNT=10"}
    left_out = event(**properties, **rule, EXDATE=_compact(at))
    cancelled = event(
        UID="1", STATUS="CANCELLED", DTSTART="20300401T100000Z", **{"RECURRENCE-ID": _compact(at)}
    )
    further = first + 30 * DAY
    added = _busy(event(**properties, RDATE=_compact(further)), timezone=home)
    begin = further.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

    others = [first.date() + n * DAY for n in range(10) if n != gone]
    assert _times(_busy(left_out, timezone=home), zone) == others
    assert _times(_busy(event(**properties, **rule), cancelled, timezone=home), zone) == others
    assert _covers(added, (begin, begin + timedelta(minutes=10)))


@settings(max_examples=100, deadline=None)
@given(first=dates, gone=st.integers(0, 9), home=places, data=st.data())
def test_a_time_leaves_out_the_day_it_begins(
    first: date, gone: int, home: str, data: st.DataObject
) -> None:
    """EXDATE and RECURRENCE-ID as midnight: local, in a zone, in UTC, or that instant in UTC."""
    assume(first + 12 * DAY < UNTIL.date())
    day = first + gone * DAY
    name, value = data.draw(
        st.sampled_from(
            [
                ("", _compact(day) + "T000000"),
                ("", _compact(day) + "T000000Z"),
                ("__TZID_" + home, _compact(day) + "T000000"),
                ("__TZID_Europe/Berlin", _compact(day) + "T000000"),
                ("__VALUE_DATE", _compact(day) + "T000000"),
                ("", _compact(_midnight(day, home)) + "Z"),
            ]
        )
    )
    properties = {
        "UID": "1",
        "DTSTART__VALUE_DATE": _compact(first),
        "RRULE": "FREQ=DAILY;COUNT=10",
    }
    left_out = event(**properties, **{f"EXDATE{name}": value})
    cancelled = event(
        UID="1", STATUS="CANCELLED", DTSTART=_compact(day), **{f"RECURRENCE-ID{name}": value}
    )

    for parts in ([left_out], [event(**properties), cancelled]):
        busy = _busy(*parts, timezone=home)
        for number in range(10):
            span = _days(first + number * DAY, 1, home)
            # a repeated midnight belongs to both days
            assert _covers(busy, span) == (number != gone) or number == gone
        begin, end = _days(day, 1, home)
        assert not _covers(busy, (begin + timedelta(hours=2), end - timedelta(hours=2)))


@settings(max_examples=60, deadline=None)
@given(series=timed(), further=dates, home=places)
def test_a_further_date_of_a_series_of_times_is_taken(
    series: tuple[str, datetime], further: date, home: str
) -> None:
    """RDATE as a date: that day by the clocks of the series, at its usual time."""
    zone, first = series
    one = event(
        **{f"DTSTART__TZID_{zone}": _compact(first), "RDATE__VALUE_DATE": _compact(further)},
        DURATION="PT10H",
    )
    begin = _at(f"{further.isoformat()}T{first.time().isoformat()}", zone)
    busy = _busy(one, timezone=home)

    assert _covers(busy, _days(further, 1, zone))
    assert _covers(busy, (begin, begin + timedelta(hours=10)))


@settings(max_examples=60, deadline=None)
@given(further=dates, at=clock, home=places, utc=st.booleans())
def test_a_further_time_of_a_series_of_days_is_a_day(
    further: date, at: time, home: str, utc: bool
) -> None:
    """RDATE as a time: the local day that contains it."""
    written = datetime.combine(further, at)
    value = _compact(written) + ("Z" if utc else "")
    one = event(DTSTART__VALUE_DATE="20300102", RDATE=value)
    instant = written.replace(tzinfo=UTC if utc else ZoneInfo(home))

    assert _covers(
        _busy(one, timezone=home), _days(instant.astimezone(ZoneInfo(home)).date(), 1, home)
    )


def test_hours_do_not_count_for_days() -> None:
    """BYHOUR and the like in a series of dates are ignored, as RFC 5545 (3.3.10) says."""
    one = event(DTSTART__VALUE_DATE="20300107", RRULE="FREQ=DAILY;COUNT=2;BYHOUR=9,10;BYMINUTE=30")

    assert _busy(one) == [_days(date(2030, 1, 7), 2, "Europe/Berlin")]


# Zones --------------------------------------------------------------------------------------------

FIXED = {
    "EST": -5, "MST": -7, "HST": -10, "GMT": 0, "UTC": 0, "UCT": 0, "Zulu": 0, "GMT0": 0,
    "GMT+0": 0, "Etc/UTC": 0, "Etc/GMT": 0, "Etc/GMT+5": -5, "Etc/GMT-3": 3, "UTC-11": -11,
    "UTC+12": 12, "GMT-0500": -5, "GMT+1": 1, "UTC+01:00": 1, "+0200": 2, "-05:00": -5, "utc": 0,
    "etc/gmt+5": -5,
    "tzone://Microsoft/Utc": 0, "TZONE://MICROSOFT/UTC": 0, "/example.org/20070129_1/UTC": 0,
}  # fmt: skip
NOON = {"DTSTART": "20300707T120000", "DURATION": "PT1H"}


def _definition(name: str, winter: str = "+0100", summer: str = "+0200") -> str:
    """A zone that changes its clocks as Europe does."""
    return (
        f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\n"
        "BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"
        f"TZOFFSETFROM:{summer}\r\nTZOFFSETTO:{winter}\r\nEND:STANDARD\r\n"
        "BEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n"
        f"TZOFFSETFROM:{winter}\r\nTZOFFSETTO:{summer}\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
    )


def _noon(name: str, *before: str) -> int:
    """The offset of a zone at a noon in July, in hours."""
    body = f"BEGIN:VEVENT\r\nDTSTART;TZID={name}:20300707T120000\r\nDURATION:PT1H\r\nEND:VEVENT\r\n"
    ((begin, _),) = _busy(*before, body)
    return int((datetime(2030, 7, 7, 12, tzinfo=UTC) - begin) / timedelta(hours=1))


@pytest.mark.parametrize("name", FIXED)
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_definition_counts_before_a_name_of_one_offset(name: str, quote: str) -> None:
    """EST with summer time is New York's clock in many programs; undefined, it is what it says.

    Cases: E-9.3
    """
    given_as = f"{quote}{name}{quote}"

    assert _noon(given_as, _definition(name)) == 2
    assert _noon(given_as) == FIXED[name]
    assert _noon(given_as, f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\nEND:VTIMEZONE\r\n") == FIXED[name]


def test_a_place_has_its_own_rules() -> None:
    """What a feed says of Tokyo is older than the zone's own rules."""
    for name in ("Asia/Tokyo", "/example.org/1/Asia/Tokyo", "Tokyo Standard Time"):
        assert _noon(name, _definition(name)) == 9


def _names_of_places() -> list[str]:
    names = resources.files("tzdata").joinpath("zones").read_text("ascii").split()
    return [name for name in names if "/" in name]


PREFIXES = [
    "/freeassociation.sourceforge.net/", "/freeassociation.sourceforge.net/Tzfile/",
    "/mozilla.org/20070129_1/", "/softwarestudio.org/Olson_20011030_5/", "/citadel.org/20230314_1/",
    "mozilla.org/20050126_1/", "/", "tzone://Microsoft/",
]  # fmt: skip


@pytest.mark.parametrize("prefix", PREFIXES)
def test_zones_behind_a_prefix(prefix: str) -> None:
    """Every zone of IANA's, those of three parts as well: America/Argentina/Buenos_Aires.

    Cases: E-9.3
    """
    instants = [datetime.fromisoformat(f"2030-{month}-15T12:00") for month in ("01", "07")]
    wrong = []
    for name in _names_of_places():
        zone = zones.named(prefix + name)
        right = [at.replace(tzinfo=ZoneInfo(name)).astimezone(UTC) for at in instants]
        if zone is None or [zone(at) for at in instants] != right:
            wrong.append(name)

    assert wrong == []


def test_letters_and_spaces_of_a_zone_do_not_matter() -> None:
    """europe/berlin, AMERICA/NEW YORK."""
    at = datetime.fromisoformat("2030-07-15T12:00")
    for name in _names_of_places():
        right = at.replace(tzinfo=ZoneInfo(name)).astimezone(UTC)
        for spelling in (name.lower(), name.upper(), name.replace("_", " ")):
            zone = zones.named(spelling)
            assert zone is not None, spelling
            assert zone(at) == right, spelling


def test_what_windows_shows_people_is_a_zone() -> None:
    """Each zone's list of places, with and without its offset, and each name in small letters."""
    for name, places in windows_zones._PLACES.items():
        for shown in (f"(UTC+01:00) {places}", f"(GMT-5:00) {places}", places, name.lower()):
            assert windows_zones.iana(shown) == windows_zones.IANA[name], shown
    assert set(windows_zones._PLACES) == set(windows_zones.IANA)


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", 2),
        ("(GMT+01.00) Amsterdam / Berlin", None),
        ("(UTC-05:00) Eastern Time (US & Canada)", -4),
        ("(UTC) Coordinated Universal Time", 0),
        ("(UTC) Dublin, Edinburgh, Lisbon, London", 1),
        ("Eastern Standard Time", -4),
        ("America/Argentina/Buenos_Aires", -3),
        ("EST5EDT", -4),
    ],
)
def test_zones_with_colons_and_commas(name: str, hours: int | None, quote: str) -> None:
    """In quotes or not, defined or not: a name may contain what ends other parameters.

    Cases: E-9.3
    """
    given_as = f"{quote}{name}{quote}"
    escaped = name.replace(",", "\\,").replace(";", "\\;")

    if hours is None:
        with pytest.raises(Unreadable):
            _noon(given_as)
        assert _noon(given_as, _definition(escaped, "+0800", "+0900")) == 9
    else:
        assert _noon(given_as) == hours


def test_a_zone_of_microsofts_that_is_the_feeds_own() -> None:
    """Custom has the definition of its feed, and without one the feed is refused."""
    assert _noon("tzone://Microsoft/Custom", _definition("tzone://Microsoft/Custom")) == 2
    with pytest.raises(Unreadable):
        _noon("tzone://Microsoft/Custom")


def test_a_zone_defined_in_two_ways_is_not_understood() -> None:
    """Twice the same is the same; a second, different definition refuses the events that use it."""
    two = (_definition("Ours"), _definition("Ours", "+0800", "+0900"))

    assert _noon("Ours", two[0], two[0]) == 2
    with pytest.raises(Unreadable):
        _noon("Ours", *two)


@pytest.mark.parametrize("offset", ["+0100", "+01:00", "+010000", "+01:00:00"])
def test_offsets_of_definitions(offset: str) -> None:
    """With or without colons and seconds."""
    assert _noon("Ours", _definition("Ours", offset, offset)) == 1


def test_a_zone_that_has_stopped_changing_its_clocks() -> None:
    """After the last rule's end its last change stays: here, summer time for ever.

    Cases: E-9.3
    """
    definition = (
        "BEGIN:VTIMEZONE\r\nTZID:Ours\r\n"
        "BEGIN:STANDARD\r\nDTSTART:19961027T030000\r\n"
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10;UNTIL=20151025T010000Z\r\n"
        "TZOFFSETFROM:+0300\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\n"
        "BEGIN:DAYLIGHT\r\nDTSTART:19960331T020000\r\n"
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3;UNTIL=20160327T000000Z\r\n"
        "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0300\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
    )
    for until in ("20160327T000000Z", "20160327", "20160327T020000"):
        assert _noon("Ours", definition.replace("20160327T000000Z", until)) == 3


@pytest.mark.parametrize("name", _names_of_places()[::7])
def test_every_zone_means_the_same_when_a_feed_defines_it(name: str) -> None:
    """Another package's definition of a zone under its own name, day by day for a year."""
    first, last = date(2028, 1, 1), date(2032, 1, 1)
    defined = Timezone.from_tzinfo(ZoneInfo(name), "Ours", first, last).to_ical().decode()
    locals_ = [datetime.fromisoformat("2030-01-02T12:00") + DAY * n for n in range(363)]
    right = sorted(at.replace(tzinfo=ZoneInfo(name)).astimezone(UTC) for at in locals_)
    one = event(DTSTART__TZID_Ours="20300102T120000", DURATION="PT1S", RRULE="FREQ=DAILY;COUNT=363")

    assert [begin for begin, _ in _busy(defined, one)] == right


# Separators ---------------------------------------------------------------------------------------

RULES = [
    ["FREQ=WEEKLY", "COUNT=6", "INTERVAL=1"],
    ["FREQ=WEEKLY", "BYDAY=MO,WE,FR", "COUNT=8", "WKST=SU"],
    ["FREQ=MONTHLY", "BYMONTHDAY=1,15,-1", "UNTIL=20300701T000000Z"],
    ["FREQ=YEARLY", "BYMONTH=1,2", "BYDAY=1MO,-1FR", "COUNT=4"],
    ["FREQ=DAILY", "COUNT=20", "BYHOUR=9,11", "BYSECOND=0"],
]


@settings(max_examples=150, deadline=None)
@given(parts=st.sampled_from(RULES), data=st.data())
def test_separators_with_nothing_between_them(parts: list[str], data: st.DataObject) -> None:
    """At the ends and in the middle, of rules and of their lists, with spaces and in small letters.

    Cases: E-9.3
    """
    plain = event(DTSTART="20300107T100000Z", DURATION="PT1H", RRULE=";".join(parts))
    nothing = st.sampled_from(["", "", ",", ",,", " ", ", "])
    semicolons = st.sampled_from(["", ";", ";;", "; "])
    spelled = data.draw(semicolons)
    for part in data.draw(st.permutations(parts)):
        name, _, value = part.partition("=")
        if "," in value:
            elements = [data.draw(nothing) + element for element in value.split(",")]
            value = ",".join(elements) + data.draw(nothing)
        spelled += f"{name}={value}{data.draw(semicolons)};"
    if data.draw(st.booleans()):
        spelled = spelled.lower()
    if data.draw(st.booleans()):
        spelled += data.draw(st.sampled_from(["BYMONTH=", "BYSETPOS=,;", "UNTIL=;"]))
    odd = event(DTSTART="20300107T100000Z", DURATION="PT1H", RRULE=spelled)

    assert _busy(odd) == _busy(plain)


@settings(max_examples=100, deadline=None)
@given(data=st.data(), kind=st.sampled_from(["RDATE", "EXDATE", "FREEBUSY", "RDATE__VALUE_PERIOD"]))
def test_empty_elements_of_lists_of_times(data: st.DataObject, kind: str) -> None:
    """Further times, exceptions, periods and busy lists may have extra commas.

    Cases: E-9.3
    """
    count = data.draw(st.integers(0, 4))
    elements = [f"203001{8 + n:02}T100000Z" for n in range(count)]
    if kind in {"FREEBUSY", "RDATE__VALUE_PERIOD"}:
        elements = [f"{element}/PT1H" for element in elements]
    nothing = st.sampled_from(["", ",", ",,", " ", ", ,"])
    spelled = "".join(data.draw(nothing) + "," + e + data.draw(nothing) for e in elements)

    def feed(*values: str) -> str:
        lines = "".join(f"{kind.replace('__', ';').replace('_', '=')}:{v}\r\n" for v in values)
        if kind == "FREEBUSY":
            return f"BEGIN:VFREEBUSY\r\n{lines}END:VFREEBUSY\r\n"
        times = "DTSTART:20300107T100000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=9\r\n"
        return f"BEGIN:VEVENT\r\nUID:1\r\n{times}{lines}END:VEVENT\r\n"

    assert _busy(feed(spelled + data.draw(nothing))) == _busy(feed(*elements))


# Lines that can be no property --------------------------------------------------------------------

HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
STRAY = [
    "* bullet line", "(second)", "- third", "plain words", "and then: more", "1. first", "=====",
    "https://example.com/a?b=c;d", "»quoted«", "Grüße", "日本語", "\N{PARTY POPPER}", "_", ":", ";",
    "Status (new): open", "Status is open", "Duration (min): 5", "Duration 2 hours",
    "Sequence of play", "UID is 5", "Begin: 10 am", "End: 11:00", "BEGIN", "END", "Begin here",
    "end.", "\x0b\x0c\x85x",
    "Start: now", "Dtstartle", "Location: here", "transparent", "Duration: 90 min",
]  # fmt: skip


def _with(stray: str, place: int, newline: str = "\r\n") -> bytes:
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VTIMEZONE", "TZID:Ours", "BEGIN:STANDARD",
        "DTSTART:19700101T000000", "TZOFFSETFROM:+0300", "TZOFFSETTO:+0300", "END:STANDARD",
        "END:VTIMEZONE", "BEGIN:VEVENT", "DESCRIPTION:line one", "UID:1",
        "DTSTART;TZID=Ours:20300302T120000", "DTEND;TZID=Ours:20300302T130000", "END:VEVENT",
        "END:VCALENDAR",
    ]  # fmt: skip
    return newline.join([*lines[:place], stray, *lines[place:], ""]).encode()


NINE = datetime(2030, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize("stray", STRAY)
def test_lines_that_can_be_no_property(stray: str) -> None:
    """After a raw line break in a text they stand alone, anywhere in a component.

    Cases: E-9.3
    """
    for place in range(1, 17):
        for newline in ("\r\n", "\n", "\r"):
            body = _with(stray, place, newline)
            assert events.busy(body, "Asia/Tokyo", SINCE, UNTIL) == [
                (NINE, NINE + timedelta(hours=1))
            ]


@settings(max_examples=200, deadline=None)
@given(
    stray=st.text(st.characters(codec="utf-8", exclude_characters="\r\n:;"), min_size=1),
    place=st.integers(1, 16),
)
def test_any_text_without_a_colon_is_passed_over(stray: str, place: int) -> None:
    """Whatever it is, it changes nothing; one that begins with a space continues the line before.

    Cases: E-9.3
    """
    assume(stray[0] not in " \t")
    assume(not any(stray.upper().startswith(name) for name in ("DT", "TZ", "R", "EX")))

    assert events.busy(_with(stray, place), "UTC", SINCE, UNTIL) == [
        (NINE, NINE + timedelta(hours=1))
    ]


@pytest.mark.parametrize("stray", [text for text in STRAY if text.strip()])
@pytest.mark.parametrize("place", [0, 17])
def test_outside_of_a_calendar_there_is_nothing(stray: str, place: int) -> None:
    """Text before or after the calendar is ignored."""
    with pytest.raises(Unreadable):
        events.busy(_with(stray, place), "UTC", SINCE, UNTIL)


@pytest.mark.parametrize(
    ("line", "broken"),
    [
        ("DTSTART:20300107T100000Z", "DTSTART 20300107T100000Z"),
        ("DTSTART:20300107T100000Z", " DTSTART:20300107T100000Z"),
        ("DTSTART:20300107T100000Z", "DTSTART;20300107T100000Z"),
        ("DTSTART:20300107T100000Z", "DTSTAR:20300107T100000Z"),
        ("DTEND:20300107T110000Z", "DTEND=20300107T110000Z"),
        ("RRULE:FREQ=DAILY", "RRULE FREQ=DAILY"),
        ("BEGIN:VEVENT", "BEGIN :VEVENT"),
        ("BEGIN:VEVENT", "BEGIN:VEVENTS"),
        ("END:VEVENT", "END:V EVENT"),
        ("END:VEVENT", "END VEVENT"),
    ],
)
def test_a_broken_line_of_an_event_hides_none(line: str, broken: str) -> None:
    """A line about when a person is busy is not ignored: the feed is refused.

    Cases: E-9.3
    """
    feed = calendar(event(DTSTART="20300107T100000Z", DTEND="20300107T110000Z", RRULE="FREQ=DAILY"))
    body = feed.replace(f"{line}\r\n".encode(), f"{broken}\r\n".encode(), 1)

    with pytest.raises(Unreadable):
        events.busy(body, "UTC", SINCE, UNTIL)


def test_an_event_whose_both_ends_are_broken_is_found() -> None:
    """Its lines would be in the calendar itself, where they mean nothing."""
    one = event(DTSTART="20300107T100000Z", DURATION="PT1H")

    assert _refused(one.replace(":VEVENT", " :VEVENT"))
    assert _refused(one.replace(":VEVENT", ":V EVENT"))


def test_an_event_that_hides_in_another_is_found() -> None:
    """Events belong in calendars only; one inside another would be ignored with it."""
    inner = event(DTSTART="20300107T100000Z", DURATION="PT1H")
    for outer in ("VEVENT", "VTODO", "X-OWN"):
        assert _refused(f"BEGIN:{outer}\r\nDTSTART:20300101T000000Z\r\n{inner}END:{outer}\r\n")


# Changes of a series ------------------------------------------------------------------------------

DAILY = {
    "UID": "1",
    "DTSTART": "20300107T100000Z",
    "DURATION": "PT1H",
    "RRULE": "FREQ=DAILY;COUNT=3",
}


def test_a_change_without_a_start_changes_nothing() -> None:
    """Unless it removes the time."""
    change = {"UID": "1", "RECURRENCE-ID": "20300108T100000Z"}
    series = event(**DAILY)

    assert _busy(series, event(**change, SUMMARY="new")) == _busy(series)
    assert len(_busy(series, event(**change, STATUS="CANCELLED"))) == 2


def test_events_without_a_uid_are_strangers() -> None:
    """A change without a UID leaves series without one as they are, and both times are busy."""
    nameless = {name: value for name, value in DAILY.items() if name != "UID"}
    change = event(
        **{"RECURRENCE-ID": "20300108T100000Z"}, DTSTART="20300120T100000Z", DURATION="PT1H"
    )
    other = change.replace("20300120", "20300121")

    assert len(_busy(event(**nameless), change, other)) == 5


def test_two_different_states_leave_the_time_taken() -> None:
    """A text that says "Status: cancelled" cancels nothing beside a real status."""
    one = "BEGIN:VEVENT\r\nDTSTART:20300107T100000Z\r\nDURATION:PT1H\r\n{}\r\nEND:VEVENT\r\n"

    assert _busy(one.format("STATUS:CONFIRMED\r\nStatus: cancelled"))
    assert _busy(one.format("TRANSP:OPAQUE\r\nTransp:TRANSPARENT"))
    assert not _busy(one.format("STATUS:CANCELLED\r\nSTATUS:cancelled"))


def test_an_event_without_a_beginning_is_not_understood() -> None:
    """If its line is broken, the time would look free."""
    assert _refused(event(UID="1", SUMMARY="x", DTEND="20300107T110000Z"))
    assert not _refused(event(UID="1", SUMMARY="x", STATUS="CANCELLED"))
