"""Time passes while a function waits for a lock: it reads the clock afterwards."""

from datetime import timedelta

import pytest

from tests.harness.clients.db_client import DbClient, refusal, settle_call
from tests.harness.database import guardless
from tests.harness.laws.invariants import violations

TEN = "2027-01-11T10:00:00Z"
SIX_MINUTES = timedelta(minutes=6)  # a hold lasts five
BLOCKERS = {
    "that only locked it": "select from core.bookings for update",
    "that changed it": "update core.bookings set notes = 'bring a pencil'",
}


@pytest.mark.parametrize("blocker", BLOCKERS.values(), ids=BLOCKERS.keys())
def test_a_hold_that_ran_out_during_the_wait_is_not_paid(db_client: DbClient, blocker: str) -> None:
    """A checkout that waits for the booking's row until the hold has expired is refused.

    Cases: E-6.3, D-1
    """
    held = db_client.hold(TEN)
    with db_client.database.connect() as other:
        other.execute(blocker.encode())
        _, checkout = db_client.start(db_client.checkout_call(held))
        db_client.database.clock.advance(SIX_MINUTES)
        other.commit()

    assert refusal(checkout.exception(10)) == "KHEXP"
    assert db_client.status(held) == "held"
    assert db_client.database.value("select count(*) from core.checkouts") == 0
    assert violations(db_client.database) == []


@pytest.mark.parametrize("blocker", BLOCKERS.values(), ids=BLOCKERS.keys())
def test_twin_that_reads_the_clock_first_takes_it_to_payment(
    db_client: DbClient, blocker: str
) -> None:
    """If the clock were read before the lock, an expired hold would be paid."""
    guardless.rewrite(
        db_client.database,
        "api.begin_checkout",
        "    v_booking core.bookings := core.lock_booking(v_actor, p_booking_id);\n"
        "    v_now timestamptz := core.clock();\n",
        "    v_now timestamptz := core.clock();\n"
        "    v_booking core.bookings := core.lock_booking(v_actor, p_booking_id);\n",
    )
    held = db_client.hold(TEN)
    with db_client.database.connect() as other:
        other.execute(blocker.encode())
        _, checkout = db_client.start(db_client.checkout_call(held))
        db_client.database.clock.advance(SIX_MINUTES)
        other.commit()

    assert checkout.result(10)["next"] == "create"
    assert db_client.status(held) == "paying"


def test_a_time_that_passed_its_notice_during_the_wait_is_not_held(db_client: DbClient) -> None:
    """A hold that waits for the day's lock until its start is too near is refused.

    Cases: E-6.3, D-1
    """
    _require_notice(db_client)
    first, _ = db_client.begin(db_client.hold_call("2027-01-11T14:00:00Z"))
    _, second = db_client.start(db_client.hold_call(TEN))
    db_client.database.clock.advance(timedelta(minutes=1))
    first.commit()

    assert refusal(second.exception(10)) == "KHOFF"
    assert len(db_client.owners()) == 1
    assert violations(db_client.database) == []


def test_twin_that_keeps_the_old_clock_holds_it(db_client: DbClient) -> None:
    """If the clock from before the lock were kept, the time would be held despite the notice."""
    turn = "    v_requested := core.lock_days_or_lose(p_requested);\n"
    clock = "    v_now := core.clock();\n"
    guardless.rewrite(db_client.database, "core.hold_periods", clock, "")
    guardless.rewrite(db_client.database, "core.hold_periods", turn, clock + turn)
    _require_notice(db_client)
    first, _ = db_client.begin(db_client.hold_call("2027-01-11T14:00:00Z"))
    _, second = db_client.start(db_client.hold_call(TEN))
    db_client.database.clock.advance(timedelta(minutes=1))
    first.commit()

    assert second.result(10)["status"] == "held"
    assert len(db_client.owners()) == 2


def test_a_hold_lasts_from_the_moment_it_was_made(db_client: DbClient) -> None:
    """The wait for the lock does not shorten the hold.

    Cases: E-6.3, E-10.5
    """
    first, _ = db_client.begin(db_client.hold_call("2027-01-11T14:00:00Z"))
    _, second = db_client.start(db_client.hold_call(TEN))
    db_client.database.clock.advance(SIX_MINUTES)
    first.commit()

    assert second.result(10)["hold_expires_at"] == "2027-01-11T06:11:00Z"
    assert second.result()["created_at"] == "2027-01-11T06:06:00Z"


def test_a_time_is_not_retaken_once_it_has_begun(db_client: DbClient) -> None:
    """A late payment that waits for the day's lock until its time has begun is refunded.

    Cases: D-2, E-6.3
    """
    held, session = db_client.expired_checkout(TEN)
    db_client.database.clock.advance(timedelta(hours=3, minutes=59, seconds=30))
    first, _ = db_client.begin(db_client.hold_call("2027-01-11T14:00:00Z"))
    _, settled = db_client.start(settle_call(session, "paid"))
    db_client.database.clock.advance(timedelta(minutes=1))
    first.commit()

    assert settled.result(10)["result"] == "refunding"
    assert db_client.status(held) == "expired"
    assert violations(db_client.database) == []


def _require_notice(db_client: DbClient) -> None:
    """The tutor wants four hours of notice: at six, ten is just in time."""
    db_client.database.execute(
        "update core.resources set notice_minutes = 240 where id = %s", db_client.tutor["id"]
    )
