"""From a feed's events to the times at which its owner is busy.

Cancelled and transparent events take no time, nor do those of no length. All-day events and times
without a zone are in the zone of the resource. Where the two ways to read an event's length differ,
over a night in which clocks change, the longer one counts. An all-day event takes whole days and at
least one; an event that ends before it begins is refused.

Programs mix dates and times in the parts of a series. A time without a zone is by the clocks of the
series. A date in a series with times means that day by the clocks of the series. A time in a series
of whole days means the day that begins at that instant, or else the written day. An end of a series
(UNTIL) that can be read in two ways is the later one: a time that is offered in error is booked
twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
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
_DAY = timedelta(days=1)
_NO_TIME = timedelta()


@dataclass(frozen=True)
class _Start:
    """A local time and its zone; of a whole day, its first midnight."""

    local: datetime
    zone: Zone
    all_day: bool = False
    floating: bool = False  # no zone was given: by the clocks of what it belongs to

    @cached_property
    def instant(self) -> datetime:
        return self.zone(self.local)


@dataclass(frozen=True, slots=True)
class _Length:
    """How long an event is, in all the ways in which it says so.

    Attributes:
        lasting: what DURATION adds by local clocks, and exactly.
        until: what DTEND adds by local clocks, from which zone to which, and exactly.
    """

    lasting: tuple[timedelta, timedelta] | None = None
    until: tuple[timedelta, Zone, Zone, timedelta] | None = None

    @property
    def longest(self) -> timedelta:
        known = [self.lasting[0] + self.lasting[1]] if self.lasting else []
        known += [self.until[0], self.until[3]] if self.until else []
        return max(known, default=_NO_TIME)

    def end(self, start: _Start) -> datetime:
        if start.all_day:
            whole = max(-(-self.longest // _DAY), 1) * _DAY
            return _last(start.zone, start.local + whole)
        begin = start.instant
        if not self.until and not self.lasting:
            return begin
        ends = [begin]
        if self.lasting:
            days, rest = self.lasting
            ends.append((start.zone(start.local + days) if days else begin) + rest)
        if self.until:
            shift, begins, ends_in, exact = self.until
            ends.append(begin + exact)
            # a further time may be in another zone, and UTC has no local clocks
            if start.zone is begins and (ends_in is begins or zones.utc not in {begins, ends_in}):
                ends.append(ends_in(start.local + shift))
        if max(ends) == begin:  # it began in the hour that a spring night leaves out
            ends.append(begin + self.longest)
        return max(ends)


@dataclass(frozen=True, slots=True)
class _Moments:
    """Times of a series that are left out, or changed."""

    days: set[date] = field(default_factory=set)
    instants: set[datetime] = field(default_factory=set)

    def __contains__(self, at: _Start) -> bool:
        if self.days and at.local.date() in self.days:
            return True
        return bool(self.instants) and not at.all_day and at.instant in self.instants


def busy(body: bytes, timezone: str, since: datetime, until: datetime) -> list[Span]:
    """The busy times of a feed within [since, until): ascending, apart from each other.

    Args:
        body: the feed as sent.
        timezone: the resource's, for what has no zone of its own.

    Raises:
        Unreadable: it is malformed, or larger than any real calendar.
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
        self._changed: dict[str, list[_Start]] = defaultdict(list)  # by UID
        self._changed_moments: dict[tuple[str, bool], _Moments] = {}

    def spans(self) -> Iterator[Span]:
        """All busy times, in no order; some may lie outside the window."""
        changes: dict[tuple[str, bool, datetime], tuple[int, Component, _Start]] = {}
        series = []
        for part in self._parts:
            if part.name == "VFREEBUSY":
                yield from self._periods(part)
            elif part.name == "VEVENT":
                instance = part.one("RECURRENCE-ID")
                if instance is None:
                    series.append(part)
                    continue
                if instance.parameters.get("RANGE"):
                    raise Unreadable("it changes a series from one event on, by RANGE")
                of = self._read(instance, instance.value)
                # without a UID they have nothing in common
                key = (_uid(part) or f" {len(changes)}", of.all_day, of.instant)
                if key not in changes or changes[key][0] <= _sequence(part):
                    changes[key] = (_sequence(part), part, of)
        for (uid, _, _), (_, part, of) in changes.items():
            # one without a time leaves the series as it is, unless it removes the time
            if part.one("DTSTART") is not None or not _takes_time(part):
                self._changed[uid].append(of)
                yield from self._spans(part, [])
        for part in series:
            yield from self._spans(part, self._changed.get(_uid(part), []))

    def _spans(self, event: Component, changed: list[_Start]) -> Iterator[Span]:
        if not _takes_time(event):
            return
        first = event.one("DTSTART")
        if first is None:
            raise Unreadable("an event in it has no beginning")
        start = self._read(first, first.value)
        length = self._length(event, start)
        left_out = self._moments(
            (at for entry in event.all("EXDATE") for at in self._listed(entry)), start
        )
        if changed:
            key = (_uid(event), start.all_day)
            if key not in self._changed_moments:
                self._changed_moments[key] = self._moments(changed, start)
            replaced = self._changed_moments[key]
        else:
            replaced = _NONE
        for at in self._starts(event, start, length):
            if at not in left_out and at not in replaced:
                yield at.instant, length.end(at)
        for entry in event.all("RDATE"):
            for at, end in self._further(entry, start, length):
                if at not in left_out and at not in replaced:
                    yield at.instant, end

    def _starts(self, event: Component, start: _Start, length: _Length) -> Iterator[_Start]:
        """The start, and those that rules find."""
        after = self._since - max(length.longest, _DAY) - _DAY
        local = {start.local}
        yield start
        for text in event.all("RRULE"):
            rule = recurrence.parse(text.value)
            if start.all_day:
                rule = recurrence.of_whole_days(rule)
            candidates = (
                _Start(at, start.zone, start.all_day)
                for at in recurrence.starts(rule, start.local, after, self._until, self._budget)
            )
            within = takewhile(lambda at, rule=rule: self._within(rule, at), candidates)  # type: ignore[misc]
            for found in within:
                if found.local not in local:
                    local.add(found.local)
                    yield found

    def _within(self, rule: recurrence.Rule, at: _Start) -> bool:
        until = rule.until
        if until is None:
            return True
        written = until if not isinstance(until, datetime) else until.date()
        if at.all_day:
            return at.local.date() <= written or _is_after(until, at.instant)
        if _is_after(until, at.instant):
            return True
        if isinstance(until, datetime):
            if until.tzinfo is not None:
                return False
            local = until
        else:
            local = datetime.combine(until, time(23, 59, 59))
        # series in UTC have no clocks of their own: the resource's may be meant
        return at.local <= local or (
            at.zone is zones.utc and at.instant <= self._zones.default(local)
        )

    def _further(
        self, entry: Property, start: _Start, length: _Length
    ) -> Iterator[tuple[_Start, datetime]]:
        """What an RDATE adds: starts and their ends."""
        period = entry.parameters.get("VALUE", "").upper() == "PERIOD"
        for text in values.listed(entry.value):
            self._budget.spend()
            if period or "/" in text:
                begin, end = self._period(text, self._zone_of(entry))
                yield begin, end
                continue
            at = self._read(entry, text)
            if at.all_day == start.all_day:
                yield at, length.end(at)
                if at.floating and start.zone is not at.zone:
                    own = _Start(at.local, start.zone)
                    yield own, length.end(own)
                continue
            self._budget.spend(2)
            if at.all_day:  # of the series' clocks, its own time on that day and all of the day
                own = _Start(datetime.combine(at.local, start.local.time()), start.zone)
                yield own, length.end(own)
                whole = _Start(at.local, start.zone, all_day=True)
                yield whole, _last(start.zone, at.local + _DAY)
            else:
                for day in {self._day(at), self._day_around(at), at.local.date()}:
                    whole = self._whole(day)
                    yield whole, length.end(whole)

    def _moments(self, found: Iterable[_Start], start: _Start) -> _Moments:
        """Moments in the terms of a series that starts so."""
        moments = _Moments()
        for at in found:
            if at.all_day:
                moments.days.add(at.local.date())
            elif start.all_day:
                moments.days.add(self._day(at))
            else:
                moments.instants.add(start.zone(at.local) if at.floating else at.instant)
        return moments

    def _day(self, at: _Start) -> date:
        """The day that begins at this time by the resource's clocks, or else that is written."""
        written = at.local.date()
        if at.zone is zones.utc or at.local.time() != time():
            around = self._day_around(at)
            if self._whole(around).instant == at.instant:
                return around
        return written

    def _day_around(self, at: _Start) -> date:
        """The day of a time by the resource's clocks."""
        written, instant = at.local.date(), at.instant
        days = (written + _DAY, written)
        return next((d for d in days if self._whole(d).instant <= instant), written - _DAY)

    def _whole(self, day: date) -> _Start:
        return _Start(datetime.combine(day, time()), self._zones.default, all_day=True)

    def _listed(self, entry: Property) -> Iterator[_Start]:
        return (self._read(entry, text) for text in values.listed(entry.value))

    def _read(self, entry: Property, text: str) -> _Start:
        text = text.strip().upper()
        if "T" not in text:
            return self._whole(values.day(text))
        local = values.local_time(text)
        if entry.parameters.get("VALUE", "").upper() == "DATE":
            if local.time() != time():
                raise Unreadable("a date in it is malformed")
            return self._whole(local.date())
        if text.endswith("Z"):
            return _Start(local, zones.utc)
        return _Start(local, self._zone_of(entry), floating=not entry.parameters.get("TZID"))

    def _zone_of(self, entry: Property) -> Zone:
        return self._zones.zone(entry.parameters.get("TZID"))

    def _length(self, event: Component, start: _Start) -> _Length:
        end = event.one("DTEND")
        lasting = _lasting(event, needed=end is None)
        if end is None:
            return _Length(lasting)
        finish = self._read(end, end.value)
        if finish.all_day != start.all_day:
            raise Unreadable("an event in it has a date at one end and a time at the other")
        shift, exact = finish.local - start.local, finish.instant - start.instant
        if start.all_day:
            exact = shift
        elif finish.zone is not start.zone:
            pass
        elif shift < _NO_TIME:  # unless it is a repeated time, the second one
            exact = finish.zone(finish.local.replace(fold=1)) - start.instant
            shift = _NO_TIME
        else:  # by its own clocks it is right, even if it begins in the skipped hour
            exact = max(exact, _NO_TIME)
        if exact < _NO_TIME:
            raise Unreadable("an event in it ends before it begins")
        return _Length(lasting, (shift, start.zone, finish.zone, exact))

    def _periods(self, part: Component) -> Iterator[Span]:
        for entry in part.all("FREEBUSY"):
            if entry.parameters.get("FBTYPE", "BUSY").upper() != "FREE":
                for text in values.listed(entry.value):
                    begin, end = self._period(text, self._zone_of(entry))
                    yield begin.instant, end

    def _period(self, text: str, zone: Zone) -> tuple[_Start, datetime]:
        first, slash, last = text.partition("/")
        if not slash:
            raise Unreadable("a period in it is malformed")
        start = _Start(values.local_time(first), zones.utc if first.endswith("Z") else zone)
        if "P" in last:
            length = values.duration(last)
            if sum(length, _NO_TIME) < _NO_TIME:
                raise Unreadable("a period in it ends before it begins")
            return start, _Length(length).end(start)
        end = (zones.utc if last.endswith("Z") else zone)(values.local_time(last))
        if end < start.instant:
            raise Unreadable("a period in it ends before it begins")
        return start, end


