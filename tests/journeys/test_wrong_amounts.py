"""Only the frozen price confirms: another amount is refunded."""

from typing import Any

import pytest

from tests.harness.system.in_process import System
from tests.harness.system.setup import TEN, minutes, raw_event, starts, stripe_refunds

COMPLETED = "checkout.session.completed"
WRONG = {
    "too little": {"unit_amount": 4400},
    "too much": {"unit_amount": 4501},
    "another currency": {"currency": "usd"},
}


def _session_at(system: System, held: dict[str, Any], price: dict[str, Any]) -> str:
    """A session at Stripe with another price, as a fault of ours might make it."""
    system.double.faults.add("refuse", path="/v1/*", times=2)
    assert system.begin_checkout(held, idempotency_key="c-1").status == 503
    for name, value in price.items():
        system.database.execute(
            "update core.checkouts set parameters = jsonb_set(parameters,"
            " array['line_items', '0', 'price_data', %s::text], to_jsonb(%s::"
            + ("bigint" if isinstance(value, int) else "text")
            + ")) where booking_id = %s",
            name,
            value,
            held["id"],
        )
    assert system.begin_checkout(held, idempotency_key="c-1").status == 200
    return system.session_id(held)


@pytest.mark.parametrize("price", WRONG.values(), ids=WRONG)
def test_a_wrong_amount_is_quarantined_and_refunded_once(
    system: System, price: dict[str, Any]
) -> None:
    """Another amount or currency than the frozen one: never confirmed, refunded in full, exactly
    once.

    Cases: A-1, E-10.5
    Proves: ASVS 16.5.3, API10:2023
    """
    held = system.hold(TEN)
    session_id = _session_at(system, held, price)
    system.pay(session_id)
    event = raw_event(system, COMPLETED)
    results = [system.post_event(each).body["result"] for each in (event, event)]
    twin = system.post_event(event.replace(b'"evt_', b'"evt_twin', 1)).body["result"]
    told = system.confirmation(held)

    assert results == ["refunding", "duplicate"]
    assert twin == "unchanged"
    assert (told["status"], told["reason"]) == ("refunding", "amount_mismatch")
    payment = system.database.one("select status, amount, currency from core.payments")
    paid = (price.get("unit_amount", 4500), price.get("currency", "gbp").upper())
    assert payment == ("quarantined", *paid)

    for _ in range(2):
        system.run_outbox()
        system.deliver_webhooks()
        system.advance(minutes(2))
    told = system.confirmation(held)
    (refund,) = stripe_refunds(system, held)

    assert (refund["amount"], refund["currency"].upper()) == paid
    assert (told["status"], told["reason"]) == ("refunded", "amount_mismatch")
    assert told["booking"]["payment_status"] == "refunded"
    assert TEN in starts(system.slots())


def test_the_page_is_as_strict_as_the_webhook(system: System) -> None:
    """Settled by asking Stripe instead of by an event: the same comparison.

    Cases: A-1, E-2.8
    """
    held = system.hold()
    system.pay(_session_at(system, held, {"unit_amount": 100}))

    assert system.confirmation(held)["status"] == "refunding"
    system.run_outbox()
    assert system.confirmation(held)["status"] == "refunded"
    assert system.double.state()["refunded"] == {"GBP": 100}


@pytest.mark.parametrize("price", [9900, 4400])
def test_a_price_that_changes_after_the_hold_is_not_charged(system: System, price: int) -> None:
    """The catalogue changes while the customer pays: the price of the hold is what is paid.

    Cases: E-10.5, A-1, P-2
    Proves: ASVS 2.3.1
    """
    held = system.hold(TEN)
    system.database.execute(
        "update core.prices set amount = %s where offering_id = %s", price, held["offering_id"]
    )
    booking, session_id = system.checkout(held)
    (session,) = system.double.documents("checkout.session")
    system.pay(session_id)
    system.post_event(raw_event(system, COMPLETED))

    assert session.body["amount_total"] == 4500
    assert system.confirmation(booking)["status"] == "confirmed"
    assert system.double.state()["captured"] == {"GBP": 4500}
    assert system.booking(held).rate_locked_at == system.booking(held).created_at

    later = system.hold("2030-01-07T14:00:00Z")

    assert later["price"] == {"amount": price, "currency": "GBP"}


def test_a_tier_has_its_own_price(system: System) -> None:
    """The premium class is charged at the premium price.

    Cases: P-2
    """
    offering = system.studio["offerings"][0]["id"]
    held = system.hold(
        "2030-01-07T14:00:00Z",
        resource_id=system.studio["id"],
        offering_id=offering,
        tier="premium",
    )
    system.paid(held)

    assert held["price"] == {"amount": 3500, "currency": "USD"}
    assert system.confirmation(held)["status"] == "confirmed"
    assert system.double.state()["captured"] == {"USD": 3500}
