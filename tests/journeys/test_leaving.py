"""Abandoned, released, or expired: the time is free again, but never while it can be paid."""

import pytest

from tests.harness.system.in_process import Answer, System
from tests.harness.system.problems import assert_problem
from tests.harness.system.setup import (
    TEN,
    minutes,
    open_sessions,
    raw_event,
    starts,
    stripe_refunds,
    take,
)


def _release(system: System, held: dict[str, str]) -> Answer:
    return system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])


@pytest.mark.parametrize("swept", [False, True])
def test_a_hold_that_runs_out_frees_its_time(system: System, *, swept: bool) -> None:
    """Five minutes unpaid: listed again, and can be held, with or without a sweep.

    Cases: D-1, E-6.3
    """
    held = system.hold(TEN)
    system.advance(minutes(4.9))
    assert TEN not in starts(system.slots())
    system.advance(minutes(0.2))
    if swept:
        assert system.sweep() == {"expired": 1, "closing": 0}

    assert TEN in starts(system.slots())
    assert system.confirmation(held)["status"] == "expired"
    assert_problem(system.begin_checkout(held), 410, "hold_expired")
    assert take(system, held)["status"] == "held"
    assert system.booking(held).status == "expired"


def test_a_sweep_has_nothing_to_do_twice(system: System) -> None:
    """Once swept, nothing is left; an early sweep takes nothing.

    Cases: P-1
    """
    system.hold()
    assert system.sweep() == {"expired": 0, "closing": 0}
    system.advance(minutes(6))

    assert system.sweep() == {"expired": 1, "closing": 0}
    assert system.sweep() == {"expired": 0, "closing": 0}


def test_an_abandoned_checkout_frees_its_time_once_it_cannot_be_paid(system: System) -> None:
    """The session expires at Stripe, and its event releases the time.

    Cases: D-2
    """
    held, session_id = system.checkout(system.hold(TEN))
    system.pay(session_id, "abandon")
    system.advance(minutes(30))
    assert TEN not in starts(system.slots())
    system.advance(minutes(2))
    system.double.state()  # time passes at Stripe, too
    answer = system.post_event(raw_event(system, "checkout.session.expired"))

    assert answer.body["result"] == "released"
    assert TEN in starts(system.slots())
    assert system.confirmation(held)["status"] == "expired"


def test_without_any_event_the_sweeps_free_the_time(system: System) -> None:
    """Without a webhook, the sweep has the session closed, and the outbox frees the time.

    Cases: D-2, E-2.6
    """
    held, _ = system.checkout(system.hold(TEN))
    system.advance(minutes(37))

    assert system.sweep() == {"expired": 0, "closing": 1}
    assert TEN not in starts(system.slots())  # not before Stripe has answered
    assert system.run_outbox() == {"delivered": 1}
    assert TEN in starts(system.slots())
    assert open_sessions(system, held) == []
    assert system.booking(held).status == "expired"


def test_paid_in_the_last_second_is_found_by_the_sweep(system: System) -> None:
    """Paid, but no webhook and no page: closing the checkout finds the payment and confirms.

    Cases: D-2, E-2.8
    """
    held, session_id = system.checkout()
    system.advance(minutes(30.9))
    system.pay(session_id)
    system.advance(minutes(10))
    system.sweep()
    system.run_outbox()

    assert system.booking(held).status == "scheduled"
    assert stripe_refunds(system, held) == []


def test_a_hold_given_back_is_free_at_once(system: System) -> None:
    """200, the time is listed, and releasing twice is releasing once.

    Cases: D-1
    """
    held = system.hold(TEN)
    first, again = _release(system, held), _release(system, held)

    assert (first.status, again.status) == (200, 200)
    assert first.body == again.body
    assert TEN in starts(system.slots())


def test_leaving_while_paying_closes_the_page_first(system: System) -> None:
    """The session is expired at Stripe, then the time is free and cannot be paid any more.

    Cases: E-2.6, D-2
    """
    held, _ = system.checkout(system.hold(TEN))
    answer = _release(system, held)

    assert (answer.status, answer.body["status"]) == (200, "expired")
    assert open_sessions(system, held) == []
    assert TEN in starts(system.slots())

    system.deliver_webhooks()

    assert system.booking(held).version == answer.body["version"]


def test_leaving_after_paying_is_too_late(system: System) -> None:
    """The payment came before the release: 409, and the booking is confirmed.

    Cases: E-2.8
    """
    held, session_id = system.checkout()
    system.pay(session_id)
    answer = _release(system, held)

    assert_problem(answer, 409, "already_paid")
    assert system.confirmation(held)["status"] == "confirmed"


def test_a_released_booking_cannot_be_paid(system: System) -> None:
    """A released time needs a new hold."""
    held = system.hold()
    _release(system, held)

    assert_problem(system.begin_checkout(held), 410, "hold_expired")
    assert system.confirmation(held)["status"] == "expired"
