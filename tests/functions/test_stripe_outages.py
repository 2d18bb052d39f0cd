"""Every kind of outage of Stripe: 503 in time, one session in the end, one refund."""

import time
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.database.digests import digests
from tests.harness.system.in_process import System
from tests.harness.system.problems import assert_problem
from tests.harness.system.setup import minutes, open_sessions, sessions, stripe_refunds

TIME_LIMIT = 20  # seconds
SESSIONS = "/v1/checkout/sessions"
DOWN: dict[str, dict[str, Any]] = {
    "refuses connections": {"kind": "refuse"},
    "too many requests": {"kind": "status", "status": 429},
    "500": {"kind": "status", "status": 500},
    "503": {"kind": "status", "status": 503},
    "500 that is kept, nothing done": {"kind": "500_after", "effect": False},
    "401": {"kind": "status", "status": 401},
}


@pytest.mark.parametrize("fault", DOWN.values(), ids=DOWN)
def test_a_checkout_without_stripe_is_unavailable_and_repeatable(
    system: System, fault: dict[str, Any]
) -> None:
    """503 with Retry-After; the booking keeps its time, and the same key succeeds afterwards.

    Cases: E-2.6
    """
    held = system.hold()
    options = {name: value for name, value in fault.items() if name != "kind"}
    system.double.faults.add(fault["kind"], path="/v1/*", times=None, **options)
    answer = system.begin_checkout(held, idempotency_key="c-1")
    system.double.faults.clear()

    assert_problem(answer, 503, "unavailable")
    assert system.booking(held).status == "paying"
    assert sessions(system, held) == []

    again = system.begin_checkout(held, idempotency_key="c-1")

    assert again.status == 200
    assert len(open_sessions(system, held)) == len(sessions(system, held)) == 1


@pytest.mark.parametrize("kind", ["timeout_after", "500_after"])
def test_a_session_whose_answer_was_lost_is_found_again(system: System, kind: str) -> None:
    """The session was made, its answer lost: the repeat finds that session and makes no other.

    Cases: E-2.6
    """
    held = system.hold()
    system.double.faults.add(kind, path=SESSIONS, method="POST", times=2)
    first = system.begin_checkout(held, idempotency_key="c-1")
    again = system.begin_checkout(held, idempotency_key="c-1")

    assert first.status in {200, 503}
    assert again.status == 200
    assert [session["id"] for session in sessions(system, held)] == [system.session_id(held)]
    assert again.body["checkout_url"] == sessions(system, held)[0]["url"]


def test_a_failure_of_stripes_own_is_no_refusal(system: System) -> None:
    """Only making sessions fails, with 500: not the caller's mistake, so 503 and not 422.

    Cases: P-11
    """
    held = system.hold()
    system.double.faults.add("status", path=SESSIONS, method="POST", times=None, status=500)
    answer = system.begin_checkout(held, idempotency_key="c-1")
    system.double.faults.clear()

    assert_problem(answer, 503, "unavailable")
    assert system.begin_checkout(held, idempotency_key="c-1").status == 200
    assert len(open_sessions(system, held)) == 1


def test_a_failure_that_is_not_kept_ends_no_attempt(system: System) -> None:
    """A 500 that Stripe did not store under the key: a slow request may still make that session.

    So the attempt stays, and the repeat continues it.

    Cases: E-2.6
    """
    held = system.hold()
    system.double.faults.add("status", path=SESSIONS, method="POST", times=2, status=500)
    answer = system.begin_checkout(held, idempotency_key="c-1")

    assert_problem(answer, 503, "unavailable")
    attempts = system.database.rows("select id, state from core.checkouts")
    assert [attempt.state for attempt in attempts] == ["creating"]
    assert system.begin_checkout(held, idempotency_key="c-1").status == 200
    assert [row.id for row in system.database.rows("select id from core.checkouts")] == [
        attempts[0].id
    ]


def test_a_stripe_that_never_answers_is_given_up_in_time(system: System) -> None:
    """Silence: 503 within the function's time limit, before API Gateway's.

    Proves: ASVS 16.5.2, API10:2023
    """
    held = system.hold()
    system.double.faults.add("timeout_after", path="/v1/*", times=None, seconds=5)
    began = time.monotonic()
    answer = system.begin_checkout(held, idempotency_key="c-1")
    took = time.monotonic() - began
    system.double.faults.clear()

    assert_problem(answer, 503, "unavailable")
    assert took < TIME_LIMIT
    assert system.begin_checkout(held, idempotency_key="c-1").status == 200
    assert len(sessions(system, held)) == 1


