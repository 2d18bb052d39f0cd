"""A checkout abandoned and begun again: never two payable sessions of one booking."""

from tests.harness.system.in_process import System
from tests.harness.system.problems import assert_problem
from tests.harness.system.setup import minutes, open_sessions, raw_event, sessions, stripe_refunds

ELSEWHERE = {
    "success_url": "https://studio.example/m/done",
    "cancel_url": "https://studio.example/m/back",
}


def _status(system: System, session_id: str) -> str:
    (found,) = (s for s in system.double.state()["sessions"] if s["id"] == session_id)
    return str(found["status"])


def test_the_same_addresses_lead_to_the_same_page(system: System) -> None:
    """After coming back, or in a second tab: the open session is returned again.

    Cases: E-2.6
    """
    held, session_id = system.checkout()
    system.pay(session_id, "abandon")
    first = sessions(system, held)[0]["url"]
    again = system.begin_checkout(held)

    assert (again.status, again.body["checkout_url"]) == (200, first)
    assert len(sessions(system, held)) == 1


def test_other_addresses_get_another_session_after_the_old_is_closed(system: System) -> None:
    """The old session is expired at Stripe before the new one is made; it can no longer be paid.

    Cases: E-2.6
    """
    held, old = system.checkout()
    system.pay(old, "abandon")
    again = system.begin_checkout(held, **ELSEWHERE)
    new = system.session_id(held)

    assert again.status == 200
    assert (_status(system, old), _status(system, new)) == ("expired", "open")
    assert open_sessions(system, held) == [new]

    system.pay(new)
    system.deliver_webhooks()

    assert system.confirmation(held)["status"] == "confirmed"
    assert system.double.state()["captured"] == {"GBP": 4500}


def test_at_no_step_are_two_sessions_open(system: System) -> None:
    """Back and forth between addresses, with and without events in between.

    Cases: E-2.6
    """
    held = system.hold()
    for step in range(5):
        addresses = ELSEWHERE if step % 2 else {}
        assert system.begin_checkout(held, **addresses).status == 200
        assert open_sessions(system, held) == [system.session_id(held)]
        if step % 3 == 0:
            system.deliver_webhooks()
        assert system.booking(held).status == "paying"

    assert len(sessions(system, held)) == 5


def test_the_end_of_the_old_session_does_not_end_the_booking(system: System) -> None:
    """The event of the replaced session says expired: the booking continues with the new one.

    Cases: E-2.6, E-2.2
    """
    held, _ = system.checkout()
    system.begin_checkout(held, **ELSEWHERE)
    answer = system.post_event(raw_event(system, "checkout.session.expired"))

    assert (answer.status, answer.body["result"]) == (200, "unchanged")
    assert system.booking(held).status == "paying"


def test_paid_in_the_old_tab_while_the_new_one_is_asked_for(system: System) -> None:
    """The old session was paid meanwhile: that payment counts, and no second page is made.

    Cases: E-2.6, E-2.8
    """
    held, old = system.checkout()
    system.pay(old)
    answer = system.begin_checkout(held, **ELSEWHERE)

    assert_problem(answer, 409, "illegal_state")
    assert len(sessions(system, held)) == 1
    assert system.confirmation(held)["status"] == "confirmed"
    assert stripe_refunds(system, held) == []


def test_a_second_checkout_gets_its_full_time(system: System) -> None:
    """Begun again 25 minutes later: the new session lasts 31 minutes, and the hold as long."""
    held, _ = system.checkout()
    system.advance(minutes(25))
    again = system.begin_checkout(held, **ELSEWHERE)
    now = system.database.clock.now()
    row = system.booking(held)

    assert again.status == 200
    assert minutes(35) < row.hold_expires_at - now <= minutes(36)


def test_a_session_about_to_end_is_replaced(system: System) -> None:
    """With less than two minutes left, the customer gets a page that lasts.

    Cases: E-2.6
    """
    held, old = system.checkout()
    system.advance(minutes(30))
    again = system.begin_checkout(held)
    new = system.session_id(held)

    assert again.status == 200
    assert new != old
    assert open_sessions(system, held) == [new]


def test_a_session_that_ran_out_unnoticed_is_replaced(system: System) -> None:
    """The session has expired, its event is late, the grace still runs: the customer may continue.

    Cases: E-2.6
    """
    held, old = system.checkout()
    system.advance(minutes(32))
    again = system.begin_checkout(held)

    assert again.status == 200
    assert open_sessions(system, held) == [system.session_id(held)] != [old]
    assert system.booking(held).status == "paying"
