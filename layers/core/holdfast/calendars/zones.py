"""From local times to instants: zones by name, or as a feed defines them.

A name is IANA's or one of Windows', perhaps behind a vendor's prefix. What a feed defines itself
counts before names of one fixed offset, since programs give those to zones whose clocks change; but
not before a place's name, whose rules are known better here.

A local time in a spring gap uses the offset before it, a repeated one in autumn is the first of the
two (RFC 5545, section 3.3.5), unless its `fold` says otherwise.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta, timezone
from functools import cache, partial
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from holdfast.calendars import recurrence, values, windows_zones
from holdfast.calendars.lines import Component
from holdfast.calendars.recurrence import Budget
from holdfast.calendars.unreadable import Unreadable

Zone = Callable[[datetime], datetime]  # from a local time without zone to the instant in UTC

_IANA_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}")
_OF_NO_PLACE = {"localtime", "posixrules", "Factory"}  # files beside the zones'
_CHANGES_WITHIN = timedelta(days=800)  # zones whose clocks change do so every year
_FOR_EVER = 9000  # years that stand for no end
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)(?::?(\d\d))?", re.ASCII)
_FROM_UTC = re.compile(r"(?:UTC|GMT)?([+-])(\d\d?)(?::?(\d\d))?", re.ASCII | re.IGNORECASE)
_UNITS = (timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1))
_MICROSOFT = "tzone://microsoft/"  # Utc, or Custom, which the feed defines
_PREFIXED = re.compile(r"/|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+/")
_TAILS = (3, 2, 1)  # America/Argentina/Buenos_Aires, Europe/Berlin, UTC


def utc(local: datetime) -> datetime:
    """The zone of times that end in Z."""
    return local.replace(tzinfo=UTC)


def named(name: str) -> Zone | None:
    """The zone of that name, IANA's, Windows' or with a prefix; or None."""
    found = _found(name)
    return None if found is None else found[0]


def _found(name: str) -> tuple[Zone, bool] | None:
    """A zone, and whether its name is a place's; others may be one fixed offset."""
    for candidate in _candidates(name):
        if zone := _zone_info(candidate):
            place = "/" in zone.key and not zone.key.startswith("Etc/")
            return partial(_instant, zone), place
    if (match := _FROM_UTC.fullmatch(name)) and (offset := _size(match)) is not None:
        return partial(_at_offset, timezone(offset)), False
    return None


def _candidates(name: str) -> Iterator[str]:
    """What may be IANA's name of it, likeliest first."""
    yield windows_zones.IANA.get(name, name)
    lower = name.casefold()
    if lower.startswith(_MICROSOFT):
        name = name[len(_MICROSOFT) :]
        yield windows_zones.iana(name) or name
    elif _PREFIXED.match(name):
        # "/freeassociation.sourceforge.net/Europe/Berlin", "/mozilla.org/20070129_1/Europe/Berlin"
        parts = name.strip("/").split("/")
        for length in _TAILS:
            if length <= len(parts):
                tail = "/".join(parts[-length:])
                yield windows_zones.iana(tail) or tail
    elif found := windows_zones.iana(name):
        yield found


def _zone_info(name: str) -> ZoneInfo | None:
    """The zone of that IANA name, with any case or spaces."""
    if not _IANA_NAME.fullmatch(name := name.replace(" ", "_")) or name in _OF_NO_PLACE:
        return None
    with suppress(ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(name)
    spelling = _iana_names().get(name.casefold())
    return None if spelling is None else ZoneInfo(spelling)


@cache
def _iana_names() -> dict[str, str]:
    names = resources.files("tzdata").joinpath("zones").read_text("ascii").split()
    return {name.casefold(): name for name in names}


def _instant(zone: ZoneInfo, local: datetime) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)


def _at_offset(offset: timezone, local: datetime) -> datetime:
    return local.replace(tzinfo=offset).astimezone(UTC)


