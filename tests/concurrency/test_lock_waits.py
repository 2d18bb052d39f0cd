"""Time goes by while one waits for a lock: the clock is read after it is held."""

from datetime import timedelta

import pytest

from tests.harness.clients.desk import Desk, refusal, settle_call
from tests.harness.database import twins
from tests.harness.laws.invariants import violations

TEN = "2027-01-11T10:00:00Z"
SIX_MINUTES = timedelta(minutes=6)  # a hold lasts five
BLOCKERS = {
    "that only locked it": "select from core.bookings for update",
    "that changed it": "update core.bookings set notes = 'bring a pencil'",
}


@pytest.mark.parametrize("blocker", BLOCKERS.values(), ids=BLOCKERS.keys())
def test_a_hold_that_ran_out_during_the_wait_is_not_paid(desk: Desk, blocker: str) -> None:
    """A checkout that waited for the booking's row beyond the hold's end is refused.

    Cases: E-6.3, D-1
    """
    held = desk.hold(TEN)
    with desk.database.connect() as other:
        other.execute(blocker.encode())
        _, checkout = desk.start(desk.checkout_call(held))
        desk.database.clock.advance(SIX_MINUTES)
        other.commit()

    assert refusal(checkout.exception(10)) == "KHEXP"
    assert desk.status(held) == "held"
    assert desk.database.value("select count(*) from core.checkouts") == 0
    assert violations(desk.database) == []


@pytest.mark.parametrize("blocker", BLOCKERS.values(), ids=BLOCKERS.keys())
def test_twin_that_reads_the_clock_first_takes_it_to_payment(desk: Desk, blocker: str) -> None:
    """Were the clock read before the lock, a hold that has run out would be paid."""
    twins.rewrite(
        desk.database,
        "api.begin_checkout",
        "    v_booking core.bookings := core.lock_booking(v_actor, p_booking_id);\n"
        "    v_now timestamptz := core.clock();\n",
        "    v_now timestamptz := core.clock();\n"
        "    v_booking core.bookings := core.lock_booking(v_actor, p_booking_id);\n",
    )
    held = desk.hold(TEN)
    with desk.database.connect() as other:
        other.execute(blocker.encode())
        _, checkout = desk.start(desk.checkout_call(held))
        desk.database.clock.advance(SIX_MINUTES)
        other.commit()

    assert checkout.result(10)["next"] == "create"
    assert desk.status(held) == "paying"


def test_a_time_that_passed_its_notice_during_the_wait_is_not_held(desk: Desk) -> None:
    """A hold that waited for the day's lock until its start was too near is refused.

    Cases: E-6.3, D-1
    """
    _require_notice(desk)
    first, _ = desk.begin(desk.hold_call("2027-01-11T14:00:00Z"))
    _, second = desk.start(desk.hold_call(TEN))
    desk.database.clock.advance(timedelta(minutes=1))
    first.commit()

    assert refusal(second.exception(10)) == "KHOFF"
    assert len(desk.owners()) == 1
    assert violations(desk.database) == []


def test_twin_that_keeps_the_old_clock_holds_it(desk: Desk) -> None:
    """Were the clock of before the lock kept, the time would be held against the notice."""
    turn = "    v_wanted := core.await_turn(p_wanted);\n"
    clock = "    v_now := core.clock();\n"
    twins.rewrite(desk.database, "core.take", clock, "")
    twins.rewrite(desk.database, "core.take", turn, clock + turn)
    _require_notice(desk)
    first, _ = desk.begin(desk.hold_call("2027-01-11T14:00:00Z"))
    _, second = desk.start(desk.hold_call(TEN))
    desk.database.clock.advance(timedelta(minutes=1))
    first.commit()

    assert second.result(10)["status"] == "held"
    assert len(desk.owners()) == 2


def test_a_hold_lasts_from_the_moment_it_was_made(desk: Desk) -> None:
    """The wait for the lock does not shorten the hold.

    Cases: E-6.3, E-10.5
    """
    first, _ = desk.begin(desk.hold_call("2027-01-11T14:00:00Z"))
    _, second = desk.start(desk.hold_call(TEN))
    desk.database.clock.advance(SIX_MINUTES)
    first.commit()

    assert second.result(10)["hold_expires_at"] == "2027-01-11T06:11:00Z"
    assert second.result()["created_at"] == "2027-01-11T06:06:00Z"


def test_a_time_is_not_retaken_once_it_has_begun(desk: Desk) -> None:
    """A late payment that waits for the day's lock until its time has begun is refunded.

    Cases: D-2, E-6.3
    """
    held, session = desk.expired_checkout(TEN)
    desk.database.clock.advance(timedelta(hours=3, minutes=59, seconds=30))
    first, _ = desk.begin(desk.hold_call("2027-01-11T14:00:00Z"))
    _, settled = desk.start(settle_call(session, "paid"))
    desk.database.clock.advance(timedelta(minutes=1))
    first.commit()

    assert settled.result(10)["result"] == "refunding"
    assert desk.status(held) == "expired"
    assert violations(desk.database) == []


def _require_notice(desk: Desk) -> None:
    """The tutor wants four hours of notice: at six, ten is just in time."""
    desk.database.execute(
        "update core.resources set notice_minutes = 240 where id = %s", desk.tutor["id"]
    )