_NONE = _Moments()


def _last(zone: Zone, midnight: datetime) -> datetime:
    """The end of a day: the later of two midnights, and the end of a skipped hour."""
    return max(zone(midnight), zone(midnight.replace(fold=1)))


def _is_after(until: date | datetime, instant: datetime) -> bool:
    """Whether a last instant is that one or later; local times and dates are none."""
    return isinstance(until, datetime) and until.tzinfo is not None and instant <= until


def _lasting(event: Component, *, needed: bool) -> tuple[timedelta, timedelta] | None:
    """The longest DURATION; an invalid one is ignored if others give the length."""
    known, failure = [], None
    for entry in event.all("DURATION"):
        try:
            known.append(values.duration(entry.value))
        except Unreadable as error:  # "Duration: an hour", in a text with line breaks
            failure = error
    if failure is not None and needed and not known:
        raise failure
    longest = max(known, key=lambda length: sum(length, _NO_TIME), default=None)
    if longest is not None and sum(longest, _NO_TIME) < _NO_TIME:
        raise Unreadable("an event in it ends before it begins")
    return longest


def _takes_time(event: Component) -> bool:
    return not (_only(event, "STATUS", "CANCELLED") or _only(event, "TRANSP", "TRANSPARENT"))


def _only(part: Component, name: str, value: str) -> bool:
    """Whether this is its only value; with two different ones the time stays busy."""
    return {found.value.upper() for found in part.all(name)} == {value}


def _uid(event: Component) -> str:
    return next((found.value for found in event.all("UID")), "")


def _sequence(part: Component) -> int:
    texts = (found.value for found in part.all("SEQUENCE"))
    return max((int(t) for t in texts if t.isascii() and t.isdigit() and len(t) < 12), default=0)


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
