"""From a feed's events to the times in which somebody is busy.

Cancelled and transparent events take no time, nor do those of no length. All-day events and times
without a zone are in the zone of the resource. Where the two ways to read an event's length differ,
over a night in which clocks change, the longer one counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import takewhile

from holdfast.calendars import lines, recurrence, values, zones
from holdfast.calendars.lines import Component, Property
from holdfast.calendars.recurrence import Budget
from holdfast.calendars.unreadable import Unreadable
from holdfast.calendars.zones import Zone, Zones

Span = tuple[datetime, datetime]  # [from, to) in UTC

_STEPS = 400_000  # about a second of work
_MAX_SPANS = 20_000
_SLACK = timedelta(days=2)  # more than any local time is away from UTC


@dataclass(frozen=True, slots=True)
class _Start:
    """A local time and its zone."""

    local: datetime
    zone: Zone
    all_day: bool = False

    @property
    def instant(self) -> datetime:
        return self.zone(self.local)


@dataclass(frozen=True, slots=True)
class _Length:
    """How long an event is: by the clock on the wall, and exactly."""

    nominal: timedelta
    exact: timedelta
    added: bool  # exact comes on top of nominal (DURATION); else each is all of it (DTEND)

    def end(self, start: _Start) -> datetime:
        local = start.local + self.nominal
        if start.all_day:  # a midnight that comes twice ends the day the second time
            return start.zone(local.replace(fold=1))
        if self.added:
            return start.zone(local) + self.exact
        return max(start.zone(local), start.instant + self.exact)


def busy(body: bytes, timezone: str, since: datetime, until: datetime) -> list[Span]:
    """The busy times of a feed within [since, until): ascending, apart from each other.

    Args:
        body: the feed as sent.
        timezone: the resource's, for what has no zone of its own.

    Raises:
        Unreadable: it is malformed, or more than anybody has to do.
    """
    try:
        return _merged(_Reader(body, timezone, since, until).spans(), since, until)
    except OverflowError:
        raise Unreadable("a time in it is out of range") from None


class _Reader:
    def __init__(self, body: bytes, timezone: str, since: datetime, until: datetime) -> None:
        self._parts = lines.components(body)
        self._budget = Budget(_STEPS)
        self._since = since.astimezone(UTC).replace(tzinfo=None) - _SLACK
        self._until = until.astimezone(UTC).replace(tzinfo=None) + _SLACK
        default = zones.named(timezone)
        if default is None:
            raise Unreadable("the resource's time zone is not known")
        self._zones = Zones(self._parts, default, self._since, self._until, self._budget)

    def spans(self) -> Iterator[Span]:
        """All busy times, in no order; some may lie outside the window."""
        changed: dict[tuple[str, datetime], tuple[int, Component]] = {}
        masters = []
        for part in self._parts:
            if part.name == "VFREEBUSY":
                yield from self._periods(part)
            elif part.name == "VEVENT":
                instance = part.one("RECURRENCE-ID")
                if instance is None:
                    masters.append(part)
                    continue
                if instance.parameters.get("RANGE"):
                    raise Unreadable("it changes a series from one event on, by RANGE")
                key = (_text(part, "UID"), self._start(instance).instant)
                latest = (_sequence(part), part)
                if key not in changed or changed[key][0] <= latest[0]:
                    changed[key] = latest
        for _, part in changed.values():
            yield from self._spans(part, {})
        for part in masters:
            yield from self._spans(part, changed)

    def _spans(
        self, event: Component, changed: dict[tuple[str, datetime], tuple[int, Component]]
    ) -> Iterator[Span]:
        first = event.one("DTSTART")
        if first is None or not _takes_time(event):
            return
        start = self._start(first)
        length = self._length(event, start)
        repeats = any(p.name in {"RRULE", "RDATE"} for p in event.properties)
        if not repeats:
            starts: Iterator[_Start] = iter([start])
        else:
            starts = self._starts(event, start, length)
        left_out = {found.instant for p in event.all("EXDATE") for found in self._listed(p)}
        uid = _text(event, "UID")
        for found in starts:
            begin = found.instant
            if begin in left_out or (uid, begin) in changed:
                continue
            yield begin, length.end(found)
        for entry in event.all("RDATE"):
            if entry.parameters.get("VALUE", "").upper() == "PERIOD":
                zone = self._zone_of(entry)
                for text in entry.value.split(","):
                    span = _period(text, zone)
                    if span[0] not in left_out and (uid, span[0]) not in changed:
                        yield span

    def _starts(self, event: Component, start: _Start, length: _Length) -> Iterator[_Start]:
        after = self._since - max(length.nominal, length.exact) - abs(length.exact)
        local = {start.local}
        yield start
        for text in event.all("RRULE"):
            rule = recurrence.parse(text.value)
            for found in takewhile(
                lambda at, rule=rule: _within(rule, at, start.zone),  # type: ignore[misc]
                recurrence.starts(rule, start.local, after, self._until, self._budget),
            ):
                if found not in local:
                    local.add(found)
                    yield _Start(found, start.zone, start.all_day)
        for entry in event.all("RDATE"):
            if entry.parameters.get("VALUE", "").upper() != "PERIOD":
                self._budget.spend(entry.value.count(",") + 1)
                yield from self._listed(entry)

    def _start(self, entry: Property) -> _Start:
        return self._read(entry, entry.value)

    def _listed(self, entry: Property) -> list[_Start]:
        return [self._read(entry, text) for text in entry.value.split(",")]

    def _read(self, entry: Property, text: str) -> _Start:
        if entry.parameters.get("VALUE", "").upper() == "DATE" or "T" not in text:
            midnight = datetime.combine(values.day(text), time())
            return _Start(midnight, self._zones.default, all_day=True)
        zone = zones.utc if text.endswith("Z") else self._zone_of(entry)
        return _Start(values.local_time(text), zone)

    def _zone_of(self, entry: Property) -> Zone:
        return self._zones.zone(entry.parameters.get("TZID"))

    def _length(self, event: Component, start: _Start) -> _Length:
        end, lasting = event.one("DTEND"), event.one("DURATION")
        if end is not None:
            finish = self._start(end)
            if finish.all_day != start.all_day:
                raise Unreadable("an event in it has a date at one end and a time at the other")
            exact = finish.instant - start.instant
            same = finish.zone is start.zone
            return _Length(finish.local - start.local if same else exact, exact, added=False)
        if lasting is not None:
            return _Length(*values.duration(lasting.value), added=True)
        return _Length(timedelta(days=int(start.all_day)), timedelta(), added=True)

    def _periods(self, part: Component) -> Iterator[Span]:
        for entry in part.all("FREEBUSY"):
            if entry.parameters.get("FBTYPE", "BUSY").upper() != "FREE":
                for text in entry.value.split(","):
                    yield _period(text, self._zone_of(entry))


def _within(rule: recurrence.Rule, local: datetime, zone: Zone) -> bool:
    if rule.until is None:
        return True
    return (local if rule.until.tzinfo is None else zone(local)) <= rule.until


def _takes_time(event: Component) -> bool:
    return (
        _text(event, "STATUS").upper() != "CANCELLED"
        and _text(event, "TRANSP").upper() != "TRANSPARENT"
    )


def _text(part: Component, name: str) -> str:
    found = part.one(name)
    return "" if found is None else found.value


def _sequence(part: Component) -> int:
    text = _text(part, "SEQUENCE")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def _period(text: str, zone: Zone) -> Span:
    begin, slash, end = text.partition("/")
    if not slash:
        raise Unreadable("a period in it is malformed")
    start = (zones.utc if begin.endswith("Z") else zone)(values.local_time(begin))
    if "P" in end:
        return start, start + sum(values.duration(end), timedelta())
    return start, (zones.utc if end.endswith("Z") else zone)(values.local_time(end))


def _merged(spans: Iterator[Span], since: datetime, until: datetime) -> list[Span]:
    clipped = sorted(
        (max(begin, since), min(end, until))
        for begin, end in spans
        if begin < end and begin < until and end > since
    )
    merged: list[Span] = []
    for begin, end in clipped:
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    if len(merged) > _MAX_SPANS:
        raise Unreadable("it has too many events")
    return merged
