"""Paid after the time was lost: taken again if it is free, otherwise refunded once, with the
reason.
"""

from typing import Any

import pytest

from tests.harness.stripe.lost_times import lose_time
from tests.harness.system.in_process import System
from tests.harness.system.setup import (
    TEN,
    minutes,
    raw_event,
    raw_events,
    starts,
    stripe_refunds,
    take,
)

COMPLETED = "checkout.session.completed"


@pytest.fixture
def held(system: System) -> dict[str, Any]:
    """A booking at ten whose payment page is open."""
    booking, _ = system.checkout(system.hold(TEN))
    return booking


def _completed(system: System, held: dict[str, Any]) -> bytes:
    """The completed event of one booking's session."""
    (found,) = (e for e in raw_events(system, COMPLETED) if held["id"].encode() in e)
    return found


def _pay_late(system: System, held: dict[str, Any]) -> str:
    system.pay(system.session_id(held))
    return str(system.post_event(raw_event(system, COMPLETED)).body["result"])


def test_a_time_that_is_still_free_is_taken_again(system: System, held: dict[str, Any]) -> None:
    """No other customer has it: confirmed after all.

    Cases: D-2
    """
    lose_time(system, held)
    assert TEN in starts(system.slots())

    assert _pay_late(system, held) == "confirmed"
    told = system.confirmation(held)

    assert (told["status"], told["reason"]) == ("confirmed", None)
    assert TEN not in starts(system.slots())
    assert stripe_refunds(system, held) == []
    reason = system.database.value(
        "select reason from audit.booking_events where booking_id = %s"
        " order by version desc limit 1",
        held["id"],
    )
    assert reason == "paid late; the time was still free"


def test_a_stale_hold_in_the_way_does_not_cost_the_payer(
    system: System, held: dict[str, Any]
) -> None:
    """Another hold of it has expired but was not swept: the late payment takes the time.

    Cases: D-2, D-1
    """
    lose_time(system, held)
    stale = take(system, held)
    system.advance(minutes(6))

    assert _pay_late(system, held) == "confirmed"
    assert system.booking(stale).status == "expired"


@pytest.mark.parametrize("how", ["held", "paid"])
def test_a_time_that_another_has_is_refunded_once(
    system: System, held: dict[str, Any], how: str
) -> None:
    """Another customer has it: one refund, with its reason; the other booking is not affected.

    Cases: D-2
    """
    lose_time(system, held)
    taker = take(system, held)
    if how == "paid":
        _, session_id = system.checkout(taker)
        system.pay(session_id)
        system.deliver_webhooks()
    before = system.booking(taker)
    system.pay(system.session_id(held))
    event = _completed(system, held)
    results = [system.post_event(event).body["result"] for _ in range(2)]
    told = system.confirmation(held)

    assert results == ["refunding", "duplicate"]
    assert (told["status"], told["reason"]) == ("refunding", "time_lost")
    assert told["booking"]["payment_status"] == "paid"

    for _ in range(3):
        system.run_outbox()
        system.deliver_webhooks()
        system.advance(minutes(1))
    told = system.confirmation(held)

    assert (told["status"], told["reason"]) == ("refunded", "time_lost")
    assert told["booking"]["payment_status"] == "refunded"
    assert [refund["amount"] for refund in stripe_refunds(system, held)] == [4500]
    assert system.booking(taker) == before


def test_a_time_that_has_begun_is_of_no_use(system: System, held: dict[str, Any]) -> None:
    """Free, but past: refunded.

    Cases: D-2, E-6.3
    """
    system.pay(system.session_id(held))
    event = raw_event(system, COMPLETED)
    lose_time(system, held)
    system.advance(minutes(60 * 5))

    assert system.post_event(event).body["result"] == "refunding"
    assert system.confirmation(held)["reason"] == "time_lost"


def test_what_the_customer_gave_back_stays_given_back(system: System, held: dict[str, Any]) -> None:
    """Released, then paid in a forgotten tab: the money is refunded, and the time stays free.

    Cases: D-2, E-2.6
    """
    lose_time(system, held, close_reason="released")

    assert _pay_late(system, held) == "refunding"
    system.run_outbox()
    told = system.confirmation(held)

    assert (told["status"], told["reason"]) == ("refunded", "released")
    assert TEN in starts(system.slots())


def test_a_second_payment_of_one_booking_goes_back(system: System, held: dict[str, Any]) -> None:
    """Two sessions were paid in spite of everything: one confirms, the other is refunded.

    Cases: E-2.6, E-2.2
    """
    first = system.session_id(held)
    system.database.execute("update core.checkouts set state = 'expired'")
    system.begin_checkout(held, cancel_url="https://studio.example/elsewhere")
    second = system.session_id(held)
    assert first != second
    system.pay(first)
    system.pay(second)
    results = [
        system.post_event(event).body["result"] for event in reversed(raw_events(system, COMPLETED))
    ]
    system.run_outbox()
    told = system.confirmation(held)

    assert sorted(results) == ["confirmed", "refunding"]
    assert (told["status"], told["booking"]["payment_status"]) == ("confirmed", "paid")
    assert [refund["metadata"]["reason"] for refund in stripe_refunds(system, held)] == [
        "duplicate_payment"
    ]
    assert system.double.state()["captured"] == {"GBP": 9000}
    assert system.double.state()["refunded"] == {"GBP": 4500}
