"""Refunds: each state is shown as it is, and none is sent twice."""

from typing import Any

import pytest

from tests.harness.stripe.lost_times import paid_too_late
from tests.harness.system.in_process import System
from tests.harness.system.setup import minutes, raw_events, stripe_refunds


@pytest.fixture
def held(system: System) -> dict[str, Any]:
    """A booking that was paid after another customer got its time; the refund is queued, not yet
    sent.
    """
    booking = paid_too_late(system)
    assert system.confirmation(booking)["status"] == "refunding"
    return booking


def _refund_row(system: System) -> tuple[str, int]:
    row = system.database.one(
        "select r.status, p.amount_refunded from core.refunds as r"
        " join core.payments as p on p.id = r.payment_id"
    )
    return row.status, row.amount_refunded


def _tell(system: System, *types: str) -> list[str]:
    """Deliver Stripe's events of these types; returns their results."""
    return [
        system.post_event(event).body["result"]
        for type_ in types
        for event in raw_events(system, type_)
    ]


def test_a_refund_that_takes_its_time(system: System, held: dict[str, Any]) -> None:
    """Queued, pending at the bank, succeeded: "refunding" until it has really happened.

    Cases: D-2, E-2.8
    """
    system.double.refunds_start_as("pending")
    system.run_outbox()
    (refund,) = stripe_refunds(system, held)

    assert system.confirmation(held)["status"] == "refunding"
    assert _refund_row(system) == ("pending", 4500)

    system.double.move_refund(refund["id"], "succeeded")
    assert _tell(system, "refund.updated") == ["recorded"]

    assert system.confirmation(held)["status"] == "refunded"
    assert _refund_row(system) == ("succeeded", 4500)


def test_a_refund_that_fails_is_not_called_refunded(system: System, held: dict[str, Any]) -> None:
    """The bank refuses it: the money is still with us, and the booking says so.

    Cases: D-2, E-2.3
    """
    system.double.refunds_start_as("pending")
    system.run_outbox()
    (refund,) = stripe_refunds(system, held)
    system.double.move_refund(refund["id"], "failed")
    assert "recorded" in _tell(system, "refund.updated", "refund.failed")
    told = system.confirmation(held)

    assert (told["status"], told["reason"]) == ("expired", "time_lost")
    assert told["booking"]["payment_status"] == "paid"
    assert _refund_row(system) == ("failed", 0)
    assert system.double.state()["refunded"] == {}


def test_a_refund_that_comes_back_from_the_bank(system: System, held: dict[str, Any]) -> None:
    """Succeeded, then failed weeks later: the booking says paid again.

    Cases: E-2.3
    """
    system.run_outbox()
    (refund,) = stripe_refunds(system, held)
    assert system.confirmation(held)["status"] == "refunded"

    system.double.move_refund(refund["id"], "failed")
    _tell(system, "refund.failed", "refund.updated")
    told = system.confirmation(held)

    assert told["status"] != "refunded"
    assert told["booking"]["payment_status"] == "paid"


def test_late_news_does_not_undo_a_refund(system: System, held: dict[str, Any]) -> None:
    """ "Pending" delivered after "succeeded" changes nothing.

    Cases: E-2.2
    """
    system.double.refunds_start_as("pending")
    system.run_outbox()
    (refund,) = stripe_refunds(system, held)
    system.double.move_refund(refund["id"], "succeeded")
    _tell(system, "refund.updated", "refund.created")

    assert _refund_row(system) == ("succeeded", 4500)
    assert system.confirmation(held)["status"] == "refunded"


def test_an_event_may_overtake_our_own_answer(system: System, held: dict[str, Any]) -> None:
    """The refund was made, its answer lost: the event reports it, and no other is made.

    Cases: E-2.2, E-2.3
    """
    system.double.faults.add("timeout_after", path="/v1/refunds", method="POST", times=2)
    system.run_outbox()
    assert _tell(system, "refund.created") == ["recorded"]
    assert system.confirmation(held)["status"] == "refunded"

    system.advance(minutes(5))
    system.run_outbox()

    assert len(stripe_refunds(system, held)) == 1
    assert _refund_row(system) == ("succeeded", 4500)


def test_after_a_day_a_refund_is_looked_up_not_sent_again(
    system: System, held: dict[str, Any]
) -> None:
    """Stripe has forgotten the key of a refund whose answer was lost: it is found by its row.

    Cases: E-2.3
    """
    system.double.faults.add("timeout_after", path="/v1/refunds", method="POST", times=2)
    system.run_outbox()
    system.advance(minutes(60 * 30))
    system.run_outbox()

    assert len(stripe_refunds(system, held)) == 1
    assert system.confirmation(held)["status"] == "refunded"


def test_a_refund_made_in_the_dashboard_is_not_made_again(
    system: System, held: dict[str, Any]
) -> None:
    """It was already refunded by hand: no second refund, and the effect is dead, for an operator.

    Cases: E-2.3
    """
    (payment,) = system.double.state()["payments"]
    with system.double.operation() as ctx:
        from dev.stripe_double import refunds  # noqa: PLC0415 what Stripe's dashboard would do

        refunds.create(ctx, {"payment_intent": payment["id"]})
    system.run_outbox()

    assert system.double.state()["refunded"] == {"GBP": 4500}
    assert system.database.value("select state from core.effects where refund_id is not null") == (
        "dead"
    )
