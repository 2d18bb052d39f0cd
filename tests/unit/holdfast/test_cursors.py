"""Cursors: opaque to clients, exact for us, and refused when they are not ours."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.platform import cursors
from holdfast.platform.errors import InvalidRequest

IDS = st.uuids().map(str)
INSTANTS = st.timedeltas(timedelta(days=-25_000), timedelta(days=2_500_000)).map(
    lambda since: (datetime(1970, 1, 1, tzinfo=UTC) + since).isoformat()
)
POSITIONS = st.fixed_dictionaries({"id": IDS}, optional={"starts_at": INSTANTS})


@given(POSITIONS)
def test_a_position_survives_the_round_trip(position: dict[str, Any]) -> None:
    """What goes out as a cursor comes back as the same position."""
    cursor = cursors.encode(position)

    assert cursors.decode(cursor) == position


@given(POSITIONS)
def test_a_cursor_needs_no_escaping(position: dict[str, Any]) -> None:
    """It can be put into a query as it is, and is short enough for the route."""
    cursor = cursors.encode(position)
    assert cursor is not None

    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert cursor.isascii()
    assert len(cursor) <= 500


def test_the_end_stays_the_end() -> None:
    """No further page, no cursor; no cursor, the first page."""
    assert cursors.encode(None) is None
    assert cursors.decode(None) is None


@given(st.text(max_size=200))
def test_text_is_a_position_of_ours_or_refused(text: str) -> None:
    """Any text: either a position that the database can read, or InvalidRequest.

    Cases: P-12
    """
    try:
        position = cursors.decode(text)
    except InvalidRequest:
        return
    assert position is not None
    assert str(UUID(position["id"])) == position["id"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "starts_at", "x"]), inner, max_size=3
    ),
    max_leaves=6,
)  # fmt: skip


@given(JSON)
def test_forged_positions_are_refused(forged: Any) -> None:
    """Well-formed JSON in a well-formed cursor is not necessarily a position.

    Cases: P-12
    Proves: ASVS 1.5.2
    """
    cursor = cursors.encode(forged)
    if cursor is not None:
        with pytest.raises(InvalidRequest) as refusal:
            cursors.decode(cursor)
        assert refusal.value.extra["errors"][0]["field"] == "cursor"
