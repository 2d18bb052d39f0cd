"""From a free time to a confirmed booking, and what can happen on the way."""

import pytest

from tests.harness.database.digests import digests
from tests.harness.system.in_process import System
from tests.harness.system.problems import assert_problem
from tests.harness.system.setup import (
    TEN,
    minutes,
    open_sessions,
    raw_event,
    raw_events,
    sessions,
    starts,
)

COMPLETED = "checkout.session.completed"


def test_hold_checkout_pay_webhook_confirmed(system: System) -> None:
    """The whole story: a listed time is held, paid, and confirmed by the webhook.

    Cases: D-1, E-2.2, P-1
    """
    assert TEN in starts(system.slots())
    held = system.hold(TEN)
    assert TEN not in starts(system.slots())

    begun = system.begin_checkout(held)
    session_id = system.session_id(held)
    assert begun.body["checkout_url"] == sessions(system, held)[0]["url"]
    assert system.confirmation(held)["status"] == "processing"

    system.pay(session_id)
    assert set(system.deliver_webhooks()) == {200}
    told = system.confirmation(held)

    assert told["status"] == "confirmed"
    assert told["reason"] is None
    assert told["booking"]["status"] == "scheduled"
    assert told["booking"]["payment_status"] == "paid"
    assert told["booking"]["hold_expires_at"] is None
    assert TEN not in starts(system.slots())
    assert system.double.state()["captured"] == {"GBP": 4500}


def test_the_page_asks_stripe_before_the_webhook_comes(system: System) -> None:
    """Redirect first, webhook later: the page shows "confirmed" at once, the event adds nothing.

    Cases: E-2.8, E-2.2
    """
    held, session_id = system.checkout()
    system.pay(session_id)

    assert system.confirmation(held)["status"] == "confirmed"

    bookkeeping = ("core.stripe_events", "core.checkouts")
    before = digests(system.database, without=bookkeeping)
    answer = system.post_event(raw_event(system, COMPLETED))

    assert (answer.status, answer.body["result"]) == (200, "unchanged")
    assert digests(system.database, without=bookkeeping) == before
    assert system.confirmation(held)["status"] == "confirmed"


def test_the_webhook_comes_before_the_page_asks(system: System) -> None:
    """Webhook first: the page shows it confirmed without asking Stripe.

    Cases: E-2.8
    """
    held, session_id = system.checkout()
    system.pay(session_id)
    system.post_event(raw_event(system, COMPLETED))
    system.double.faults.add("refuse", path="/v1/*", times=None)

    assert system.confirmation(held)["status"] == "confirmed"


def test_the_page_asks_before_anything_was_paid(system: System) -> None:
    """Held, opened, not paid: the true state at each step, and asking changes nothing.

    Cases: E-2.8
    """
    held = system.hold()
    assert system.confirmation(held)["status"] == "held"
    system.checkout(held)
    asked = ("core.checkouts",)  # when Stripe was asked
    before = digests(system.database, without=asked)

    for _ in range(3):
        assert system.confirmation(held)["status"] == "processing"
        system.advance(minutes(0.1))
    assert digests(system.database, without=asked) == before


@pytest.mark.parametrize(
    "order", ["webhook twice", "page, webhook", "webhook, page", "sweep first"]
)
def test_every_order_ends_the_same(system: System, order: str) -> None:
    """In whatever order and however often the news comes: one payment, one confirmed booking.

    Cases: E-2.2, E-2.8
    """
    held, session_id = system.checkout()
    system.pay(session_id)
    event = raw_event(system, COMPLETED)
    if order == "webhook twice":
        results = [system.post_event(event).body["result"] for _ in range(2)]
        assert results == ["confirmed", "duplicate"]
    elif order == "page, webhook":
        system.confirmation(held)
        system.post_event(event)
    elif order == "webhook, page":
        system.post_event(event)
        system.confirmation(held)
    else:
        system.advance(minutes(37))
        system.sweep()
        system.run_outbox()
        system.post_event(event)

    assert system.confirmation(held)["status"] == "confirmed"
    assert system.database.value("select count(*) from core.payments") == 1
    assert system.database.value("select count(*) from core.refunds") == 0
    assert system.booking(held).version == (4 if order == "sweep first" else 3)


def test_two_events_of_one_payment_are_one_fact(system: System) -> None:
    """Stripe may report the same thing in two events: the second finds the payment recorded.

    Cases: E-2.2
    """
    held, session_id = system.checkout()
    system.pay(session_id)
    event = raw_event(system, COMPLETED)
    twin = event.replace(b'"evt_', b'"evt_twin', 1)
    results = [system.post_event(each).body["result"] for each in (event, twin)]

    assert results == ["confirmed", "unchanged"]
    assert system.database.value("select count(*) from core.payments") == 1
    assert system.booking(held).version == 3


def test_events_in_reverse_order_end_the_same(system: System) -> None:
    """A payment after a declined card, all events delivered backwards.

    Cases: E-2.2
    """
    held, session_id = system.checkout()
    system.pay(session_id, "decline")
    system.pay(session_id)
    for event in reversed(raw_events(system)):
        assert system.post_event(event).status == 200

    assert system.confirmation(held)["status"] == "confirmed"


def test_a_declined_card_and_then_a_good_one(system: System) -> None:
    """After a refused card, the same page takes the next one."""
    held, session_id = system.checkout()
    system.pay(session_id, "decline")
    system.deliver_webhooks()
    assert system.confirmation(held)["status"] == "processing"
    assert open_sessions(system, held) == [session_id]

    system.pay(session_id)
    system.deliver_webhooks()

    assert system.confirmation(held)["status"] == "confirmed"
    assert system.double.state()["captured"] == {"GBP": 4500}


def test_a_confirmed_booking_cannot_be_paid_again(system: System) -> None:
    """Another checkout of a paid booking is refused, with whatever addresses.

    Cases: E-2.6
    """
    held = system.paid()
    for addresses in ({}, {"cancel_url": "https://studio.example/elsewhere"}):
        assert_problem(system.begin_checkout(held, **addresses), 409, "illegal_state")

    assert len(sessions(system, held)) == 1


def test_a_confirmed_booking_is_not_released_as_a_hold(system: System) -> None:
    """What is paid is cancelled, not released: 409, and it stays confirmed.

    Proves: ASVS 2.3.1
    """
    held = system.paid()
    answer = system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])

    assert_problem(answer, 409, "illegal_state")
    assert system.confirmation(held)["status"] == "confirmed"


def test_the_customer_reads_the_right_thing_on_the_payment_page(system: System) -> None:
    """Offering, resource, local time, e-mail and the exact amount reach Stripe as frozen.

    Cases: A-1
    """
    held, session_id = system.checkout()
    (document,) = system.double.documents("checkout.session")
    (item,) = document.private["line_items"]

    assert document.id == session_id
    assert document.body["customer_email"] == "grace@example.com"
    assert (document.body["amount_total"], document.body["currency"]) == (4500, "gbp")
    assert item["quantity"] == 1
    assert "Single lesson · Ada Lovelace, maths tutor" in str(item)
    assert document.body["metadata"]["booking_id"] == held["id"]
