"""Bank debits and other delayed methods: the result comes days later, and the time is kept until
then, or until it begins.
"""

import pytest

from tests.harness.laws.invariants import violations
from tests.harness.system.aftermath import settle_down
from tests.harness.system.in_process import System
from tests.harness.system.problems import assert_problem
from tests.harness.system.setup import minutes, raw_event, starts, stripe_refunds

LATE = "2030-01-30T10:00:00Z"  # later than the result


@pytest.fixture
def system(system: System) -> System:
    """Its payment pages offer delayed methods."""
    system.offer_delayed_methods()
    return system


@pytest.fixture
def held(system: System) -> dict[str, str]:
    """A booking with a pending delayed payment."""
    booking, session_id = system.checkout(system.hold(LATE))
    system.pay(session_id, "delayed")
    answer = system.post_event(raw_event(system, "checkout.session.completed"))
    assert (answer.status, answer.body["result"]) == (200, "pending")
    return booking


def _free(system: System) -> bool:
    query = "&from=2030-01-30T00:00:00Z&to=2030-01-31T00:00:00Z"
    return LATE in starts(system.slots(query=query))


def test_the_time_is_kept_while_the_result_is_awaited(system: System, held: dict[str, str]) -> None:
    """Hours and sweeps pass: processing, and no other customer gets the time.

    Cases: D-2, E-2.8
    """
    for hours in (1, 20, 30, 50, 100):
        system.advance(minutes(60 * hours))
        system.sweep()
        system.run_outbox()

        assert system.confirmation(held)["status"] == "processing"
        assert not _free(system)
        assert system.booking(held).status == "paying"


def test_success_confirms(system: System, held: dict[str, str]) -> None:
    """The money comes days later: confirmed.

    Cases: E-2.2, E-2.8
    """
    system.advance(minutes(60 * 24 * 5))
    system.double.settle(system.session_id(held), "succeed")
    event = raw_event(system, "checkout.session.async_payment_succeeded")

    assert system.post_event(event).body["result"] == "confirmed"
    assert system.post_event(event).body["result"] == "duplicate"
    assert system.confirmation(held)["status"] == "confirmed"
    assert not _free(system)


def test_failure_frees_the_time(system: System, held: dict[str, str]) -> None:
    """The bank refuses: the time is free, and nothing was taken.

    Cases: D-2, E-2.8
    """
    system.double.settle(system.session_id(held), "fail")
    event = raw_event(system, "checkout.session.async_payment_failed")

    assert system.post_event(event).body["result"] == "released"
    assert system.confirmation(held)["status"] == "expired"
    assert _free(system)
    assert system.double.state()["captured"] == {}


@pytest.mark.parametrize("outcome", ["succeed", "fail"])
def test_the_page_finds_the_result_without_an_event(
    system: System, held: dict[str, str], outcome: str
) -> None:
    """The page asks Stripe itself, for success and failure.

    Cases: E-2.8
    """
    system.double.settle(system.session_id(held), outcome)
    expected = {"succeed": "confirmed", "fail": "expired"}[outcome]

    assert system.confirmation(held)["status"] == expected


@pytest.mark.parametrize("outcome", ["succeed", "fail"])
def test_the_sweep_finds_the_result_without_an_event(
    system: System, held: dict[str, str], outcome: str
) -> None:
    """The result's event is lost: the sweeps ask Stripe, and settle.

    Cases: D-2, E-2.2
    """
    system.double.settle(system.session_id(held), outcome)
    for _ in range(3):
        system.advance(minutes(60 * 25))
        system.sweep()
        system.run_outbox()
    expected = {"succeed": "scheduled", "fail": "expired"}[outcome]

    assert system.booking(held).status == expected


def test_the_result_before_the_beginning(system: System) -> None:
    """The success is delivered before "completed, unpaid", which then changes nothing.

    Cases: E-2.2
    """
    held, session_id = system.checkout(system.hold(LATE))
    system.pay(session_id, "delayed")
    begun = raw_event(system, "checkout.session.completed")
    system.double.settle(session_id, "succeed")
    done = raw_event(system, "checkout.session.async_payment_succeeded")
    results = [system.post_event(event).body["result"] for event in (done, begun)]

    assert results == ["confirmed", "unchanged"]
    assert system.confirmation(held)["status"] == "confirmed"


def test_the_failure_before_the_beginning(system: System) -> None:
    """The failure is delivered first: the later "completed, unpaid" does not revive it.

    Cases: E-2.2
    """
    held, session_id = system.checkout(system.hold(LATE))
    system.pay(session_id, "delayed")
    begun = raw_event(system, "checkout.session.completed")
    system.double.settle(session_id, "fail")
    failed = raw_event(system, "checkout.session.async_payment_failed")
    results = [system.post_event(event).body["result"] for event in (failed, begun)]

    assert results == ["released", "unchanged"]
    assert system.booking(held).status == "expired"
    assert _free(system)


def test_under_way_it_can_be_neither_released_nor_paid_again(
    system: System, held: dict[str, str]
) -> None:
    """While the bank decides: 409 for both.

    Cases: E-2.6, D-2
    """
    release = system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])

    assert_problem(release, 409, "illegal_state")
    assert_problem(system.begin_checkout(held), 409, "illegal_state")
    assert not _free(system)


def test_leaving_before_the_event_of_a_delayed_payment_comes(system: System) -> None:
    """Released just after paying by a delayed method: the payment is pending, so the time is kept.

    Cases: D-2
    """
    held, session_id = system.checkout(system.hold(LATE))
    system.pay(session_id, "delayed")
    release = system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])

    assert_problem(release, 409, "illegal_state")
    assert not _free(system)


def test_the_result_after_the_time_itself(system: System, held: dict[str, str]) -> None:
    """Success comes when the lesson is over: the booking expired when it began, the money is
    refunded, and the answer gives the reason.

    Cases: D-2
    """
    system.advance(minutes(60 * 24 * 22))
    system.sweep()
    system.run_outbox()
    before = system.booking(held).status
    system.advance(minutes(60 * 24 * 2))
    system.sweep()
    given_up = system.confirmation(held)
    system.double.settle(system.session_id(held), "succeed")
    answer = system.post_event(raw_event(system, "checkout.session.async_payment_succeeded"))

    assert (before, given_up["status"]) == ("paying", "expired")
    assert answer.body["result"] == "refunding"
    system.run_outbox()
    (refund,) = stripe_refunds(system, held)
    system.double.move_refund(refund["id"], "succeeded")  # a refund to a bank account takes days
    settle_down(system)
    told = system.confirmation(held)
    assert (told["status"], told["reason"]) == ("refunded", "time_lost")
    assert [refund["amount"] for refund in stripe_refunds(system, held)] == [4500]
    assert violations(system.database, system.double, quiescent=True) == []


def test_the_result_after_the_time_itself_without_an_event(
    system: System, held: dict[str, str]
) -> None:
    """Without polls and with a lost event, the comparison of both books refunds the money."""
    system.advance(minutes(60 * 24 * 24))
    system.sweep()
    system.double.settle(system.session_id(held), "succeed")
    for _ in range(3):
        system.advance(minutes(60 * 26))
        system.sweep("reconcile")
        system.run_outbox()

    assert [refund["amount"] for refund in stripe_refunds(system, held)] == [4500]
    assert system.confirmation(held)["reason"] == "time_lost"
