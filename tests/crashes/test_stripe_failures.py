"""Stripe's own failures: a 500 under a key is replayed for a day, whether or not it had an effect.

After that day the key has no meaning: what was sent is looked up, never sent again blindly.
"""

from datetime import timedelta
from typing import Any

import pytest

from tests.crashes.stories import SUNDAY
from tests.harness.laws.invariants import violations
from tests.harness.system.aftermath import redeliver_events, settle_down, summary
from tests.harness.system.crashes import AFTER, BEFORE, Crash, external_calls
from tests.harness.system.in_process import System
from tests.harness.system.setup import TEN

SESSIONS = "/v1/checkout/sessions"
REFUNDS = "/v1/refunds"
CREATE_SESSION = f"stripe POST {SESSIONS}"
CREATE_REFUND = f"stripe POST {REFUNDS}"
TWO_MINUTES = timedelta(minutes=2)
A_DAY = timedelta(hours=24, minutes=1)


def _held(system: System) -> dict[str, Any]:
    return system.hold(SUNDAY)


def _refunding(system: System) -> None:
    """A payment that is not the frozen price: its refund waits in the outbox."""
    _, session_id = system.checkout(_held(system))
    system.pay(session_id)
    system.database.execute("update core.bookings set amount = amount + 100")
    redeliver_events(system)
    assert _effects(system) == [("refund_payment", "pending")]


def _effects(system: System) -> list[tuple[str, str]]:
    return [tuple(row) for row in system.database.rows("select kind, state from core.effects")]


def _stands(system: System) -> list[str]:
    return violations(system.database, system.double, quiescent=True)


# Making a session --------------------------------------------------------------------------------


def test_a_session_made_behind_a_500_is_found(system: System) -> None:
    """Stripe says 500 but has made the session: it is looked up, and the client pays with it.

    Cases: E-1.7, E-2.6
    """
    system.double.faults.add("500_after", method="POST", path=SESSIONS, effect=True)
    held = _held(system)

    answer = system.begin_checkout(held)

    assert answer.status == 200, answer
    (session,) = system.double.documents("checkout.session")
    assert answer.body["checkout_url"] == session.body["url"]
    system.pay(session.id)
    settle_down(system)
    assert system.confirmation(held)["status"] == "confirmed"
    assert _stands(system) == []


def test_a_session_made_behind_a_500_is_found_by_the_repeat(system: System) -> None:
    """The same, when the look-up fails too: the repeat gets the replayed 500, and looks again.

    Cases: E-1.7, E-2.6
    """
    system.double.faults.add("500_after", method="POST", path=SESSIONS, effect=True)
    system.double.faults.add("status", method="GET", path=SESSIONS, times=2, status=503)
    held = _held(system)

    first = system.begin_checkout(held, idempotency_key="tab")
    second = system.begin_checkout(held, idempotency_key="tab")

    assert (first.status, second.status) == (503, 200)
    assert system.double.state()["counts"]["sessions"] == {"open": 1}
    settle_down(system)
    assert _stands(system) == []


def test_a_500_without_a_session_passes(system: System) -> None:
    """Stripe says 500 and has made nothing: the client gets 503, and its repeat succeeds.

    The key with the 500 is not used again: the next attempt is another row.

    Cases: E-1.7, P-11
    """
    system.double.faults.add("500_after", method="POST", path=SESSIONS, effect=False)
    held = _held(system)

    first = system.begin_checkout(held, idempotency_key="tab")
    second = system.begin_checkout(held, idempotency_key="tab")

    assert first.status in (200, 503), first
    assert second.status == 200, second
    assert system.double.state()["counts"]["sessions"] == {"open": 1}
    settle_down(system)
    assert _stands(system) == []


def test_closing_finds_the_session_behind_a_500(system: System) -> None:
    """A checkout whose session was made behind a 500 and that is never repeated is closed in time.

    Cases: E-2.6, D-2
    """
    system.double.faults.add("500_after", method="POST", path=SESSIONS, effect=True)
    system.double.faults.add("status", method="GET", path=SESSIONS, times=2, status=503)
    held = _held(system)
    assert system.begin_checkout(held).status == 503

    settle_down(system)

    assert system.double.state()["counts"]["sessions"] == {"expired": 1}
    assert system.confirmation(held)["status"] == "expired"
    assert _stands(system) == []


@pytest.mark.parametrize("starts_at", [SUNDAY, TEN], ids=["before it begins", "when it has begun"])
@pytest.mark.parametrize(
    ("moment", "sessions"), [(BEFORE, {}), (AFTER, {"expired": 1})], ids=[BEFORE, AFTER]
)
def test_a_session_older_than_its_key_is_looked_up(
    system: System, moment: str, sessions: dict[str, int], starts_at: str
) -> None:
    """A checkout that died at Stripe and is closed a day later is looked up, never sent again.

    Cases: E-2.6, E-9.1
    """
    held = system.hold(starts_at)
    with external_calls(CREATE_SESSION, moment), pytest.raises(Crash):
        system.begin_checkout(held)
    system.close()
    system.advance(A_DAY)

    with external_calls() as calls:
        settle_down(system, events=False)  # Stripe's event would arrive before we ask

    assert CREATE_SESSION not in calls.names
    assert f"stripe GET {SESSIONS}" in calls.names
    assert system.double.state()["counts"]["sessions"] == sessions
    assert system.confirmation(held)["status"] == "expired"
    assert _stands(system) == []


