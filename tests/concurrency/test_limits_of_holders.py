"""Racing holds of one customer or network address stop at the tenant's limit; so do offers to one
address and letters to one mailbox.

Cases: P-8
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.clients.db_client import Call, DbClient, Held, refusals
from tests.harness.database import guardless
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

GRACE = {"name": "Grace", "email": "grace@example.com"}
ALLOWED = 5


@pytest.fixture
def limited(db_client: DbClient) -> DbClient:
    """A db_client whose tenant allows five holds."""
    db_client.database.execute(
        "update core.tenants set live_holds_per_customer = %s, live_holds_per_address = %s",
        ALLOWED,
        ALLOWED,
    )
    return db_client


def starts() -> list[str]:
    """Fifty different times of the studio: five hours on ten days."""
    return [f"2027-01-{day}T{hour}:00:00Z" for day in range(11, 21) for hour in range(15, 20)]


def of_one_customer(db_client: DbClient) -> list[Call]:
    return [
        db_client.hold_call(start, resource=db_client.studio, kind="secret", customer=GRACE)
        for start in starts()
    ]


def of_one_address(db_client: DbClient) -> list[Call]:
    calls = []
    for start in starts():
        function, (actor, *rest) = db_client.hold_call(start, resource=db_client.studio)
        calls.append((function, (actor | {"address_hash": "ab" * 32}, *rest)))
    return calls


CROWDS = {"customer": of_one_customer, "address": of_one_address}


@pytest.mark.parametrize("crowd", CROWDS.values(), ids=CROWDS.keys())
def test_fifty_at_once_end_at_the_limit(
    limited: DbClient, race: Race, crowd: Callable[[DbClient], list[Call]]
) -> None:
    """Of fifty holds of different times, exactly the allowed number succeeds."""
    outcomes = race(limited.racers(crowd(limited)))

    assert refusals(outcomes) == ["KHLIM"] * (50 - ALLOWED)
    assert len(limited.owners()) == ALLOWED
    assert violations(limited.database) == []


@pytest.mark.parametrize("crowd", CROWDS.values(), ids=CROWDS.keys())
def test_twin_counts_without_a_lock(
    limited: DbClient, crowd: Callable[[DbClient], list[Call]]
) -> None:
    """Without the lock on the identity, two holds count the same number, and both succeed."""
    guardless.rewrite(
        limited.database,
        "core.lock_identity",
        "perform pg_catalog.pg_advisory_xact_lock(",
        "perform (",
    )
    calls = crowd(limited)
    # the customer exists already, so that no hold waits for its insert
    for call in calls[: ALLOWED - 1]:
        limited.call(call)

    first, _ = limited.begin(calls[10])
    limited.call(calls[20])
    first.commit()

    assert len(limited.owners()) == ALLOWED + 1


# Offers and letters -------------------------------------------------------------------------------

ADDRESS = "cd" * 32
TIMES = ("2027-01-12T10:00:00Z", "2027-01-13T10:00:00Z", "2027-01-14T10:00:00Z")
SERVED = "set constraints all immediate"  # what a commit does first: it makes the offer


def waiting(db_client: DbClient, start: str, **changes: Any) -> Held:
    """A time held by a stranger, a waitlist entry for it from one address, and the hold."""
    held = db_client.hold(start)
    function, (actor, *rest) = db_client.wait_call(start, **changes)
    db_client.call((function, (actor | {"address_hash": ADDRESS}, *rest)))
    return held


def offers(db_client: DbClient) -> int:
    counted = "select count(*) from core.waitlist where state = 'offered'"
    return int(db_client.database.value(counted))


def test_an_address_is_not_offered_one_more_from_two_sides(db_client: DbClient) -> None:
    """Two times are released at once, and one more offer is allowed. The second waits at most 10 ms
    for the address's lock, and leaves its time to the sweep, which skips the entry.
    """
    db_client.database.execute("update core.tenants set offers_per_address = 1")
    first, second = waiting(db_client, TIMES[0]), waiting(db_client, TIMES[1])
    session, _ = db_client.begin(db_client.release_call(first))
    session.connection.execute(SERVED)

    db_client.call(db_client.release_call(second))
    session.commit()
    db_client.call(("offer_waiting", (10,)))

    assert offers(db_client) == 1
    assert violations(db_client.database) == []


def test_twin_offers_one_more(db_client: DbClient) -> None:
    """Without the lock on the address, both count no offers."""
    guardless.rewrite(
        db_client.database,
        "core.lock_identity",
        "perform pg_catalog.pg_advisory_xact_lock(",
        "perform (",
    )
    db_client.database.execute("update core.tenants set offers_per_address = 1")
    first, second = waiting(db_client, TIMES[0]), waiting(db_client, TIMES[1])
    session, _ = db_client.begin(db_client.release_call(first))
    session.connection.execute(SERVED)

    db_client.call(db_client.release_call(second))
    session.commit()

    assert offers(db_client) == 2
    assert "has more waitlist entries" in violations(db_client.database)[0]


def letters(db_client: DbClient) -> int:
    """The letters that two parallel sweeps claim."""
    db_client.database.execute(
        "update core.tenants set letters_per_unproved = 1, offers_per_address = null"
    )
    for start in TIMES[:2]:
        db_client.call(db_client.release_call(waiting(db_client, start, customer=GRACE)))
    session, claimed = db_client.begin(("claim_effects", (1, 60)))
    claimed += db_client.call(("claim_effects", (1, 60)))
    session.commit()
    claimed += db_client.call(("claim_effects", (1, 60)))
    return sum(effect["offer"] is not None for effect in claimed)


def test_two_sweeps_send_no_more_letters_than_one(db_client: DbClient) -> None:
    """The second sweep skips letters to a mailbox that the first has locked."""
    assert letters(db_client) == 1


def test_twin_sends_one_more(db_client: DbClient) -> None:
    """Without the lock on the mailbox, both count no letters."""
    guardless.rewrite(
        db_client.database,
        "core.try_letters",
        "return pg_catalog.pg_try_advisory_xact_lock(",
        "return null is distinct from (",
    )

    assert letters(db_client) == 2
