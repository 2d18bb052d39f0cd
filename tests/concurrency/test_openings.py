"""Two transactions that compile one resource: the second sees the first's rules.

In practice one has the lock on the rules and the other is a sweep, a new calendar, or a person at a
console. Here that lock is not taken; only the lock on the timetable is left.
"""

import uuid
from typing import Any

import pytest

from tests.harness.clients.db_client import Call, DbClient
from tests.harness.database import guardless
from tests.harness.laws.invariants import violations

_DAY = {"starts_at": "2027-01-11T00:00:00Z", "ends_at": "2027-01-12T00:00:00Z"}


@pytest.fixture(autouse=True)
def _without_the_rules_lock(db_client: DbClient) -> None:
    guardless.forget_rules_lock(db_client.database)


def _create(db_client: DbClient, kind: str, request: dict[str, Any]) -> Call:
    key, made = str(uuid.uuid4()), str(uuid.uuid4())
    actor = db_client.actor(kind="secret")
    return "create_catalogue_item", (actor, kind, db_client.tutor["id"], key, made, request)


def _windows(db_client: DbClient) -> tuple[Call, Call]:
    """Two adjacent windows, so that the first one's opening depends on the second."""
    first, second = (
        {"weekday": 7, "opens": opens, "closes": closes}
        for opens, closes in (("19:00", "20:00"), ("20:00", "21:00"))
    )
    return _create(db_client, "hours", first), _create(db_client, "hours", second)


def _blackout_and_offering(db_client: DbClient) -> tuple[Call, Call]:
    """A blackout and an offering that are stored in one row of bookable data."""
    actor, offering = db_client.actor(kind="secret"), db_client.tutor["offerings"][0]
    change = (actor, "offering", None, offering["id"], None, {"free_cancel_hours": 5})
    return _create(db_client, "blackout", _DAY), ("change_catalogue_item", change)


def _at_once(db_client: DbClient, calls: tuple[Call, Call]) -> None:
    one, _ = db_client.begin(calls[0])
    _, other = db_client.start(calls[1])
    one.commit()
    other.result(10)


def test_windows_that_join_are_compiled_one_after_the_other(db_client: DbClient) -> None:
    """Each opening says how long the resource is open from there, across both windows."""
    _at_once(db_client, _windows(db_client))

    assert violations(db_client.database) == []


def test_twin_that_locks_no_timetable_overlooks_the_other_window(db_client: DbClient) -> None:
    """Without the lock, the second uses rules read before the first was committed."""
    guardless.forget_timetable_lock(db_client.database)
    _at_once(db_client, _windows(db_client))

    assert any(found.startswith("I14") for found in violations(db_client.database))


def test_a_blackout_and_an_offering_are_both_compiled(db_client: DbClient) -> None:
    """The row that a hold reads contains both changes."""
    _at_once(db_client, _blackout_and_offering(db_client))

    assert violations(db_client.database) == []


def test_twin_that_locks_no_timetable_keeps_an_old_offering(db_client: DbClient) -> None:
    """Without the lock, the second keeps the first's row, which lacks its own change."""
    guardless.forget_timetable_lock(db_client.database)
    _at_once(db_client, _blackout_and_offering(db_client))

    assert any(found.startswith("I14") for found in violations(db_client.database))
