"""Our own feed, as two independent readers and our own reader understand it."""

import re
from datetime import UTC, datetime
from typing import Any

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream

from holdfast.calendars import events, export
from tests.harness.running.scripts import SCRIPTS, word

SINCE = datetime(2030, 1, 1, tzinfo=UTC)
UNTIL = datetime(2031, 1, 1, tzinfo=UTC)
BEGIN, END = datetime(2030, 1, 7, 10, tzinfo=UTC), datetime(2030, 1, 7, 11, tzinfo=UTC)

# what a name may contain: no controls, surrogates, line separators, nor spaces at the ends
names = (
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=200)
    .map(str.strip)
    .filter(bool)
)


def _text(resource: str, offering: str, customer: str) -> str:
    booking = {
        "id": "0198c0de-0000-7000-8000-000000000001",
        "version": 3,
        "updated_at": "2029-12-01T09:00:00.5Z",
        "starts_at": "2030-01-07T10:00:00Z",
        "ends_at": "2030-01-07T11:00:00Z",
        "offering": offering,
        "customer": customer,
        "status": "scheduled",
        "reference": "ABC-123",
    }
    about: dict[str, Any] = {"id": booking["id"], "name": resource, "timezone": "Europe/Berlin"}
    return export.text(about, [booking])


def _assert_understood(resource: str, offering: str, customer: str) -> None:
    text = _text(resource, offering, customer)

    first = icalendar.Calendar.from_ical(text)
    (one,) = first.events
    for name in ("NAME", "X-WR-CALNAME"):  # which it leaves as written
        assert re.sub(r"\\(.)", r"\1", str(first[name])) == resource
    assert str(one["SUMMARY"]) == f"{offering}: {customer}"
    assert (one.start, one.end) == (BEGIN, END)

    (other,) = IcsCalendarStream.calendar_from_ics(text).events
    assert other.summary == f"{offering}: {customer}"
    assert (other.dtstart, other.dtend) == (BEGIN, END)

    assert events.busy(text.encode(), "UTC", SINCE, UNTIL) == [(BEGIN, END)]


@pytest.mark.parametrize("script", SCRIPTS)
def test_names_of_every_script_are_read_as_they_were_written(script: str) -> None:
    """Long ones too, whose lines are folded.

    Cases: E-9.3
    """
    long = " ".join(word(script, 12, seed) for seed in range(10))

    _assert_understood(word(script), long, f"{word(script)}, {word(script)}; \\{word(script)}\\n")


@settings(max_examples=200, deadline=None)
@given(names, names, names)
def test_every_name_is_read_as_it_was_written(resource: str, offering: str, customer: str) -> None:
    """Commas, semicolons, backslashes, colons and quotes are text.

    Cases: E-9.3
    """
    _assert_understood(resource, offering, customer)


@settings(max_examples=200, deadline=None)
@given(names, names, names)
def test_lines_are_of_75_octets_and_whole_characters(
    resource: str, offering: str, customer: str
) -> None:
    """As RFC 5545 (3.1) requires; no fold splits the bytes of one character."""
    lines = _text(resource, offering, customer).encode().split(b"\r\n")

    assert max(map(len, lines)) <= 75
    assert all(line.decode() is not None for line in lines)  # each decodes alone
    assert lines[-1] == b""
    assert not any(b"\n" in line or b"\r" in line for line in lines)
