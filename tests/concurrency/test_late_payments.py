"""Money for a time that was lost, against whoever wants that time now."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.clients.desk import Desk, refusal, refusals, settle_call
from tests.harness.database import twins
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

TEN = "2027-01-11T10:00:00Z"


def _reasons(desk: Desk) -> list[str]:
    return [row.reason for row in desk.database.rows("select reason from core.refunds")]


def test_a_new_hold_waits_for_the_late_payment_and_is_refused(desk: Desk) -> None:
    """A late payment takes its free time again; who wanted it meanwhile is told so.

    Cases: D-2, E-5.1
    """
    held, session = desk.expired_checkout(TEN)
    payment, settled = desk.begin(settle_call(session, "paid"))
    _, rival = desk.start(desk.hold_call(TEN))
    payment.commit()

    assert (settled["result"], refusal(rival.exception(10))) == ("confirmed", "KHTKN")
    assert (desk.owners(), _reasons(desk)) == ([held.id], [])
    assert violations(desk.database) == []


def test_a_late_payment_waits_for_the_new_hold_and_goes_back(desk: Desk) -> None:
    """A late payment whose time is being taken is recorded, and refunded once.

    Cases: D-2
    """
    held, session = desk.expired_checkout(TEN)
    rival, taken = desk.begin(desk.hold_call(TEN))
    _, payment = desk.start(settle_call(session, "paid"))
    rival.commit()

    assert payment.result(10)["result"] == "refunding"
    assert (desk.status(held), desk.owners()) == ("expired", [taken["id"]])
    assert _reasons(desk) == ["time_lost"]
    assert violations(desk.database) == []


def test_twin_gives_the_time_to_both(desk: Desk) -> None:
    """Without lock and constraint, the late payer and the new holder own the same time."""
    twins.forget_day_lock(desk.database)
    twins.forget_overlap_constraint(desk.database)
    _, session = desk.expired_checkout(TEN)
    rival, _ = desk.begin(desk.hold_call(TEN))
    settled = desk.call(settle_call(session, "paid"))
    rival.commit()

    assert settled["result"] == "confirmed"
    assert any(line.startswith("I1") for line in violations(desk.database))


@pytest.mark.parametrize("_round", range(5))
def test_late_payments_race_new_holds(desk: Desk, race: Race, _round: int) -> None:
    """However they meet: one owner, and the money is either kept for it or on its way back.

    Cases: D-2, E-2.2, E-5.1
    """
    held, session = desk.expired_checkout(TEN)
    calls = [settle_call(session, "paid", f"evt_{n}") for n in range(4)]
    calls += [desk.hold_call(TEN) for _ in range(4)]

    outcomes = race(desk.racers(calls))

    kept = desk.owners() == [held.id]
    assert refusals(outcomes) == ["KHTKN"] * (4 if kept else 3)
    assert _reasons(desk) == ([] if kept else ["time_lost"])
    assert len(desk.owners()) == 1
    assert violations(desk.database) == []


def test_a_payment_that_loses_its_time_while_it_waits_asks_to_be_repeated(desk: Desk) -> None:
    """Days are locked before bookings: who finds out too late that it needs a day starts anew.

    Cases: D-2, E-2.2
    """
    held, session = desk.checkout(TEN)
    expiry, _ = desk.begin(settle_call(session, "expired"))
    paid = settle_call(session, "paid", "evt_1")
    _, payment = desk.start(paid)
    expiry.commit()

    assert refusal(payment.exception(10)) == "40001"
    assert desk.call(paid)["result"] == "confirmed"
    assert (desk.status(held), desk.owners()) == ("scheduled", [held.id])
    assert violations(desk.database) == []


def test_twin_that_goes_on_without_the_day_gives_the_time_to_both(desk: Desk) -> None:
    """Did it go on instead, it would take the time without the lock that others rely on."""
    twins.rewrite(
        desk.database,
        "core.settle",
        "if not core.is_live(v_booking.status) and not v_days_locked then",
        "if false then",
    )
    twins.forget_overlap_constraint(desk.database)
    _, session = desk.checkout(TEN)
    expiry, _ = desk.begin(settle_call(session, "expired"))
    late = desk.session("settle_checkout", transaction=True)
    payment = late.send_and_wait_for_lock(settle_call(session, "paid"))
    expiry.commit()
    assert payment.result(10)["result"] == "confirmed"
    desk.hold(TEN)
    late.commit()

    assert any(line.startswith("I1") for line in violations(desk.database))