def test_a_payment_of_a_session_older_than_its_key_goes_back(system: System) -> None:
    """Such a session that was paid, and whose time has begun since, is found, and refunded.

    Cases: E-2.6, D-2
    """
    held = system.hold(TEN)
    with external_calls(CREATE_SESSION, AFTER), pytest.raises(Crash):
        system.begin_checkout(held)
    system.close()
    (session,) = system.double.documents("checkout.session")
    system.pay(session.id)
    system.advance(A_DAY)

    with external_calls() as calls:
        settle_down(system, events=False)

    assert CREATE_SESSION not in calls.names
    assert summary(system)["refunds"] == {("succeeded", 4500, "GBP", "time_lost"): 1}
    assert system.double.state()["counts"]["refunds"] == {"succeeded": 1}
    assert system.confirmation(held)["status"] == "refunded"
    assert _stands(system) == []


# Refunding ----------------------------------------------------------------------------------------


def test_a_refund_made_behind_a_500_is_found(system: System) -> None:
    """Stripe says 500 but has made the refund: it is looked up, and there is one refund.

    Cases: E-9.1, E-2.3
    """
    _refunding(system)
    system.double.faults.add("500_after", method="POST", path=REFUNDS, effect=True)

    system.run_outbox()

    assert _effects(system) == [("refund_payment", "done")]
    settle_down(system)
    assert system.double.state()["counts"]["refunds"] == {"succeeded": 1}
    assert _stands(system) == []


def test_a_500_without_a_refund_is_tried_under_the_next_key(system: System) -> None:
    """Stripe says 500 and has made nothing: while the key replays that, the row's next key is used.

    Cases: E-9.1, E-2.3
    """
    _refunding(system)
    system.double.faults.add("500_after", method="POST", path=REFUNDS, effect=False)
    system.run_outbox()
    assert _effects(system) == [("refund_payment", "pending")]
    assert system.double.state()["counts"]["refunds"] == {}

    system.advance(TWO_MINUTES)
    with external_calls() as calls:
        system.run_outbox()

    assert calls.names.count(CREATE_REFUND) == 2  # the replayed 500, then the next key
    assert _effects(system) == [("refund_payment", "done")]
    settle_down(system)
    assert system.double.state()["counts"]["refunds"] == {"succeeded": 1}
    assert _stands(system) == []


def test_two_keys_with_500s_lead_to_the_third(system: System) -> None:
    """However many of the row's keys have a 500, the refund is made once in the end.

    Cases: E-9.1, E-2.3
    """
    _refunding(system)
    system.double.faults.add("500_after", method="POST", path=REFUNDS, effect=False)
    system.run_outbox()
    system.double.faults.add("500_after", method="POST", path=REFUNDS, effect=False, skip=1)
    system.advance(TWO_MINUTES)
    system.run_outbox()
    assert _effects(system) == [("refund_payment", "pending")]

    settle_down(system)

    assert _effects(system) == [("refund_payment", "done")]
    assert system.double.state()["counts"]["refunds"] == {"succeeded": 1}
    assert _stands(system) == []


def test_the_next_key_that_crashed_is_walked_again(system: System) -> None:
    """A process that dies after the refund under the next key repeats the same keys and finds it
    made.

    Cases: E-9.1, E-2.3
    """
    _refunding(system)
    system.double.faults.add("500_after", method="POST", path=REFUNDS, effect=False)
    system.run_outbox()
    system.advance(TWO_MINUTES)
    # measure, claim, the replayed 500, the look-up, and the next key
    with external_calls(4, AFTER) as calls, pytest.raises(Crash):
        system.run_outbox()
    assert calls.names[-1] == CREATE_REFUND
    system.close()

    settle_down(system)

    assert _effects(system) == [("refund_payment", "done")]
    assert system.double.state()["counts"]["refunds"] == {"succeeded": 1}
    assert _stands(system) == []


def test_a_refund_older_than_its_key_is_looked_up(system: System) -> None:
    """A refund whose answer was lost, and that is tried again a day later, is never sent again.

    Cases: E-9.1, E-2.3
    """
    _refunding(system)
    with external_calls(CREATE_REFUND, AFTER), pytest.raises(Crash):
        system.run_outbox()
    system.close()
    system.advance(A_DAY)

    with external_calls() as calls:
        system.run_outbox()

    assert CREATE_REFUND not in calls.names
    assert _effects(system) == [("refund_payment", "done")]
    settle_down(system)
    assert system.double.state()["counts"]["refunds"] == {"succeeded": 1}
    assert _stands(system) == []


def test_twin_that_trusts_its_key_for_ever_sends_it_again(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the key were trusted beyond its day, the refund would be sent a second time."""
    monkeypatch.setattr("holdfast.stripe.gateway._KEY_WINDOW_SECONDS", 10**9)
    _refunding(system)
    with external_calls(CREATE_REFUND, AFTER), pytest.raises(Crash):
        system.run_outbox()
    system.close()
    system.advance(A_DAY)

    with external_calls() as calls:
        system.run_outbox()

    assert CREATE_REFUND in calls.names


def test_a_refund_that_was_never_sent_is_sent_after_a_day(system: System) -> None:
    """A look-up that finds nothing leads to the refund, however late.

    Cases: E-9.1
    """
    _refunding(system)
    with external_calls(CREATE_REFUND, BEFORE), pytest.raises(Crash):
        system.run_outbox()
    system.close()
    system.advance(A_DAY)

    settle_down(system)

    assert summary(system)["refunds"] == {("succeeded", 4500, "GBP", "amount_mismatch"): 1}
    assert system.double.state()["counts"]["refunds"] == {"succeeded": 1}
    assert _stands(system) == []
