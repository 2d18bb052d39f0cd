"""The text of a feed: folded lines into components with properties (RFC 5545, section 3.1).

Only what says when the owner is busy is kept; alarms, tasks, descriptions are skipped. So are lines
that cannot be properties: programs write texts with raw line breaks in them, and what follows such
a break looks like a line of its own. What is written like a property is one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from holdfast.calendars.unreadable import Unreadable

MAX_COMPONENTS = 10_000  # events, busy lists, zones and all else
_MAX_PROPERTIES = 200_000
_MAX_DEPTH = 4

# Also as sent by programs that made CR CR LF of CR LF.
_BREAK = re.compile(r"\r{0,2}\n|\r")
_FOLD = re.compile(rb"(?:\r{0,2}\n|\r)[ \t]")  # in bytes: a fold may part those of one character
_NAME = re.compile(r"[A-Za-z0-9-]+")
_BOUNDARY = re.compile(r":[ \t]*([A-Za-z0-9-]+)[ \t]*")
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=("[^"]*"|[^";:,]*)((?:,(?:"[^"]*"|[^";:,]*))*)')
_ONE_VALUE = re.compile(r';([A-Za-z0-9-]+)=((?:"[^"]*"|[^";])*)')

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
_ONLY_IN_CALENDARS = {"VEVENT", "VFREEBUSY"}
# Their values have no colon, so that the last one ends the parameters, whatever they contain.
_WITHOUT_COLON = {"DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE", "FREEBUSY"}
# A sentence may begin with these ("Status (new): open"); then it is no property.
_WORDS = {"UID", "DURATION", "STATUS", "SEQUENCE"}


@dataclass(frozen=True, slots=True)
class Property:
    """One line: its value as written, and its parameters by upper-case name."""

    name: str
    value: str
    parameters: Mapping[str, str]


@dataclass(slots=True)
class Component:
    """What is between BEGIN and END."""

    name: str
    properties: list[Property] = field(default_factory=list)
    parts: list["Component"] = field(default_factory=list)

    def all(self, name: str) -> Iterator[Property]:
        """The properties of that name, in order."""
        return (found for found in self.properties if found.name == name)

    def one(self, name: str) -> Property | None:
        """The property of that name, which may occur here once.

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
    text = _FOLD.sub(b"", body).decode("utf-8", errors="replace")
    tree = _Tree()
    for line in _BREAK.split(text):
        name = _NAME.match(line)
        if name is not None:
            tree.take(name[0].upper(), line, name.end())
        elif not tree.inside:
            outside = line.strip("\ufeff \t\0")  # a mark of the encoding, also between two files
            if name := _NAME.match(outside):
                tree.take(name[0].upper(), outside, name.end())
            elif outside:
                raise _malformed()
    return tree.found()


class _Tree:
    """Components as they are read, line by line."""

    def __init__(self) -> None:
        self._path: list[Component] = []
        self._found: list[Component] = []
        self._calendars = 0
        self._properties = 0

    @property
    def inside(self) -> bool:
        """Whether the next line belongs to a component."""
        return bool(self._path)

    def take(self, word: str, line: str, position: int) -> None:
        """Take one line, whose first word ends at that position."""
        boundary = _BOUNDARY.fullmatch(line, position) if word in {"BEGIN", "END"} else None
        if boundary is None:
            if not self._path:
                raise _malformed()
            self._keep(word, line, position)
        elif word == "BEGIN":
            self._begin(Component(boundary[1].upper()))
        elif not self._path or self._path.pop().name != boundary[1].upper():
            raise _malformed()
        else:
            self._calendars += not self._path

    def _keep(self, word: str, line: str, position: int) -> None:
        component = self._path[-1]
        if component.name == "VCALENDAR" and word == "DTSTART":  # of an event whose BEGIN is broken
            raise _malformed()
        if word not in _KEPT.get(component.name, ()):
            return
        self._properties += 1
        if self._properties > _MAX_PROPERTIES:
            raise Unreadable("it is too long")
        if found := _property(word, line, position):
            component.properties.append(found)

    def _begin(self, component: Component) -> None:
        misplaced = component.name in _ONLY_IN_CALENDARS and len(self._path) != 1
        if (component.name == "VCALENDAR") == bool(self._path) or misplaced:
            raise _malformed()
        if len(self._path) > _MAX_DEPTH:
            raise _malformed()
        if len(self._path) == 1:
            self._found.append(component)
        elif self._path:
            self._path[-1].parts.append(component)
        self._path.append(component)
        if len(self._found) > MAX_COMPONENTS:
            raise Unreadable(f"it has more than {MAX_COMPONENTS} events")

    def found(self) -> list[Component]:
        """The parts of the calendars, once all lines are taken."""
        if self._path or not self._calendars:
            raise Unreadable("it ends in the middle, or is empty")
        return self._found


def _malformed() -> Unreadable:
    return Unreadable("it is not in the iCalendar format")


def _property(name: str, line: str, begin: int) -> Property | None:
    """The property of that name, or None: the line only begins with the same word."""
    parameters = {}
    position = begin
    while match := _PARAMETER.match(line, position):
        whole = match[1].upper() == "TZID"  # one name, even if it has commas and no quotes
        parameters[match[1].upper()] = match[2].strip('" ') + (match[3] if whole else "")
        position = match.end()
    value = line[position + 1 :]
    if line[position : position + 1] == ":" and not (name in _WITHOUT_COLON and ":" in value):
        return Property(name, value.strip(), parameters)
    if name in _WORDS:
        return None
    if name in _WITHOUT_COLON:
        return _with_colons(name, line, begin)
    raise Unreadable(f"a line with {name} is malformed")


def _with_colons(name: str, line: str, position: int) -> Property:
    """One whose parameters have a colon that should be in quotes: `TZID=(UTC+01:00) Berlin`."""
    head, _, value = line.rpartition(":")
    parameters = {}
    while match := _ONE_VALUE.match(head, position):
        parameters[match[1].upper()] = match[2].strip('" ')
        position = match.end()
    if position != len(head):
        raise Unreadable(f"a line with {name} is malformed")
    return Property(name, value.strip(), parameters)