class Zones:
    """The zones of one feed.

    Args:
        parts: the feed's components; those named VTIMEZONE define zones.
        default: the zone of times that name none.
        since, until: local times outside are not asked for.
    """

    def __init__(
        self,
        parts: Iterable[Component],
        default: Zone,
        since: datetime,
        until: datetime,
        budget: Budget,
    ) -> None:
        self.default = default
        self._since = since - _CHANGES_WITHIN
        self._until = until
        self._budget = budget
        self._definitions: dict[str, list[Component]] = defaultdict(list)
        for part in parts:
            if part.name == "VTIMEZONE" and (name := part.one("TZID")):
                known = self._definitions[_plain(name.value)]
                if part not in known:
                    known.append(part)
        self._known: dict[str, Zone] = {}

    def zone(self, name: str | None) -> Zone:
        """The zone that a TZID stands for.

        Raises:
            Unreadable: it is unknown.
        """
        if not name:
            return self.default
        if name not in self._known:
            self._known[name] = self._zone(_plain(name))
        return self._known[name]

    def _zone(self, name: str) -> Zone:
        found = _found(name)
        definitions = self._definitions.get(name, [])
        if found is not None and (found[1] or not definitions):
            return found[0]
        if not definitions:
            raise Unreadable("it names a time zone that does not exist")
        if len(definitions) > 1:
            raise Unreadable("it defines a time zone in two different ways")
        try:
            return _defined(definitions[0], self._since, self._until, self._budget)
        except Unreadable:
            if found is None:
                raise
            return found[0]  # an empty definition, beside a well-known name


def _plain(name: str) -> str:
    """A zone's name without what text is written with (section 3.3.11)."""
    return re.sub(r"\\(.)", r"\1", name).strip('" ')


def _defined(definition: Component, since: datetime, until: datetime, budget: Budget) -> Zone:
    """A zone from its STANDARD and DAYLIGHT parts."""
    changes: list[tuple[datetime, timedelta, timedelta]] = []  # local time before, offsets
    for part in definition.parts:
        if part.name not in {"STANDARD", "DAYLIGHT"}:
            continue
        start, before, after = part.one("DTSTART"), part.one("TZOFFSETFROM"), part.one("TZOFFSETTO")
        if start is None or before is None or after is None:
            raise Unreadable("it defines a time zone that is not complete")
        onset = _onset(start.value)
        rules = [recurrence.parse(rule.value) for rule in part.all("RRULE")]
        onsets = {
            onset,
            *(_onset(v) for p in part.all("RDATE") for v in values.listed(p.value)),
        }
        offsets = (_offset(before.value), _offset(after.value))
        for rule in rules:
            limit = min(until, _until(rule, offsets[0]) or until)
            # of rules that have ended, the last change holds to this day
            begin = max(limit - _CHANGES_WITHIN, onset) if limit > onset else onset
            onsets |= set(recurrence.starts(rule, onset, min(since, begin), limit, budget))
        changes += [(at, *offsets) for at in onsets]
    if not changes:
        raise Unreadable("it defines a time zone that is not complete")
    changes.sort()
    # the new offset holds from the first local time on that only it has
    firsts = [at + max(after - before, timedelta()) for at, before, after in changes]

    def instant(local: datetime) -> datetime:
        position = bisect_right(firsts, local.replace(fold=0))
        offset = changes[position - 1][2] if position else changes[0][1]
        return local.replace(tzinfo=timezone(offset)).astimezone(UTC)

    return instant


def _onset(text: str) -> datetime:
    local = values.local_time(text) if "T" in text.upper() else values.day(text)
    return local if isinstance(local, datetime) else datetime.combine(local, time())


def _until(rule: recurrence.Rule, offset: timedelta) -> datetime | None:
    """The first second after a rule's last onset, as the clocks before it show it."""
    until = rule.until
    if until is None or until.year >= _FOR_EVER:
        return None
    if not isinstance(until, datetime):
        return datetime.combine(until, time()) + timedelta(days=1)
    local = until if until.tzinfo is None else until.replace(tzinfo=None) + offset
    return local + timedelta(seconds=1)


def _offset(text: str) -> timedelta:
    match = _OFFSET.fullmatch(text.strip())
    if match is None or (size := _size(match)) is None:
        raise Unreadable("it defines a time zone with a malformed offset")
    return size


def _size(match: re.Match[str]) -> timedelta | None:
    """The offset of sign, hours, minutes, seconds; None from a day on."""
    numbers = [int(number or 0) for number in match.groups()[1:]]
    size = sum((n * u for n, u in zip(numbers, _UNITS, strict=False)), timedelta())
    if size >= timedelta(days=1):
        return None
    return -size if match[1] == "-" else size
