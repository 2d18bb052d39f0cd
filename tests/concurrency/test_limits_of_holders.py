"""Racing holds of one customer, or from one network address, end at what the tenant allows.

Cases: P-8
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness import twins
from tests.harness.desk import Call, Desk, refusals
from tests.harness.invariants import violations

Race = Callable[..., list[Any]]

GRACE = {"name": "Grace", "email": "grace@example.com"}
ALLOWED = 5


@pytest.fixture
def limited(desk: Desk) -> Desk:
    """A desk whose tenant allows five holds."""
    desk.database.execute(
        "update core.tenants set live_holds_per_customer = %s, live_holds_per_address = %s",
        ALLOWED,
        ALLOWED,
    )
    return desk


def starts() -> list[str]:
    """Fifty different times of the studio: five hours on ten days."""
    return [f"2027-01-{day}T{hour}:00:00Z" for day in range(11, 21) for hour in range(15, 20)]


def of_one_customer(desk: Desk) -> list[Call]:
    return [desk.hold_call(start, resource=desk.studio, customer=GRACE) for start in starts()]


def of_one_address(desk: Desk) -> list[Call]:
    calls = []
    for start in starts():
        function, (actor, *rest) = desk.hold_call(start, resource=desk.studio)
        calls.append((function, (actor | {"address_hash": "ab" * 32}, *rest)))
    return calls


CROWDS = {"customer": of_one_customer, "address": of_one_address}


@pytest.mark.parametrize("crowd", CROWDS.values(), ids=CROWDS.keys())
def test_fifty_at_once_end_at_the_limit(
    limited: Desk, race: Race, crowd: Callable[[Desk], list[Call]]
) -> None:
    """Of fifty holds of different times exactly the allowed number succeeds."""
    outcomes = race(limited.racers(crowd(limited)))

    assert refusals(outcomes) == ["KHLIM"] * (50 - ALLOWED)
    assert len(limited.owners()) == ALLOWED
    assert violations(limited.database) == []


@pytest.mark.parametrize("crowd", CROWDS.values(), ids=CROWDS.keys())
def test_twin_counts_without_a_lock(limited: Desk, crowd: Callable[[Desk], list[Call]]) -> None:
    """Without the identity's lock two holds count the same number, and both succeed."""
    twins.rewrite(
        limited.database,
        "core.lock_identity",
        "perform pg_catalog.pg_advisory_xact_lock(",
        "perform (",
    )
    calls = crowd(limited)
    # the customer's record is there already, so that nobody waits for its making
    for call in calls[: ALLOWED - 1]:
        limited.call(call)

    first, _ = limited.begin(calls[10])
    limited.call(calls[20])
    first.commit()

    assert len(limited.owners()) == ALLOWED + 1
