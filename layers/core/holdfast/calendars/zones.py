"""From local times to instants: zones by IANA name, by Windows' name, or as a feed defines them.

A local time that a spring gap leaves out counts by the offset before it, one that an autumn overlap
has twice is the first of the two (RFC 5545, section 3.3.5), unless its `fold` says otherwise.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from holdfast.calendars import recurrence, values, windows_zones
from holdfast.calendars.lines import Component
from holdfast.calendars.recurrence import Budget
from holdfast.calendars.unreadable import Unreadable

Zone = Callable[[datetime], datetime]  # from a local time without zone to the instant in UTC

_IANA_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}")
_CHANGES_WITHIN = timedelta(days=800)  # whose clocks change do so every year
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)(\d\d)?")


def utc(local: datetime) -> datetime:
    """The zone of times that end in Z."""
    return local.replace(tzinfo=UTC)


def named(name: str) -> Zone | None:
    """The zone of that IANA or Windows name, or None."""
    # also "/freeassociation.sourceforge.net/Europe/Berlin" and the like
    tail = "/".join(name.rsplit("/", 2)[-2:]) if name.startswith("/") else name
    for candidate in (windows_zones.IANA.get(name, name), tail):
        if _IANA_NAME.fullmatch(candidate):
            try:
                return partial(_instant, ZoneInfo(candidate))
            except (ZoneInfoNotFoundError, ValueError, OSError):
                continue
    return None


def _instant(zone: ZoneInfo, local: datetime) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)


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
        self._definitions = {
            name.value: part
            for part in parts
            if part.name == "VTIMEZONE" and (name := part.one("TZID"))
        }
        self._known: dict[str, Zone] = {}

    def zone(self, name: str | None) -> Zone:
        """The zone that a TZID stands for.

        Raises:
            Unreadable: nobody knows it.
        """
        if name is None:
            return self.default
        if name not in self._known:
            zone = named(name)
            if zone is None and name in self._definitions:
                zone = _defined(self._definitions[name], self._since, self._until, self._budget)
            if zone is None:
                raise Unreadable("it names a time zone that does not exist")
            self._known[name] = zone
        return self._known[name]


def _defined(definition: Component, since: datetime, until: datetime, budget: Budget) -> Zone:
    """A zone from its STANDARD and DAYLIGHT parts."""
    changes: list[tuple[datetime, timedelta, timedelta]] = []  # local time before, offsets
    for part in definition.parts:
        if part.name not in {"STANDARD", "DAYLIGHT"}:
            continue
        start, before, after = part.one("DTSTART"), part.one("TZOFFSETFROM"), part.one("TZOFFSETTO")
        if start is None or before is None or after is None:
            raise Unreadable("it defines a time zone that is not complete")
        onset = values.local_time(start.value)
        rules = [recurrence.parse(rule.value) for rule in part.all("RRULE")]
        onsets = {
            onset,
            *(values.local_time(v) for p in part.all("RDATE") for v in p.value.split(",")),
        }
        offsets = (_offset(before.value), _offset(after.value))
        for rule in rules:
            limit = until if rule.until is None else min(until, _until(rule, offsets[0]))
            onsets |= set(recurrence.starts(rule, onset, since, limit, budget))
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


def _until(rule: recurrence.Rule, offset: timedelta) -> datetime:
    assert rule.until is not None
    if rule.until.tzinfo is None:
        return rule.until
    return rule.until.replace(tzinfo=None) + offset


def _offset(text: str) -> timedelta:
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise Unreadable("it defines a time zone with a malformed offset")
    size = timedelta(hours=int(match[2]), minutes=int(match[3]), seconds=int(match[4] or 0))
    if size >= timedelta(days=1):
        raise Unreadable("it defines a time zone with a malformed offset")
    return -size if match[1] == "-" else size
