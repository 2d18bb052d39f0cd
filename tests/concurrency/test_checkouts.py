"""Checkout against checkout and release: never two payable checkouts, never a lost time."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.harness.clients.db_client import DbClient, refusal, refusals
from tests.harness.database import guardless
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

TEN = "2027-01-11T10:00:00Z"
OTHER = {"cancel_url": "https://studio.example/elsewhere"}
# The second of two tabs: what it asks for, and what it is to do with which checkout.
SECOND_TAB: dict[str, tuple[dict[str, str], str]] = {
    "same key": ({"key": "tab"}, "create"),
    "other key, same addresses": ({"key": "another"}, "create"),
    "other key, other addresses": ({"key": "another"} | OTHER, "close"),
}


@pytest.mark.parametrize(("asks", "then"), SECOND_TAB.values(), ids=SECOND_TAB.keys())
def test_two_tabs_never_have_two_payable_checkouts(
    db_client: DbClient, asks: dict[str, str], then: str
) -> None:
    """The second tab waits for the first, then gets its checkout, or closes it and opens its own.

    Cases: E-2.6, D-3
    """
    held = db_client.hold(TEN)
    first, begun = db_client.begin(db_client.checkout_call(held, key="tab"))
    _, second = db_client.start(db_client.checkout_call(held, **asks))
    first.commit()

    answer = second.result(10)
    assert (answer["next"], answer["checkout"]["id"]) == (then, begun["checkout"]["id"])
    assert violations(db_client.database) == []


@pytest.mark.parametrize(("asks", "_then"), SECOND_TAB.values(), ids=SECOND_TAB.keys())
def test_twin_without_lock_and_index_has_two(
    db_client: DbClient,
    asks: dict[str, str],
    _then: str,
) -> None:
    """Without the booking's lock and the unique index, each tab gets a checkout of its own."""
    guardless.forget_booking_lock(db_client.database)
    guardless.forget_one_payable(db_client.database)
    held = db_client.hold(TEN)
    first, begun = db_client.begin(db_client.checkout_call(held, key="tab"))
    _, second = db_client.start(db_client.checkout_call(held, **asks))
    first.commit()

    assert second.result(10)["checkout"]["id"] != begun["checkout"]["id"]
    assert any("at most one payable checkout" in line for line in violations(db_client.database))


def test_the_index_stays_the_judge_when_the_lock_is_forgotten(db_client: DbClient) -> None:
    """Without the booking's lock, the second checkout fails on the unique index.

    Cases: E-2.6, P-2
    """
    guardless.forget_booking_lock(db_client.database)
    held = db_client.hold(TEN)
    first, _ = db_client.begin(db_client.checkout_call(held))
    _, second = db_client.start(db_client.checkout_call(held))
    first.commit()

    assert isinstance(second.exception(10), psycopg.errors.UniqueViolation)
    assert violations(db_client.database) == []


def test_many_tabs_race(db_client: DbClient, race: Race) -> None:
    """Sixteen tabs of all kinds end with one payable checkout, and none gets an unexpected error.

    Cases: E-2.6, D-3
    """
    held = db_client.hold(TEN)
    asked = [asks for asks, _ in SECOND_TAB.values()] * 5 + [{"key": "tab"}]
    calls = [db_client.checkout_call(held, **asks) for asks in asked]

    outcomes = race(db_client.racers(calls))

    # a key that was first used with other addresses is refused
    assert set(refusals(outcomes)) <= {"KHKEY"}
    answered = {one["checkout"]["id"] for one in outcomes if isinstance(one, dict)}
    assert len(answered) == 1
    assert violations(db_client.database) == []


# Release against checkout ------------------------------------------------------------------------


def test_a_release_waits_for_the_checkout_being_begun(db_client: DbClient) -> None:
    """A release that waits for a checkout has it closed first; the time is not free yet.

    Cases: E-2.6, D-2
    """
    held = db_client.hold(TEN)
    checkout, _ = db_client.begin(db_client.checkout_call(held))
    _, release = db_client.start(db_client.release_call(held))
    checkout.commit()

    answer = release.result(10)
    assert (answer["released"], answer["effect"]["kind"]) == (False, "expire_session")
    assert db_client.owners() == [held.id]
    assert violations(db_client.database) == []


def test_twin_releases_a_payable_checkout(db_client: DbClient) -> None:
    """Without the booking's lock, the release would free a time that can be paid."""
    guardless.forget_booking_lock(db_client.database)
    held = db_client.hold(TEN)
    checkout, _ = db_client.begin(db_client.checkout_call(held))
    _, release = db_client.start(db_client.release_call(held))
    checkout.commit()

    assert release.result(10)["released"] is True
    assert any(line.startswith("I5") for line in violations(db_client.database))


def test_a_checkout_waits_for_the_release(db_client: DbClient) -> None:
    """A checkout that waits for a release is refused: the hold is over.

    Cases: D-1
    """
    held = db_client.hold(TEN)
    release, _ = db_client.begin(db_client.release_call(held))
    _, checkout = db_client.start(db_client.checkout_call(held))
    release.commit()

    assert refusal(checkout.exception(10)) == "KHEXP"
    assert violations(db_client.database) == []


def test_the_transition_guard_stays_the_judge_when_the_lock_is_forgotten(
    db_client: DbClient,
) -> None:
    """Without the booking's lock, a released hold still cannot become pending payment.

    Cases: P-2, P-10
    """
    guardless.forget_booking_lock(db_client.database)
    held = db_client.hold(TEN)
    release, _ = db_client.begin(db_client.release_call(held))
    _, checkout = db_client.start(db_client.checkout_call(held))
    release.commit()

    assert refusal(checkout.exception(10)) == "KHSTA"
    assert violations(db_client.database) == []


def test_releases_race(db_client: DbClient, race: Race) -> None:
    """Many releases of one hold at once are one release, and all succeed.

    Cases: P-10
    """
    held = db_client.hold(TEN)

    outcomes = race(db_client.racers([db_client.release_call(held)] * 8))

    assert refusals(outcomes) == []
    assert all(one["released"] for one in outcomes)
    assert violations(db_client.database) == []
