"""Carts and series over HTTP: several times, one hold, one payment."""

from typing import Any
from uuid import uuid4

import pytest

from tests.harness.database.digests import digests
from tests.harness.laws.invariants import violations
from tests.harness.stripe.lost_times import lose_time
from tests.harness.system.in_process import System
from tests.harness.system.problems import assert_problem, refused
from tests.harness.system.setup import TEN, minutes, raw_event, sessions, starts, stripe_refunds

COMPLETED = "checkout.session.completed"
CUSTOMER = {"name": "Grace Hopper", "email": "grace@example.com"}
LATER = "2030-01-07T14:00:00Z"


def _item(system: System, starts_at: str, **fields: Any) -> dict[str, Any]:
    body = system.hold_body(starts_at) | fields
    return {name: value for name, value in body.items() if name != "customer"}


def _cart(system: System, *items: dict[str, Any]) -> dict[str, Any]:
    return {"items": list(items), "customer": CUSTOMER}


def _hold(system: System, body: dict[str, Any]) -> dict[str, Any]:
    answer = system.request("POST", "/v1/holds", body)
    assert answer.status == 201, answer
    held: dict[str, Any] = answer.body
    return held


@pytest.fixture
def held(system: System) -> dict[str, Any]:
    """Two lessons of one day in one hold."""
    return _hold(system, _cart(system, _item(system, TEN), _item(system, LATER)))


def _statuses(system: System, held: dict[str, Any]) -> list[str]:
    """The state of each booking, as its customer sees it."""
    return [system.confirmation(held | {"id": each["id"]})["status"] for each in held["bookings"]]


def test_a_cart_is_paid_with_one_checkout(system: System, held: dict[str, Any]) -> None:
    """One page asks for the sum of all lines; the webhook confirms every lesson."""
    assert not {TEN, LATER} & set(starts(system.slots()))

    _, session_id = system.checkout(held)
    (session,) = sessions(system, held)
    system.pay(session_id)
    system.deliver_webhooks()

    assert session["amount_total"] == held["total"]["amount"] == 9000
    assert system.double.state()["captured"] == {"GBP": 9000}
    assert _statuses(system, held) == ["confirmed", "confirmed"]
    ids = [each["id"] for each in held["bookings"]]
    assert system.confirmation(held)["booking"]["cart"]["booking_ids"] == ids
    assert violations(system.database, system.double, quiescent=True) == []


def test_the_page_of_a_later_lesson_asks_stripe_as_well(
    system: System, held: dict[str, Any]
) -> None:
    """Before the webhook, the confirmation of any of them finds that all are paid."""
    _, session_id = system.checkout(held)
    system.pay(session_id)

    assert _statuses(system, held)[::-1] == ["confirmed", "confirmed"]
    assert violations(system.database, system.double) == []


def test_a_series_is_released_as_one(system: System) -> None:
    """Its page is closed at Stripe first; then every week is free again.

    Cases: E-6.1
    """
    held = _hold(system, system.hold_body(TEN, repeat={"weeks": 4}))
    system.checkout(held)

    answer = system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])

    assert (answer.status, answer.body["status"]) == (200, "expired")
    assert [session["status"] for session in sessions(system, held)] == ["expired"]
    assert _statuses(system, held) == ["expired"] * 4
    weeks = [each["starts_at"] for each in held["bookings"]]
    free = starts(system.slots(query="&from=2030-01-07T00:00:00Z&to=2030-02-04T00:00:00Z"))
    assert set(weeks) <= set(free)
    assert violations(system.database, system.double) == []


def test_a_late_payment_of_a_cart_that_lost_one_time_goes_back(
    system: System, held: dict[str, Any]
) -> None:
    """Another customer has one lesson: the whole sum is refunded, once, with the reason.

    Cases: D-2
    """
    _, session_id = system.checkout(held)
    lose_time(system, held)
    other = system.hold(LATER, customer={"name": "Alan Turing", "email": "alan@example.com"})

    system.pay(session_id)
    assert system.post_event(raw_event(system, COMPLETED)).body["result"] == "refunding"
    system.run_outbox()
    system.deliver_webhooks()

    assert [refund["amount"] for refund in stripe_refunds(system, held)] == [9000]
    assert _statuses(system, held) == ["refunded", "refunded"]
    assert system.confirmation(held)["reason"] == "time_lost"
    assert TEN in starts(system.slots())
    assert system.confirmation(other)["status"] == "held"
    assert violations(system.database, system.double) == []


def test_an_abandoned_cart_is_free_after_its_time(system: System, held: dict[str, Any]) -> None:
    """Unpaid and not swept: both times can be held again, one by one."""
    system.advance(minutes(6))

    assert {TEN, LATER} <= set(starts(system.slots()))
    assert system.hold(LATER)["status"] == "held"
    assert _statuses(system, held) == ["expired", "expired"]
    assert violations(system.database, system.double) == []


def test_a_conflict_is_reported_item_by_item(system: System) -> None:
    """The problem document names the item with its own alternatives; nothing is held.

    Cases: E-5.2
    """
    system.hold(LATER)

    answer = refused(
        system,
        lambda: system.request(
            "POST", "/v1/holds", _cart(system, _item(system, TEN), _item(system, LATER))
        ),
        409,
        "slot_taken",
    )

    (conflict,) = answer.body["conflicts"]
    assert (conflict["item"], conflict["starts_at"]) == (2, LATER)
    assert conflict["alternatives"] == answer.body["alternatives"]


def test_a_repeated_cart_is_the_same_cart(system: System) -> None:
    """One key, one cart, one secret; with other items the key is refused."""
    body, key = _cart(system, _item(system, TEN), _item(system, LATER)), str(uuid4())
    first = system.request("POST", "/v1/holds", body, idempotency_key=key)
    before = digests(system.database)

    again = system.request("POST", "/v1/holds", body, idempotency_key=key)
    other = system.request(
        "POST", "/v1/holds", _cart(system, _item(system, TEN)), idempotency_key=key
    )

    assert (again.status, again.body) == (first.status, first.body)
    assert_problem(other, 422, "idempotency_key_reused")
    assert digests(system.database) == before
