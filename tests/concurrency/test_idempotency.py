"""One key of one client has one effect, however many requests carry it at the same time."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.clients.desk import Call, Desk, refusal, refusals
from tests.harness.database import twins
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

TEN = "2027-01-11T10:00:00Z"
CLASS = "2027-01-11T15:00:00Z"  # eight places, so that time alone refuses nobody


def _same(desk: Desk, resource: dict[str, Any], start: str, **changes: Any) -> Call:
    """The same request each time, except for the id that our own side proposes."""
    customer = {"name": "Grace", "email": "grace@example.com"}
    return desk.hold_call(start, key="the-key", resource=resource, customer=customer, **changes)


def _bookings(desk: Desk) -> int:
    return int(desk.database.value("select count(*) from core.bookings"))


@pytest.mark.parametrize("place", ["one place", "eight places"])
def test_one_key_raced_is_one_booking(desk: Desk, race: Race, place: str) -> None:
    """Of sixteen equal requests with one key, one makes the booking and all get it as answer.

    Also when the first has taken the only place there is: its twins are not told it is taken.

    Cases: D-3, E-1.7
    Proves: ASVS 2.3.4, 15.4.2
    """
    resource, start = (desk.tutor, TEN) if place == "one place" else (desk.studio, CLASS)
    calls = [_same(desk, resource, start) for _ in range(16)]

    outcomes = race(desk.racers(calls))

    assert refusals(outcomes) == []
    assert len({one["id"] for one in outcomes}) == 1
    assert _bookings(desk) == 1
    assert violations(desk.database) == []


def test_a_repeat_waits_for_the_first_and_gets_its_answer(desk: Desk) -> None:
    """A repeated request that overtakes the answer of the first waits and gets the same.

    Cases: D-3
    """
    first, booking = desk.begin(_same(desk, desk.studio, CLASS))
    _, second = desk.start(_same(desk, desk.studio, CLASS))
    first.commit()

    assert second.result(10) == booking
    assert violations(desk.database) == []


def test_twin_without_the_fence_books_twice(desk: Desk) -> None:
    """Without the unique key, the repetition takes a second place."""
    twins.forget_key_fence(desk.database)
    first, booking = desk.begin(_same(desk, desk.studio, CLASS))
    _, second = desk.start(_same(desk, desk.studio, CLASS))
    first.commit()

    assert second.result(10)["id"] != booking["id"]
    assert any("one client key" in line for line in violations(desk.database))


@pytest.mark.parametrize("place", ["one place", "eight places"])
def test_one_key_with_different_requests_is_one_booking(desk: Desk, race: Race, place: str) -> None:
    """Of sixteen different requests with one key, one is answered and the others are refused.

    Cases: D-3
    """
    resource, start = (desk.tutor, TEN) if place == "one place" else (desk.studio, CLASS)
    calls = [_same(desk, resource, start, notes=f"request {n}") for n in range(16)]

    outcomes = race(desk.racers(calls))

    assert refusals(outcomes) == ["KHKEY"] * 15
    assert _bookings(desk) == 1
    assert violations(desk.database) == []


def test_another_request_waits_for_the_first_and_is_refused(desk: Desk) -> None:
    """A different request with the key of one at work waits, and is not answered with its booking.

    Cases: D-3
    """
    first, _ = desk.begin(_same(desk, desk.studio, CLASS))
    _, second = desk.start(_same(desk, desk.studio, CLASS, notes="another"))
    first.commit()

    assert refusal(second.exception(10)) == "KHKEY"
    assert violations(desk.database) == []


def test_the_key_of_a_failed_request_is_free_again(desk: Desk) -> None:
    """A key whose request came to nothing stands for nothing: the one that waited makes it.

    Cases: D-3, E-1.7
    """
    first, lost = desk.begin(_same(desk, desk.studio, CLASS))
    _, second = desk.start(_same(desk, desk.studio, CLASS, notes="another"))
    first.rollback()

    assert second.result(10)["id"] != lost["id"]
    assert _bookings(desk) == 1
    assert violations(desk.database) == []


def test_one_checkout_key_raced_is_one_checkout(desk: Desk, race: Race) -> None:
    """Of sixteen equal checkouts with one key, all get the same one.

    Cases: D-3, E-2.6
    """
    held = desk.hold(TEN)
    calls = [desk.checkout_call(held, key="the-key")] * 16

    outcomes = race(desk.racers(calls))

    assert refusals(outcomes) == []
    assert len({one["checkout"]["id"] for one in outcomes}) == 1
    assert violations(desk.database) == []


def test_one_checkout_key_with_different_addresses_is_one_checkout(desk: Desk, race: Race) -> None:
    """A checkout key that comes with other addresses is refused, whoever was first.

    Cases: D-3
    """
    held = desk.hold(TEN)
    calls = [
        desk.checkout_call(held, key="the-key", cancel_url=f"https://studio.example/{n}")
        for n in range(8)
    ]

    outcomes = race(desk.racers(calls))

    assert refusals(outcomes) == ["KHKEY"] * 7
    assert desk.database.value("select count(*) from core.checkouts") == 1
    assert violations(desk.database) == []