def test_one_lost_answer_is_not_even_noticed(system: System) -> None:
    """The SDK repeats a call that got no answer, with the same key: 200, one session."""
    held = system.hold()
    system.double.faults.add("refuse", path=SESSIONS)

    assert system.begin_checkout(held).status == 200
    assert len(sessions(system, held)) == 1


@pytest.mark.parametrize("fault", DOWN.values(), ids=DOWN)
def test_a_confirmation_without_stripe_is_still_truthful(
    system: System, fault: dict[str, Any]
) -> None:
    """Paid, but Stripe cannot be asked: "processing", not an error and not a guess.

    Cases: E-2.8
    """
    held, session_id = system.checkout()
    system.pay(session_id)
    options = {name: value for name, value in fault.items() if name != "kind"}
    system.double.faults.add(fault["kind"], path="/v1/*", times=None, **options)
    before = digests(system.database)
    asked = ("core.checkouts",)  # when Stripe was asked
    meanwhile = system.confirmation(held)

    assert meanwhile["status"] == "processing"
    assert digests(system.database, without=asked) == {
        name: digest for name, digest in before.items() if name not in asked
    }
    system.double.faults.clear()
    system.advance(timedelta(seconds=5))  # not asked again for that long
    assert system.confirmation(held)["status"] == "confirmed"


def test_a_release_without_stripe_keeps_the_time(system: System) -> None:
    """While it might still be paid the time is not free: 202, and the outbox retries.

    Cases: E-2.6, D-2
    """
    held, session_id = system.checkout()
    system.double.faults.add("refuse", path="/v1/*", times=None)
    answer = system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])

    assert (answer.status, answer.body["status"]) == (202, "paying")
    assert held["starts_at"] not in [slot["starts_at"] for slot in system.slots()]
    assert open_sessions(system, held) == [session_id]

    system.double.faults.clear()
    system.advance(minutes(1))
    system.run_outbox()

    assert open_sessions(system, held) == []
    assert system.booking(held).status == "expired"
    assert held["starts_at"] in [slot["starts_at"] for slot in system.slots()]


def test_a_new_checkout_waits_until_the_old_one_is_closed(system: System) -> None:
    """Other addresses during an outage: 503, and never a second payable session.

    Cases: E-2.6
    """
    held, session_id = system.checkout()
    system.double.faults.add("refuse", path="/v1/*", times=None)
    elsewhere = {"cancel_url": "https://studio.example/elsewhere"}
    answer = system.begin_checkout(held, idempotency_key="c-2", **elsewhere)
    system.double.faults.clear()

    assert_problem(answer, 503, "unavailable")
    assert open_sessions(system, held) == [session_id]

    system.advance(minutes(1))
    again = system.begin_checkout(held, idempotency_key="c-2", **elsewhere)

    assert again.status == 200
    assert open_sessions(system, held) == [system.session_id(held)] != [session_id]


REFUND_FAULTS: dict[str, dict[str, Any]] = DOWN | {
    "done, answer lost": {"kind": "timeout_after"},
    "done, 500 is kept": {"kind": "500_after"},
}


@pytest.mark.parametrize("fault", REFUND_FAULTS.values(), ids=REFUND_FAULTS)
def test_a_refund_is_made_once_however_often_it_is_tried(
    system: System, fault: dict[str, Any]
) -> None:
    """Faults while a refund is sent: the outbox repeats it until it is made, exactly once.

    Cases: D-2, E-2.3
    """
    held, session_id = system.checkout()
    system.pay(session_id)
    system.database.execute("update core.bookings set amount = 4499 where id = %s", held["id"])
    assert system.confirmation(held)["status"] == "refunding"

    options = {name: value for name, value in fault.items() if name != "kind"}
    system.double.faults.add(
        fault["kind"], path="/v1/refunds", method="POST", times=None, **options
    )
    for _ in range(3):
        system.run_outbox()
        system.advance(minutes(2))
    system.double.faults.clear()
    system.advance(minutes(5))
    system.run_outbox()

    assert len(stripe_refunds(system, held)) == 1
    assert system.double.state()["refunded"] == {"GBP": 4500}
    assert system.confirmation(held)["status"] == "refunded"
