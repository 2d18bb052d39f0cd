"""Two who compile the same resource at once: the second sees what the first was made from.

In practice one has the lock on the rules and the other is a sweep, a new calendar, or a person with
a console. Here nobody has it, and only the lock on the timetable is left.
"""

import uuid
from typing import Any

import pytest

from tests.harness.clients.desk import Call, Desk
from tests.harness.database import twins
from tests.harness.laws.invariants import violations

_DAY = {"starts_at": "2027-01-11T00:00:00Z", "ends_at": "2027-01-12T00:00:00Z"}


@pytest.fixture(autouse=True)
def _nobody_locks_the_rules(desk: Desk) -> None:
    twins.forget_rules_lock(desk.database)


def _create(desk: Desk, kind: str, request: dict[str, Any]) -> Call:
    key, made = str(uuid.uuid4()), str(uuid.uuid4())
    actor = desk.actor(kind="secret")
    return "create_catalogue_item", (actor, kind, desk.tutor["id"], key, made, request)


def _windows(desk: Desk) -> tuple[Call, Call]:
    """Two that join, so that the opening of the first says something of the second."""
    first, second = (
        {"weekday": 7, "opens": opens, "closes": closes}
        for opens, closes in (("19:00", "20:00"), ("20:00", "21:00"))
    )
    return _create(desk, "hours", first), _create(desk, "hours", second)


def _blackout_and_offering(desk: Desk) -> tuple[Call, Call]:
    """Two that are in one row of what can be booked."""
    actor, offering = desk.actor(kind="secret"), desk.tutor["offerings"][0]
    change = (actor, "offering", None, offering["id"], None, {"free_cancel_hours": 5})
    return _create(desk, "blackout", _DAY), ("change_catalogue_item", change)


def _at_once(desk: Desk, calls: tuple[Call, Call]) -> None:
    one, _ = desk.begin(calls[0])
    _, other = desk.start(calls[1])
    one.commit()
    other.result(10)


def test_windows_that_join_are_compiled_one_after_the_other(desk: Desk) -> None:
    """Each opening says how long the resource is open from it on, over both windows."""
    _at_once(desk, _windows(desk))

    assert violations(desk.database) == []


def test_twin_that_locks_no_timetable_overlooks_the_other_window(desk: Desk) -> None:
    """Without the lock the second is made from the rules that it saw before the first was there."""
    twins.forget_timetable_lock(desk.database)
    _at_once(desk, _windows(desk))

    assert any(found.startswith("I14") for found in violations(desk.database))


def test_a_blackout_and_an_offering_are_both_compiled(desk: Desk) -> None:
    """The row that a hold reads says both."""
    _at_once(desk, _blackout_and_offering(desk))

    assert violations(desk.database) == []


def test_twin_that_locks_no_timetable_keeps_an_old_offering(desk: Desk) -> None:
    """Without the lock the second leaves the first's row, which says nothing of its own change."""
    twins.forget_timetable_lock(desk.database)
    _at_once(desk, _blackout_and_offering(desk))

    assert any(found.startswith("I14") for found in violations(desk.database))
