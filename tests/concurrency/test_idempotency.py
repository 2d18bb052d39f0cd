"""One key of one client has one effect, however many requests carry it at once."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.clients.db_client import Call, DbClient, refusal, refusals
from tests.harness.database import guardless
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

TEN = "2027-01-11T10:00:00Z"
CLASS = "2027-01-11T15:00:00Z"  # eight places, so that no request is refused for the time alone


def _same(db_client: DbClient, resource: dict[str, Any], start: str, **changes: Any) -> Call:
    """The same request each time, except for the id that our side proposes."""
    customer = {"name": "Grace", "email": "grace@example.com"}
    return db_client.hold_call(
        start, key="the-key", resource=resource, customer=customer, **changes
    )


def _bookings(db_client: DbClient) -> int:
    return int(db_client.database.value("select count(*) from core.bookings"))


@pytest.mark.parametrize("place", ["one place", "eight places"])
def test_one_key_raced_is_one_booking(db_client: DbClient, race: Race, place: str) -> None:
    """Of sixteen equal requests with one key, one makes the booking and all get it as the answer.

    Also when the first took the only place: the repeats do not get slot_taken.

    Cases: D-3, E-1.7
    Proves: ASVS 2.3.4, 15.4.2
    """
    resource, start = (db_client.tutor, TEN) if place == "one place" else (db_client.studio, CLASS)
    calls = [_same(db_client, resource, start) for _ in range(16)]

    outcomes = race(db_client.racers(calls))

    assert refusals(outcomes) == []
    assert len({one["id"] for one in outcomes}) == 1
    assert _bookings(db_client) == 1
    assert violations(db_client.database) == []


def test_a_repeat_waits_for_the_first_and_gets_its_answer(db_client: DbClient) -> None:
    """A repeat that arrives before the first is answered waits, and gets the same answer.

    Cases: D-3
    """
    first, booking = db_client.begin(_same(db_client, db_client.studio, CLASS))
    _, second = db_client.start(_same(db_client, db_client.studio, CLASS))
    first.commit()

    assert second.result(10) == booking
    assert violations(db_client.database) == []


def test_twin_without_the_fence_books_twice(db_client: DbClient) -> None:
    """Without the unique key, the repeat takes a second place."""
    guardless.forget_key_fence(db_client.database)
    first, booking = db_client.begin(_same(db_client, db_client.studio, CLASS))
    _, second = db_client.start(_same(db_client, db_client.studio, CLASS))
    first.commit()

    assert second.result(10)["id"] != booking["id"]
    assert any("one client key" in line for line in violations(db_client.database))


@pytest.mark.parametrize("place", ["one place", "eight places"])
def test_one_key_with_different_requests_is_one_booking(
    db_client: DbClient, race: Race, place: str
) -> None:
    """Of sixteen different requests with one key, one is answered and the others are refused.

    Cases: D-3
    """
    resource, start = (db_client.tutor, TEN) if place == "one place" else (db_client.studio, CLASS)
    calls = [_same(db_client, resource, start, notes=f"request {n}") for n in range(16)]

    outcomes = race(db_client.racers(calls))

    assert refusals(outcomes) == ["KHKEY"] * 15
    assert _bookings(db_client) == 1
    assert violations(db_client.database) == []


def test_another_request_waits_for_the_first_and_is_refused(db_client: DbClient) -> None:
    """A different request with a key that is in use waits, and is refused.

    Cases: D-3
    """
    first, _ = db_client.begin(_same(db_client, db_client.studio, CLASS))
    _, second = db_client.start(_same(db_client, db_client.studio, CLASS, notes="another"))
    first.commit()

    assert refusal(second.exception(10)) == "KHKEY"
    assert violations(db_client.database) == []


def test_the_key_of_a_failed_request_is_free_again(db_client: DbClient) -> None:
    """The key of a failed request is free again: the request that waited makes the booking.

    Cases: D-3, E-1.7
    """
    first, lost = db_client.begin(_same(db_client, db_client.studio, CLASS))
    _, second = db_client.start(_same(db_client, db_client.studio, CLASS, notes="another"))
    first.rollback()

    assert second.result(10)["id"] != lost["id"]
    assert _bookings(db_client) == 1
    assert violations(db_client.database) == []


def test_one_checkout_key_raced_is_one_checkout(db_client: DbClient, race: Race) -> None:
    """Of sixteen equal checkouts with one key, all get the same one.

    Cases: D-3, E-2.6
    """
    held = db_client.hold(TEN)
    calls = [db_client.checkout_call(held, key="the-key")] * 16

    outcomes = race(db_client.racers(calls))

    assert refusals(outcomes) == []
    assert len({one["checkout"]["id"] for one in outcomes}) == 1
    assert violations(db_client.database) == []


def test_one_checkout_key_with_different_addresses_is_one_checkout(
    db_client: DbClient, race: Race
) -> None:
    """A checkout key that is repeated with other addresses is refused, whichever came first.

    Cases: D-3
    """
    held = db_client.hold(TEN)
    calls = [
        db_client.checkout_call(held, key="the-key", cancel_url=f"https://studio.example/{n}")
        for n in range(8)
    ]

    outcomes = race(db_client.racers(calls))

    assert refusals(outcomes) == ["KHKEY"] * 7
    assert db_client.database.value("select count(*) from core.checkouts") == 1
    assert violations(db_client.database) == []
