"""One calendar in many spellings: folded, quoted, decorated and ordered in many ways."""

import string
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.calendars import events
from tests.harness.running.scripts import SCRIPTS, word

SINCE = datetime(2030, 1, 1, tzinfo=UTC)
UNTIL = datetime(2031, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
Line = tuple[str, list[tuple[str, str]], str]  # name, parameters, value

# What it says -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Happening:
    """What a calendar says, whatever its spelling: times by the clocks of a zone, or days."""

    uid: str
    start: date
    length: timedelta
    zone: str = "Europe/Berlin"
    rule: tuple[str, ...] = ()
    left_out: tuple[date, ...] = ()
    further: tuple[date, ...] = ()
    changes: tuple[date, ...] = field(default=(), compare=False)  # moved to the day after, evenings

    @property
    def all_day(self) -> bool:
        return not isinstance(self.start, datetime)


@st.composite
def happenings(draw: st.DrawFn, number: int) -> Happening:
    """One event, far from the nights in which clocks change by more than its length."""
    day = date(2030, 1, 7) + draw(st.integers(0, 60)) * DAY
    weeks = [day + n * 7 * DAY for n in range(1, 7)]
    rule: tuple[str, ...] = ()
    left_out: tuple[date, ...] = ()
    changes: tuple[date, ...] = ()
    if draw(st.booleans()):
        rule = ("FREQ=WEEKLY", "COUNT=7")
        left_out = tuple(draw(st.lists(st.sampled_from(weeks), max_size=3, unique=True)))
        rest = [one for one in weeks if one not in left_out]
        changes = tuple(draw(st.lists(st.sampled_from(rest), max_size=2, unique=True)))
    further = tuple(day + n * DAY for n in draw(st.lists(st.integers(100, 250), max_size=2)))
    if draw(st.integers(0, 2)) == 0:
        return Happening(
            f"{number}@x", day, draw(st.integers(1, 3)) * DAY, "", rule, left_out, further, changes
        )
    clock = time(draw(st.integers(6, 18)), draw(st.sampled_from([0, 15, 30])))

    def at(of: date) -> datetime:
        return datetime.combine(of, clock)

    return Happening(
        f"{number}@x",
        at(day),
        timedelta(minutes=draw(st.sampled_from([1, 30, 60, 90, 240]))),
        draw(
            st.sampled_from(["Europe/Berlin", "America/New_York", "America/Argentina/Buenos_Aires"])
        ),
        rule,
        tuple(map(at, left_out)),
        tuple(map(at, further)),
        tuple(map(at, changes)),
    )


def right(happening: Happening, home: str) -> list[tuple[datetime, datetime]]:
    """Its busy times, by addition alone."""
    count = 7 if happening.rule else 1
    starts = [happening.start + n * 7 * DAY for n in range(count)]
    starts = [one for one in starts if one not in {*happening.left_out, *happening.changes}]
    starts += [*happening.further, *(one + DAY for one in happening.changes)]

    def instant(at: date) -> datetime:
        if not isinstance(at, datetime):
            return datetime.combine(at, time(), ZoneInfo(home)).astimezone(UTC)
        return at.replace(tzinfo=ZoneInfo(happening.zone)).astimezone(UTC)

    if happening.all_day:
        return [(instant(one), instant(one + happening.length)) for one in starts]
    return [(instant(one), instant(one) + happening.length) for one in starts]


# How it is written --------------------------------------------------------------------------------

ZONES: dict[str, list[str]] = {
    "Europe/Berlin": [
        "Europe/Berlin", '"Europe/Berlin"', "europe/berlin", "W. Europe Standard Time",
        '"W. Europe Standard Time"', "/freeassociation.sourceforge.net/Europe/Berlin",
        "/mozilla.org/20070129_1/Europe/Berlin", '"/citadel.org/20230314_1/Europe/Berlin"',
        '"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"',
        "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "CET", "Ours",
        '"Ours: of, course"', "Ours: of, course", "GMT", '"tzone://Microsoft/Custom"',
        "tzone://Microsoft/Custom", "Münchner Zeit", '"中欧"',
    ],
    "America/New_York": [
        "America/New_York", '"America/New York"', "US/Eastern", "Eastern Standard Time",
        "Eastern Time (US & Canada)", "(UTC-05:00) Eastern Time (US & Canada)", "EST", '"EST"',
        "EST5EDT", "/softwarestudio.org/Olson_20011030_5/America/New_York", "GMT-0500", "Ours",
    ],
    "America/Argentina/Buenos_Aires": [
        "America/Argentina/Buenos_Aires", "America/Buenos_Aires", "Argentina Standard Time",
        "/freeassociation.sourceforge.net/America/Argentina/Buenos_Aires",
        "/mozilla.org/20070129_1/America/Argentina/Buenos_Aires", "Etc/GMT+3", "GMT-0300", "-03:00",
        "(UTC-03:00) City of Buenos Aires",
    ],
}  # fmt: skip
RULES = {
    "Europe/Berlin": ("+0100", "+0200", "-1SU", "03", "10", "02", "03"),
    "America/New_York": ("-0500", "-0400", "2SU", "03", "11", "02", "02"),
}
FIRST_SUNDAYS = {  # when the rules begin
    "Europe/Berlin": {
        "1601": ("0325", "1028"), "1970": ("0329", "1025"), "2020": ("0329", "1025"),
    },
    "America/New_York": {
        "1601": ("0311", "1104"), "1970": ("0308", "1101"), "2020": ("0308", "1101"),
    },
}  # fmt: skip
DEFINED = {
    "Ours", "Ours: of, course", "GMT", "EST", "GMT-0500", "CET", "tzone://Microsoft/Custom",
    "Münchner Zeit", "中欧",
}  # fmt: skip
DRESS = [
    [
        "PRODID:-//Google Inc//Google Calendar 70.9054//EN",
        "METHOD:PUBLISH",
        "X-WR-CALNAME:a",
        "X-WR-TIMEZONE:Asia/Tokyo",
    ],
    [
        "PRODID:-//Apple Inc.//macOS 14.4//EN",
        "CALSCALE:GREGORIAN",
        "X-APPLE-CALENDAR-COLOR:#FF2968",
    ],
    ["PRODID:Microsoft Exchange Server 2010", "METHOD:PUBLISH", "X-WR-CALNAME;VALUE=TEXT:Kalender"],
    ["PRODID:Zimbra-Calendar-Provider", "METHOD:PUBLISH"],
    ["PRODID:-//IDN nextcloud.com//Calendar app 4.6.7//EN", "REFRESH-INTERVAL;VALUE=DURATION:PT4H"],
    ["PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN", "VERSION:2.0"],
]
ORNAMENTS = [
    "SUMMARY:a \N{SNOWMAN}: \\, ; BEGIN:VEVENT", "SUMMARY;LANGUAGE=de:Grüße", "CLASS:PRIVATE",
    "DESCRIPTION:one\\ntwo\\n\\n", "DESCRIPTION;ALTREP=\"cid:a;b:c,d\":x", "LOCATION:Büro",
    'ATTENDEE;CN="Doe, Jane: x";PARTSTAT=DECLINED;RSVP=TRUE:mailto:jane@x.example',
    "ORGANIZER;CN=J. Doe:MAILTO:j@x.example", "X-MICROSOFT-CDO-BUSYSTATUS:BUSY", "TRANSP:OPAQUE",
    "X-MICROSOFT-CDO-ALLDAYEVENT:FALSE", "STATUS:CONFIRMED", "PRIORITY:5", "SEQUENCE:0",
    "CREATED:20260101T000000Z", "X-ALT-DESC;FMTTYPE=text/html:<html>a</html>",
    "GEO:1;2", "ATTACH;ENCODING=BASE64;VALUE=BINARY:QUJD", "CATEGORIES:a,b", "X-MOZ-GENERATION:3",
    "DTSTAMP:20260101T000000Z", "LAST-MODIFIED:20260101T000000Z", "COMMENT:" + "long " * 40,
    "BEGIN:VALARM\nDTSTART:nonsense\nTRIGGER;RELATED=END:-PT15M\nDURATION:-PT5M\nACTION:DISPLAY\nEND:VALARM",
    "DESCRIPTION:line one\n* bullet line\n(second)\n\nBegin: 10 am\nStatus (new): open\nzwölf Uhr",
    "DESCRIPTION:see\nhttps://x.example/a?b=c\n=====\nDuration (hours): 2\n日本語",
]  # fmt: skip


class Writer:
    """Writes happenings as some program would, as drawn by hypothesis."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.zones: dict[str, str] = {}  # the spelling of each zone in this feed
        self.defined: dict[str, str] = {}
        self.clashing: set[str] = set()

    def one_of(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def maybe(self) -> bool:
        return self.draw(st.booleans())

    def calendar(self, found: list[Happening]) -> bytes:
        components = [lines for one in found for lines in self.events(one)]
        components += [self.definition(name, zone) for name, zone in self.defined.items()]
        if self.maybe():
            components.append(["BEGIN:VTODO", "DTSTART:nonsense", "END:VTODO"])
        components = self.draw(st.permutations(components))
        split = self.draw(st.integers(0, len(components))) if self.maybe() else 0
        lines = []
        for part in [components[:split], components[split:]] if split else [components]:
            dress = self.draw(st.sampled_from(DRESS))
            lines += ["BEGIN:VCALENDAR", "VERSION:2.0", *dress]
            lines += [line for component in part for line in component]
            lines.append("END:VCALENDAR")
        return self.text(lines)

    def text(self, lines: list[str]) -> bytes:
        newline = self.one_of("\r\n", "\r\n", "\n", "\r\r\n", "\r").encode()
        indent = self.one_of(" ", "\t").encode()
        width = self.draw(st.sampled_from([75, 75, 20, 7, 1000]))
        body = b"\xef\xbb\xbf" if self.maybe() else b""
        for line in lines:
            if (
                line in self._words()
            ):  # of a broken text: not folded, since its own line breaks are not
                body += line.encode() + newline
                continue
            octets = line.encode()
            pieces = [octets[at : at + width] for at in range(0, len(octets), width)] or [b""]
            body += (newline + indent).join(pieces) + newline
        return body + self.draw(st.sampled_from([b"", newline, newline * 3]))

    @staticmethod
    def _words() -> set[str]:
        return {line for ornament in ORNAMENTS for line in ornament.split("\n")[1:]}

    def events(self, one: Happening) -> list[list[str]]:
        written = [
            self.component(
                one,
                [
                    ("UID", [], one.uid),
                    self.when("DTSTART", one, one.start),
                    *self.end(one, one.start),
                    *([self.rule(one)] if one.rule else []),
                    *self.exceptions(one),
                    *self.lists("RDATE", one, one.further),
                ],
            )
        ]
        for changed in one.changes:
            written.append(
                self.component(
                    one,
                    [
                        ("UID", [], one.uid),
                        self.when("RECURRENCE-ID", one, changed),
                        self.when("DTSTART", one, changed + DAY),
                        *self.end(one, changed + DAY),
                    ],
                )
            )
        return written

    def component(self, one: Happening, lines: list[Line]) -> list[str]:
        written = [self.line(*line) for line in lines]
        for ornament in self.draw(st.lists(st.sampled_from(ORNAMENTS), max_size=4, unique=True)):
            single = ornament.split("\n")
            name = single[0].split(":")[0].split(";")[0]
            if not any(other.split(":")[0].split(";")[0] == name for other in written):
                written.append(ornament)
        script = self.one_of(*SCRIPTS)
        written.append(f"X-WORDS:{word(script)}")
        ordered = self.draw(st.permutations(written))
        name = self.case("VEVENT")
        inner = [line for ornament in ordered for line in ornament.split("\n")]
        return [f"{self.case('BEGIN')}:{name}", *inner, f"{self.case('END')}:{self.case('VEVENT')}"]

    def case(self, name: str) -> str:
        return self.one_of(name, name, name.lower(), name.title())

    def line(self, name: str, parameters: list[tuple[str, str]], value: str) -> str:
        if name != "UID" and self.maybe():
            odd = self.one_of("a", '"a;b:c,d"', '"x",y', "")
            parameters = [*parameters, ("X-" + self.one_of(*string.ascii_uppercase), odd)]
        parameters = self.draw(st.permutations(parameters))
        text = "".join(f";{self.case(key)}={given}" for key, given in parameters)
        return f"{self.case(name)}{text}:{value}{self.one_of('', '', ' ')}"

    def when(self, name: str, one: Happening, *values: date) -> Line:
        if one.all_day:
            given = [f"{value:%Y%m%d}" for value in values]
            marked = name in {"RDATE", "EXDATE"} or self.maybe()
            parameters = [("VALUE", self.case("DATE"))] if marked else []
            return name, parameters, self.joined(name, given)
        marked = [("VALUE", self.case("DATE-TIME"))] if self.maybe() else []
        # a series that has its own clocks keeps them, so only other times than starts may be in UTC
        if name not in {"DTSTART"} and self.maybe():
            zone = ZoneInfo(one.zone)
            utc = [value.replace(tzinfo=zone).astimezone(UTC) for value in values]  # type: ignore[arg-type,call-arg]
            given = [
                f"{value:%Y%m%d}{self.one_of('T', 't')}{value:%H%M%S}{self.one_of('Z', 'z')}"
                for value in utc
            ]
            return name, marked, self.joined(name, given)
        given = [f"{value:%Y%m%d}{self.one_of('T', 'T', 't')}{value:%H%M%S}" for value in values]
        return name, [*marked, ("TZID", self.zone(one.zone))], self.joined(name, given)

    def joined(self, name: str, given: list[str]) -> str:
        if name not in {"RDATE", "EXDATE"}:
            return given[0]
        between = self.one_of(",", ",", ",,", ", ")
        return self.one_of("", "", ",") + between.join(given) + self.one_of("", "", ",", ",,")

    def zone(self, name: str) -> str:
        if name not in self.zones or self.maybe():
            chosen = self.one_of(*ZONES[name])
            plain = chosen.strip('"')
            if plain in DEFINED and self.defined.get(plain, name) != name:
                chosen = plain = ZONES[name][0]  # the feed means something else by that name
            if plain in DEFINED:
                self.defined[plain] = name
            self.zones[name] = chosen
        return self.zones[name]

    def definition(self, name: str, zone: str) -> list[str]:
        winter, summer, which, spring, autumn, forward, back = RULES[zone]
        autumn_day = "1SU" if zone == "America/New_York" else which
        year = self.one_of("1970", "1601", "2020")
        sundays = FIRST_SUNDAYS[zone][year]
        trailing = self.one_of("", "", ";")
        standard = [
            "BEGIN:STANDARD", f"DTSTART:{year}{sundays[1]}T{back}0000",
            f"RRULE:FREQ=YEARLY;BYMONTH={autumn};BYDAY={autumn_day}{trailing}",
            f"TZOFFSETFROM:{summer}", f"TZOFFSETTO:{winter}", "TZNAME:X", "END:STANDARD",
        ]  # fmt: skip
        daylight = [
            "BEGIN:DAYLIGHT", f"DTSTART:{year}{sundays[0]}T{forward}0000",
            f"RRULE:BYDAY={which};FREQ=YEARLY;INTERVAL=1;BYMONTH={int(spring)}{trailing}",
            f"TZOFFSETFROM:{winter}", f"TZOFFSETTO:{summer}", "END:DAYLIGHT",
        ]  # fmt: skip
        parts = [*standard, *daylight] if self.maybe() else [*daylight, *standard]
        text = name.replace(",", "\\,") if self.maybe() else name
        return [
            "BEGIN:VTIMEZONE",
            f"TZID:{text}",
            "X-LIC-LOCATION:Nowhere",
            *parts,
            "END:VTIMEZONE",
        ]

    def end(self, one: Happening, start: date) -> list[Line]:
        if self.maybe():
            return [self.when("DTEND", one, start + one.length)]
        return [("DURATION", [], self.duration(one))]

    def duration(self, one: Happening) -> str:
        minutes = one.length // timedelta(minutes=1)
        if one.all_day:
            days = minutes // 1440
            return self.one_of(
                f"P{days}D", f"p{days}d", f"PT{days * 24}H", f"P{days}DT0H0M0S", f"+P{days}D"
            )
        hours, rest = divmod(minutes, 60)
        return self.one_of(
            f"PT{minutes}M", f"PT{minutes * 60}S", f"PT{hours}H{rest}M", f"P0DT{hours}H{rest}M0S",
            f"pt{minutes}m",
        )  # fmt: skip

    def rule(self, one: Happening) -> Line:
        days = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
        parts = list(one.rule)
        parts += self.draw(
            st.lists(
                st.sampled_from(
                    ["INTERVAL=1", f"BYDAY={days[one.start.weekday()]}", "WKST=MO", "WKST=SU"]
                ),
                max_size=3,
                unique_by=lambda part: part.split("=")[0],
            )
        )
        ordered = self.draw(st.permutations(parts))
        text = self.one_of(";", ";", "; ").join(ordered) + self.one_of("", "", ";", ";;")
        return "RRULE", [], self.one_of(text, text, text.lower())

    def exceptions(self, one: Happening) -> list[Line]:
        """Left out as times or as days, as the series is."""
        if not one.left_out or self.maybe():
            return self.lists("EXDATE", one, one.left_out)
        if not one.all_day:
            given = [f"{value:%Y%m%d}" for value in one.left_out]
            return [("EXDATE", [("VALUE", self.case("DATE"))], self.joined("EXDATE", given))]
        given = [f"{value:%Y%m%d}T000000" + self.one_of("", "Z") for value in one.left_out]
        return [("EXDATE", [], self.joined("EXDATE", given))]

    def lists(self, name: str, one: Happening, values: tuple[date, ...]) -> list[Line]:
        if not values:
            return []
        if self.maybe():
            return [self.when(name, one, value) for value in values]
        return [self.when(name, one, *values)]


@st.composite
def feeds(draw: st.DrawFn) -> tuple[list[Happening], bytes]:
    found = [draw(happenings(number)) for number in range(draw(st.integers(1, 3)))]
    return found, Writer(draw).calendar(found)


def united(spans: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    joined: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


@settings(max_examples=300, deadline=None)
@given(feed=feeds(), home=st.sampled_from(["Europe/Berlin", "America/Chicago", "Asia/Tokyo"]))
def test_every_spelling_means_the_same(feed: tuple[list[Happening], bytes], home: str) -> None:
    """The busy times are the intended ones, to the second, whatever program wrote them.

    Cases: E-9.3
    """
    found, body = feed
    spans = united([span for one in found for span in right(one, home)])

    assert events.busy(body, home, SINCE, UNTIL) == [
        (max(begin, SINCE), min(end, UNTIL)) for begin, end in spans
    ]
