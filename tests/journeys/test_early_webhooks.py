"""Early events: the payment arrives before its session is known here."""

import pytest

from tests.harness.system.in_process import System
from tests.harness.system.problems import assert_problem
from tests.harness.system.setup import changed, raw_event, sessions, stripe_refunds

COMPLETED = "checkout.session.completed"


@pytest.fixture
def held(system: System) -> dict[str, str]:
    """A booking whose session was made at Stripe, but whose answer was lost."""
    booking = system.hold()
    system.double.faults.add("timeout_after", path="/v1/checkout/sessions", method="POST", times=2)
    assert_problem(system.begin_checkout(booking, idempotency_key="c-1"), 503, "unavailable")
    row = system.database.one("select state, stripe_session_id from core.checkouts")
    assert row == ("creating", None)
    return booking


def test_a_payment_is_taken_in_before_its_session_is_known(
    system: System, held: dict[str, str]
) -> None:
    """The completed event comes while the checkout is still being made: confirmed all the same.

    Cases: E-2.2, E-2.8
    """
    (session,) = sessions(system, held)
    system.pay(session["id"])
    event = raw_event(system, COMPLETED)
    results = [system.post_event(event).body["result"] for _ in range(2)]

    assert results == ["confirmed", "duplicate"]
    assert system.confirmation(held)["status"] == "confirmed"
    assert system.session_id(held) == session["id"]


def test_the_repeat_after_an_early_payment_makes_no_other_session(
    system: System, held: dict[str, str]
) -> None:
    """The client repeats its request after the payment was settled: 409, one session, one payment.

    Cases: E-2.2, E-2.6
    """
    (session,) = sessions(system, held)
    system.pay(session["id"])
    system.post_event(raw_event(system, COMPLETED))
    again = system.begin_checkout(held, idempotency_key="c-1")

    assert_problem(again, 409, "illegal_state")
    assert len(sessions(system, held)) == 1
    assert stripe_refunds(system, held) == []


def test_the_repeat_gets_the_session_that_was_made(system: System, held: dict[str, str]) -> None:
    """Without an event yet, the same key at Stripe gets the same session.

    Cases: E-2.6
    """
    again = system.begin_checkout(held, idempotency_key="c-1")
    (session,) = sessions(system, held)

    assert (again.status, again.body["checkout_url"]) == (200, session["url"])


def test_the_page_tells_the_truth_about_a_session_it_does_not_know(
    system: System, held: dict[str, str]
) -> None:
    """Paid, but no session is attached yet: "processing", until the event comes.

    Cases: E-2.8
    """
    (session,) = sessions(system, held)
    system.pay(session["id"])
    assert system.confirmation(held)["status"] == "processing"
    system.post_event(raw_event(system, COMPLETED))

    assert system.confirmation(held)["status"] == "confirmed"


def test_leaving_closes_a_session_we_never_heard_of(system: System, held: dict[str, str]) -> None:
    """Released with the session unknown: it is found by its key and expired, and the time is free.

    Cases: E-2.6, D-2
    """
    answer = system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])
    (session,) = sessions(system, held)

    assert (answer.status, answer.body["status"]) == (200, "expired")
    assert session["status"] == "expired"


def test_the_sweeps_find_a_payment_of_an_unknown_session(
    system: System, held: dict[str, str]
) -> None:
    """Neither answer nor event ever came: the sweeps find the session, and that it was paid.

    Cases: D-2, E-2.2
    """
    (session,) = sessions(system, held)
    system.pay(session["id"])
    system.advance(system.booking(held).hold_expires_at - system.database.clock.now())
    system.sweep()
    system.run_outbox()

    assert system.booking(held).status == "scheduled"


def test_a_strangers_session_cannot_pose_as_ours(system: System, held: dict[str, str]) -> None:
    """In a payment link anyone can choose the reference, but not our metadata: unknown.

    Cases: A-1, E-2.2
    """
    (session,) = sessions(system, held)
    system.pay(session["id"])
    event = raw_event(system, COMPLETED)
    ours = {"tenant_id": system.tenant.tenant_id}

    for number, metadata in enumerate(({}, ours)):
        forged = changed(event, {"id": f"cs_test_stranger{number}", "metadata": metadata})
        assert system.post_event(forged).body["result"] == "unknown"
    assert system.booking(held).status == "paying"
