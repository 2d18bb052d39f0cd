"""Racing holds of one customer of a server, or from one network address, end at what the tenant
allows; so do offers to one address, and letters to one mailbox.

Cases: P-8
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.clients.desk import Call, Desk, Held, refusals
from tests.harness.database import twins
from tests.harness.laws.invariants import violations

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
    return [
        desk.hold_call(start, resource=desk.studio, kind="secret", customer=GRACE)
        for start in starts()
    ]


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


# Offers and letters -------------------------------------------------------------------------------

ADDRESS = "cd" * 32
TIMES = ("2027-01-12T10:00:00Z", "2027-01-13T10:00:00Z", "2027-01-14T10:00:00Z")
SERVED = "set constraints all immediate"  # what a commit does first: the offer is made


def waiting(desk: Desk, start: str, **changes: Any) -> Held:
    """A time that a stranger holds, and a place for it from one address; the stranger's hold."""
    held = desk.hold(start)
    function, (actor, *rest) = desk.wait_call(start, **changes)
    desk.call((function, (actor | {"address_hash": ADDRESS}, *rest)))
    return held


def offers(desk: Desk) -> int:
    counted = "select count(*) from core.waitlist where state = 'offered'"
    return int(desk.database.value(counted))


def test_an_address_is_not_offered_one_more_from_two_sides(desk: Desk) -> None:
    """Two times are given back at once, and one offer is allowed: the second finds that address in
    use, waits 10 ms at most, and leaves its time to the sweep, which passes the place over."""
    desk.database.execute("update core.tenants set offers_per_address = 1")
    first, second = waiting(desk, TIMES[0]), waiting(desk, TIMES[1])
    session, _ = desk.begin(desk.release_call(first))
    session.connection.execute(SERVED)

    desk.call(desk.release_call(second))
    session.commit()
    desk.call(("offer_waiting", (10,)))

    assert offers(desk) == 1
    assert violations(desk.database) == []


def test_twin_offers_one_more(desk: Desk) -> None:
    """Without the lock on the address both count none."""
    twins.rewrite(
        desk.database,
        "core.lock_identity",
        "perform pg_catalog.pg_advisory_xact_lock(",
        "perform (",
    )
    desk.database.execute("update core.tenants set offers_per_address = 1")
    first, second = waiting(desk, TIMES[0]), waiting(desk, TIMES[1])
    session, _ = desk.begin(desk.release_call(first))
    session.connection.execute(SERVED)

    desk.call(desk.release_call(second))
    session.commit()

    assert offers(desk) == 2
    assert "I13: nobody has more places" in violations(desk.database)[0]


def letters(desk: Desk) -> int:
    """Letters that two sweeps hand out, the one beside the other."""
    desk.database.execute(
        "update core.tenants set letters_per_unproved = 1, offers_per_address = null"
    )
    for start in TIMES[:2]:
        desk.call(desk.release_call(waiting(desk, start, customer=GRACE)))
    session, claimed = desk.begin(("claim_effects", (1, 60)))
    claimed += desk.call(("claim_effects", (1, 60)))
    session.commit()
    claimed += desk.call(("claim_effects", (1, 60)))
    return sum(effect["offer"] is not None for effect in claimed)


def test_two_sweeps_send_no_more_letters_than_one(desk: Desk) -> None:
    """The second leaves a letter to whose mailbox the first is at."""
    assert letters(desk) == 1


def test_twin_sends_one_more(desk: Desk) -> None:
    """Without the lock on the mailbox's letters both count none."""
    twins.rewrite(
        desk.database,
        "core.try_letters",
        "return pg_catalog.pg_try_advisory_xact_lock(",
        "return null is distinct from (",
    )

    assert letters(desk) == 2
