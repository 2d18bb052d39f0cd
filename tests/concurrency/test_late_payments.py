"""A late payment for a time that was lost, against new holds of that time."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.clients.db_client import DbClient, refusal, refusals, settle_call
from tests.harness.database import guardless
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

TEN = "2027-01-11T10:00:00Z"


def _reasons(db_client: DbClient) -> list[str]:
    return [row.reason for row in db_client.database.rows("select reason from core.refunds")]


def test_a_new_hold_waits_for_the_late_payment_and_is_refused(db_client: DbClient) -> None:
    """A late payment takes its free time again; a hold that waited for it is refused.

    Cases: D-2, E-5.1
    """
    held, session = db_client.expired_checkout(TEN)
    payment, settled = db_client.begin(settle_call(session, "paid"))
    _, rival = db_client.start(db_client.hold_call(TEN))
    payment.commit()

    assert (settled["result"], refusal(rival.exception(10))) == ("confirmed", "KHTKN")
    assert (db_client.owners(), _reasons(db_client)) == ([held.id], [])
    assert violations(db_client.database) == []


def test_a_late_payment_waits_for_the_new_hold_and_goes_back(db_client: DbClient) -> None:
    """A late payment whose time is being taken is recorded, and refunded once.

    Cases: D-2
    """
    held, session = db_client.expired_checkout(TEN)
    rival, taken = db_client.begin(db_client.hold_call(TEN))
    _, payment = db_client.start(settle_call(session, "paid"))
    rival.commit()

    assert payment.result(10)["result"] == "refunding"
    assert (db_client.status(held), db_client.owners()) == ("expired", [taken["id"]])
    assert _reasons(db_client) == ["time_lost"]
    assert violations(db_client.database) == []


def test_twin_gives_the_time_to_both(db_client: DbClient) -> None:
    """Without lock and constraint, the late payer and the new hold own the same time."""
    guardless.forget_day_lock(db_client.database)
    guardless.forget_overlap_constraint(db_client.database)
    _, session = db_client.expired_checkout(TEN)
    rival, _ = db_client.begin(db_client.hold_call(TEN))
    settled = db_client.call(settle_call(session, "paid"))
    rival.commit()

    assert settled["result"] == "confirmed"
    assert any(line.startswith("I1") for line in violations(db_client.database))


@pytest.mark.parametrize("_round", range(5))
def test_late_payments_race_new_holds(db_client: DbClient, race: Race, _round: int) -> None:
    """In any order there is one owner, and the money is either kept for it or refunded.

    Cases: D-2, E-2.2, E-5.1
    """
    held, session = db_client.expired_checkout(TEN)
    calls = [settle_call(session, "paid", f"evt_{n}") for n in range(4)]
    calls += [db_client.hold_call(TEN) for _ in range(4)]

    outcomes = race(db_client.racers(calls))

    kept = db_client.owners() == [held.id]
    assert refusals(outcomes) == ["KHTKN"] * (4 if kept else 3)
    assert _reasons(db_client) == ([] if kept else ["time_lost"])
    assert len(db_client.owners()) == 1
    assert violations(db_client.database) == []


def test_a_payment_that_loses_its_time_while_it_waits_asks_to_be_repeated(
    db_client: DbClient,
) -> None:
    """Days are locked before bookings: a settlement that finds too late that it needs a day is
    repeated.

    Cases: D-2, E-2.2
    """
    held, session = db_client.checkout(TEN)
    expiry, _ = db_client.begin(settle_call(session, "expired"))
    paid = settle_call(session, "paid", "evt_1")
    _, payment = db_client.start(paid)
    expiry.commit()

    assert refusal(payment.exception(10)) == "40001"
    assert db_client.call(paid)["result"] == "confirmed"
    assert (db_client.status(held), db_client.owners()) == ("scheduled", [held.id])
    assert violations(db_client.database) == []


def test_twin_that_goes_on_without_the_day_gives_the_time_to_both(db_client: DbClient) -> None:
    """If it continued instead, it would take the time without the day lock."""
    guardless.rewrite(
        db_client.database,
        "core.settle",
        "if not core.is_live(v_booking.status) and not v_days_locked then",
        "if false then",
    )
    guardless.forget_overlap_constraint(db_client.database)
    _, session = db_client.checkout(TEN)
    expiry, _ = db_client.begin(settle_call(session, "expired"))
    late = db_client.session("settle_checkout", transaction=True)
    payment = late.send_and_wait_for_lock(settle_call(session, "paid"))
    expiry.commit()
    assert payment.result(10)["result"] == "confirmed"
    db_client.hold(TEN)
    late.commit()

    assert any(line.startswith("I1") for line in violations(db_client.database))
