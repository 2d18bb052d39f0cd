"""The text of a feed: folded lines into components with properties (RFC 5545, section 3.1).

Only what says when somebody is busy is kept; alarms, tasks, descriptions are passed over.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from holdfast.calendars.unreadable import Unreadable

MAX_COMPONENTS = 10_000  # events, busy lists, zones and all else
_MAX_PROPERTIES = 200_000
_MAX_DEPTH = 4

_BREAK = re.compile(r"\r?\n|\r")
_FOLD = re.compile(r"\r?\n[ \t]")
_NAME = re.compile(r"[A-Za-z0-9-]+")
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=("[^"]*"|[^";:,]*)((?:,(?:"[^"]*"|[^";:,]*))*)')

_KEPT = {
    "VEVENT": {
        *("UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE"),
        *("RECURRENCE-ID", "STATUS", "TRANSP", "SEQUENCE"),
    },
    "VFREEBUSY": {"FREEBUSY"},
    "VTIMEZONE": {"TZID"},
    "STANDARD": {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE"},
}
_KEPT["DAYLIGHT"] = _KEPT["STANDARD"]


@dataclass(frozen=True, slots=True)
class Property:
    """One line: its value as written, and its parameters by upper-case name."""

    name: str
    value: str
    parameters: Mapping[str, str]


@dataclass(slots=True)
class Component:
    """What stands between BEGIN and END."""

    name: str
    properties: list[Property] = field(default_factory=list)
    parts: list["Component"] = field(default_factory=list)

    def all(self, name: str) -> Iterator[Property]:
        """The properties of that name, in order."""
        return (found for found in self.properties if found.name == name)

    def one(self, name: str) -> Property | None:
        """The property of that name, which may stand here once.

        Raises:
            Unreadable: there are two, and they differ.
        """
        found = list(self.all(name))
        if any(other != found[0] for other in found[1:]):
            raise Unreadable(f"something in it has two different {name}")
        return found[0] if found else None


def components(body: bytes) -> list[Component]:
    """The events, busy lists and zones of a feed.

    Raises:
        Unreadable: it is no whole calendar, or too large.
    """
    text = _FOLD.sub("", body.decode("utf-8-sig", errors="replace"))
    tree = _Tree()
    for line in _BREAK.split(text):
        name = _NAME.match(line)
        if name is not None:
            tree.take(name[0].upper(), line, name.end())
        elif line.strip():
            raise _malformed()
    return tree.found()


class _Tree:
    """Components as they are read, line by line."""

    def __init__(self) -> None:
        self._path: list[Component] = []
        self._found: list[Component] = []
        self._calendars = 0
        self._properties = 0

    def take(self, word: str, line: str, position: int) -> None:
        """Take one line, whose first word ends at that position."""
        if word == "BEGIN":
            self._begin(Component(line[position + 1 :].strip().upper()))
        elif not self._path:
            raise _malformed()
        elif word == "END":
            if self._path.pop().name != line[position + 1 :].strip().upper():
                raise _malformed()
            self._calendars += not self._path
        elif word in _KEPT.get(self._path[-1].name, ()):
            self._properties += 1
            if self._properties > _MAX_PROPERTIES:
                raise Unreadable("it is too long")
            self._path[-1].properties.append(_property(word, line, position))

    def _begin(self, component: Component) -> None:
        if (component.name == "VCALENDAR") == bool(self._path) or len(self._path) > _MAX_DEPTH:
            raise _malformed()
        if len(self._path) == 1:
            self._found.append(component)
        elif self._path:
            self._path[-1].parts.append(component)
        self._path.append(component)
        if len(self._found) > MAX_COMPONENTS:
            raise Unreadable(f"it has more than {MAX_COMPONENTS} events")

    def found(self) -> list[Component]:
        """What the calendars hold, once all lines are taken."""
        if self._path or not self._calendars:
            raise Unreadable("it ends in the middle, or is empty")
        return self._found


def _malformed() -> Unreadable:
    return Unreadable("it is not in the iCalendar format")


def _property(name: str, line: str, position: int) -> Property:
    parameters = {}
    while match := _PARAMETER.match(line, position):
        parameters[match[1].upper()] = match[2].strip('"')
        position = match.end()
    if line[position : position + 1] != ":":
        raise Unreadable(f"a line with {name} is malformed")
    return Property(name, line[position + 1 :].strip(), parameters)
