"""A resource's bookings as an iCalendar text (RFC 5545, RFC 7986)."""

from collections.abc import Iterable, Mapping
from typing import Any

_OCTETS = 75  # of a line; longer ones are folded
_TENTATIVE = {"held", "paying", "requested"}
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


def text(resource: Mapping[str, Any], bookings: Iterable[Mapping[str, Any]]) -> str:
    """The whole calendar; the same for the same bookings.

    Args:
        resource: {"id", "name", "timezone"}.
        bookings: as api.read_calendar_feed answers them, times RFC 3339 in UTC.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Holdfast//Bookings//EN",
        "METHOD:PUBLISH",
        f"NAME:{_escaped(resource['name'])}",
        f"X-WR-CALNAME:{_escaped(resource['name'])}",
        f"X-WR-TIMEZONE:{resource['timezone']}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
        "X-PUBLISHED-TTL:PT15M",
    ]
    for booking in bookings:
        lines += _event(booking)
    lines.append("END:VCALENDAR")
    return "".join(_folded(line) for line in lines)


def _event(booking: Mapping[str, Any]) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{booking['id']}@holdfast",
        f"SEQUENCE:{booking['version']}",
        f"DTSTAMP:{_instant(booking['updated_at'])}",
        f"LAST-MODIFIED:{_instant(booking['updated_at'])}",
        f"DTSTART:{_instant(booking['starts_at'])}",
        f"DTEND:{_instant(booking['ends_at'])}",
        f"SUMMARY:{_escaped(booking['offering'])}: {_escaped(booking['customer'])}",
        f"STATUS:{'TENTATIVE' if booking['status'] in _TENTATIVE else 'CONFIRMED'}",
        "CLASS:PRIVATE",
        "TRANSP:OPAQUE",
        "END:VEVENT",
    ]


def _instant(rfc3339: str) -> str:
    """`2030-01-31T09:00:00.5Z` as `20300131T090000Z`."""
    return rfc3339[:19].replace("-", "").replace(":", "") + "Z"


def _escaped(value: str) -> str:
    return value.translate(_ESCAPES)


def _folded(line: str) -> str:
    """A line of at most 75 octets, going on after a space; characters stay whole."""
    pieces, piece, size = [], "", 0
    for character in line:
        width = len(character.encode())
        if size + width > _OCTETS:
            pieces.append(piece)
            piece, size = " ", 1
        piece += character
        size += width
    return "\r\n".join([*pieces, piece]) + "\r\n"
