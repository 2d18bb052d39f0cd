"""Concurrent work: a handler repeats what must be repeated, and waits for its twin."""

from tests.harness.clients.db_client import background
from tests.harness.database.concurrency import wait_until_waiting
from tests.harness.laws.invariants import violations
from tests.harness.system.in_process import System
from tests.harness.system.problems import assert_problem
from tests.harness.system.setup import minutes, open_sessions


def test_a_payment_that_meets_the_end_of_its_booking_is_taken_in_at_once(system: System) -> None:
    """The database asks for a repeat (40001); the handler repeats, and Stripe need not deliver
    again.

    Cases: D-2, E-2.2
    """
    held, session_id = system.checkout()
    system.pay(session_id)
    with system.database.connect() as expiring:
        expiring.execute(
            "select core.enter_tenant(tenant_id, 'sweep', null, null) from core.bookings"
        )
        expiring.execute(
            "select core.transition_booking(b, 'expired', 'test') from core.bookings as b"
        )
        delivery = background(system.deliver_webhooks)
        wait_until_waiting(system.database, 1)
        expiring.execute("update core.checkouts set state = 'expired'")
        expiring.commit()

    assert set(delivery.result(20)) == {200}
    assert system.booking(held).status == "scheduled"
    assert violations(system.database, system.double) == []


def test_a_twin_at_stripe_is_waited_for(system: System) -> None:
    """409: a request with our key is still running at Stripe. The attempt stays; no other is begun.

    Cases: E-2.6
    """
    held = system.hold()
    system.double.faults.add(
        "status", method="POST", path="/v1/checkout/sessions", status=409, times=None
    )
    answer = system.begin_checkout(held, idempotency_key="c-1")
    system.double.faults.clear()
    again = system.begin_checkout(held, idempotency_key="c-1")

    assert_problem(answer, 503, "unavailable")
    assert again.status == 200
    assert system.database.value("select count(*) from core.checkouts") == 1


def test_a_session_that_stripe_does_not_close_keeps_its_time(system: System) -> None:
    """Closing fails, and Stripe says that it is still open: it can be paid, so the outbox retries.

    Cases: E-2.6
    """
    held, session_id = system.checkout()
    system.double.faults.add(
        "status", method="POST", path="/v1/checkout/sessions/*/expire", status=500, times=None
    )
    left = system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])
    for _ in range(2):
        system.advance(minutes(2))
        system.run_outbox()
    system.double.faults.clear()

    assert (left.status, left.body["status"]) == (202, "paying")
    assert open_sessions(system, held) == [session_id]
    assert violations(system.database, system.double) == []

    system.advance(minutes(2))
    system.run_outbox()

    assert open_sessions(system, held) == []
    assert system.booking(held).status == "expired"
