"""Catalogue requests: whatever is accepted is consistent by itself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from holdfast.catalogue.models import (
    OfferingChange,
    OfferingRequest,
    Patch,
    PoolChange,
    ResourceChange,
    ResourceRequest,
)
from holdfast.catalogue.schedule_models import (
    BlackoutChange,
    BlackoutRequest,
    HoursChange,
    HoursRequest,
    OverrideChange,
    OverrideRequest,
)

CHANGES = [ResourceChange, OfferingChange, PoolChange, HoursChange, OverrideChange, BlackoutChange]


def _accepted(model: type[Patch], body: dict[str, Any]) -> dict[str, Any] | None:
    """What is sent to the database, or None."""
    try:
        return model.model_validate(body).as_json()
    except ValidationError:
        return None


@pytest.mark.parametrize("model", CHANGES)
def test_a_change_changes_something(model: type[Patch]) -> None:
    """An empty body is no change."""
    assert _accepted(model, {}) is None


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (ResourceChange, {"daily_limit": None}),
        (OfferingChange, {"group_size": None, "buffer_after_minutes": None}),
        (HoursChange, {"valid_until": None}),
        (OverrideChange, {"opens": None, "closes": None}),
        (BlackoutChange, {"reason": None}),
    ],
)
def test_null_takes_away_and_absence_leaves(model: type[Patch], body: dict[str, Any]) -> None:
    """Only what was sent is passed on, null included."""
    assert _accepted(model, body) == body


@given(st.integers(-10, 1500))
def test_a_step_divides_a_day(minutes: int) -> None:
    """From five minutes on; any other would make a grid that drifts."""
    accepted = _accepted(ResourceChange, {"step_minutes": minutes})

    assert (accepted is not None) == (minutes >= 5 and 1440 % minutes == 0)


@given(st.times(), st.one_of(st.times(), st.just("24:00")))
def test_windows_are_of_whole_minutes(opens: Any, closes: Any) -> None:
    """Any two different times of day are a window, also one that closes the next day."""
    opens, closes = str(opens)[:5], str(closes)[:5]
    accepted = _accepted(HoursRequest, {"weekday": 1, "opens": opens, "closes": closes})

    assert (accepted is not None) == (opens != closes)


@given(st.text(max_size=8))
def test_anything_else_is_no_time(text: str) -> None:
    """Nothing but HH:MM."""
    accepted = _accepted(HoursChange, {"opens": text})

    assert accepted is None or (len(text) == 5 and text < "24:00")


@given(st.dates(), st.dates())
def test_a_blackout_by_dates_is_a_year_at_most(one: Any, other: Any) -> None:
    """Both dates are in it: at most 366, and at least one."""
    body = {"from_date": str(one), "to_date": str(other)}
    years_are_fine = all(1900 <= day.year <= 9000 for day in (one, other))

    accepted = _accepted(BlackoutRequest, body)

    assert (accepted is not None) == (years_are_fine and 0 <= (other - one).days < 366)


def test_what_is_new_needs_its_essentials() -> None:
    """A name and a zone; a name and a length; a day."""
    assert _accepted(ResourceRequest, {"name": "Ada"}) is None
    assert _accepted(ResourceRequest, {"timezone": "UTC"}) is None
    assert _accepted(OfferingRequest, {"name": "Lesson"}) is None
    assert _accepted(OverrideRequest, {"reason": "closed"}) is None
    assert _accepted(OverrideRequest, {"date": "2030-12-24"}) == {"date": "2030-12-24"}
