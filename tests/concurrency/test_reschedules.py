"""Rescheduling a booking against everything else that may happen to it or its times."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.harness.clients.db_client import (
    Call,
    DbClient,
    Held,
    provider_session,
    refusal,
    refusals,
    settle_call,
)
from tests.harness.database import guardless
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

TEN = "2027-01-11T10:00:00Z"
LATER = "2027-01-11T14:00:00Z"
LATEST = "2027-01-11T16:00:00Z"
TUESDAY_TEN = "2027-01-12T10:00:00Z"
TUESDAY_TWO = "2027-01-12T14:00:00Z"
SWEEP: Call = ("expire_holds", (100,))
DEARER = 1500


def _starts(db_client: DbClient, held: Held) -> list[str]:
    """The starts of the times that a booking owns."""
    query = "select lower(during) as at from core.occupancies where booking_id = %s order by part"
    return [f"{row.at:%Y-%m-%dT%H:%M:%SZ}" for row in db_client.database.rows(query, held.id)]


def _waiting(db_client: DbClient) -> Held:
    """A paid booking at ten whose reschedule to two costs more, and is not paid yet."""
    held = db_client.paid(TEN)
    db_client.database.execute("update core.prices set amount = amount + %s", DEARER)
    db_client.call(db_client.reschedule_call(held, LATER))
    return held


def _open_page(db_client: DbClient, held: Held) -> dict[str, Any]:
    """The payment page of the reschedule: Stripe's session."""
    checkout = db_client.call(db_client.checkout_call(held))["checkout"]
    session = provider_session(checkout)
    db_client.call(
        ("attach_checkout", (db_client.actor(held.secret), held.id, checkout["id"], session))
    )
    return session


# Reschedule against hold -------------------------------------------------------------------------


def test_a_hold_of_the_new_time_waits_and_is_refused(db_client: DbClient) -> None:
    """A hold of the new time waits and is refused; the old time is free after the commit.

    Cases: D-1
    """
    held = db_client.paid(TEN)
    move, _ = db_client.begin(db_client.reschedule_call(held, LATER))
    early = refusals([_outcome(lambda: db_client.call(db_client.hold_call(TEN)))])
    _, rival = db_client.start(db_client.hold_call(LATER))
    move.commit()

    assert (early, refusal(rival.exception(10))) == (["KHTKN"], "KHTKN")
    assert db_client.hold(TEN)
    assert _starts(db_client, held) == [LATER]
    assert violations(db_client.database) == []


def test_a_reschedule_that_rolls_back_keeps_the_old_time(db_client: DbClient) -> None:
    """After a rollback the booking keeps its old time, and the waiting hold gets the new one.

    Cases: D-1
    """
    held = db_client.paid(TEN)
    move, _ = db_client.begin(db_client.reschedule_call(held, LATER))
    _, rival = db_client.start(db_client.hold_call(LATER))
    move.rollback()

    assert rival.result(10)["status"] == "held"
    assert _starts(db_client, held) == [TEN]
    assert violations(db_client.database) == []


def test_twin_without_lock_and_constraint_takes_a_time_twice(db_client: DbClient) -> None:
    """Without the days' lock and the constraint, the booking and a hold own the same time."""
    guardless.forget_day_lock(db_client.database)
    guardless.forget_overlap_constraint(db_client.database)
    held = db_client.paid(TEN)
    move, _ = db_client.begin(db_client.reschedule_call(held, LATER))
    db_client.call(db_client.hold_call(LATER))
    move.commit()

    assert any(line.startswith("I1") for line in violations(db_client.database))


def test_the_constraint_stays_the_judge_when_the_lock_is_forgotten(db_client: DbClient) -> None:
    """Without the days' lock, the insert itself waits for the reschedule, and is refused.

    Cases: D-1, P-2
    """
    guardless.forget_day_lock(db_client.database)
    held = db_client.paid(TEN)
    move, _ = db_client.begin(db_client.reschedule_call(held, LATER))
    _, rival = db_client.start(db_client.hold_call(LATER))
    move.commit()

    assert refusal(rival.exception(10)) == "KHTKN"
    assert violations(db_client.database) == []


# Reschedule against reschedule -------------------------------------------------------------------


def test_a_booking_gets_the_time_another_leaves(db_client: DbClient) -> None:
    """The second waits for the first, and gets the time that it left.

    Cases: D-1
    """
    leaves, enters = db_client.paid(TEN), db_client.paid(LATER)
    first, _ = db_client.begin(db_client.reschedule_call(leaves, LATEST))
    _, second = db_client.start(db_client.reschedule_call(enters, TEN))
    first.commit()

    assert second.result(10)["status"] == "scheduled"
    assert (_starts(db_client, leaves), _starts(db_client, enters)) == ([LATEST], [TEN])
    assert violations(db_client.database) == []


def _cross(db_client: DbClient) -> list[str]:
    """Two bookings swap days while another transaction has Tuesday; how many were refused."""
    monday, tuesday = db_client.paid(TEN), db_client.paid(TUESDAY_TEN)
    with db_client.database.connect() as blocker:
        blocker.execute(
            "select core.lock_days(%s, tstzrange(%s, %s))",
            (db_client.tutor["id"], TUESDAY_TEN, TUESDAY_TWO),
        )
        _, back = db_client.start(db_client.reschedule_call(tuesday, LATEST))
        _, forth = db_client.start(db_client.reschedule_call(monday, TUESDAY_TWO))
        blocker.commit()
    return refusals([back.exception(10) or 0, forth.exception(10) or 0])


def test_bookings_that_change_days_do_not_deadlock(db_client: DbClient) -> None:
    """Both lock the days in one order, whichever they leave and whichever they enter.

    Cases: D-1
    """
    assert _cross(db_client) == []
    assert violations(db_client.database) == []


def test_twin_that_locks_in_its_own_order_deadlocks(db_client: DbClient) -> None:
    """If each locked the day it leaves first, they would deadlock."""
    guardless.forget_order_of_places(db_client.database)

    assert _cross(db_client) == ["40P01"]


def test_a_booking_rescheduled_meanwhile_is_read_again(db_client: DbClient) -> None:
    """Two reschedules of one booking run one after the other, and it ends with one time.

    Cases: D-1, D-4
    """
    held = db_client.paid(TEN)
    call = db_client.reschedule_call(held, LATEST)
    first, _ = db_client.begin(db_client.reschedule_call(held, LATER))
    _, second = db_client.start(call)
    first.commit()

    assert refusal(second.exception(10)) == "40001"  # database.call repeats
    assert db_client.call(call)["starts_at"] == LATEST
    assert _starts(db_client, held) == [LATEST]
    assert violations(db_client.database) == []


def _refunds(db_client: DbClient) -> list[int]:
    return [row.amount for row in db_client.database.rows("select amount from core.refunds")]


def test_a_difference_goes_back_once(db_client: DbClient) -> None:
    """The second of two reschedules to a cheaper time reckons with the price that the first left.

    Cases: E-2.3, E-10.5
    """
    held = db_client.paid(TEN)
    db_client.database.execute("update core.prices set amount = amount - 1000")
    call = db_client.reschedule_call(held, LATEST)
    first, _ = db_client.begin(db_client.reschedule_call(held, LATER))
    _, second = db_client.start(call)
    first.commit()

    assert refusal(second.exception(10)) == "40001"
    db_client.call(call)
    assert _refunds(db_client) == [1000]
    assert violations(db_client.database) == []


def test_twin_without_locks_gives_it_back_twice(db_client: DbClient) -> None:
    """Without the locks, both reschedules refund the same difference."""
    guardless.forget_day_lock(db_client.database)
    guardless.forget_booking_lock(db_client.database)
    held = db_client.paid(TEN)
    db_client.database.execute("update core.prices set amount = amount - 1000")
    first, _ = db_client.begin(db_client.reschedule_call(held, LATER))
    _, second = db_client.start(db_client.reschedule_call(held, LATEST))
    first.commit()
    second.result(10)

    assert _refunds(db_client) == [1000, 1000]
    assert any("exactly its frozen price" in line for line in violations(db_client.database))


def test_a_second_reschedule_waits_and_is_refused(db_client: DbClient) -> None:
    """A booking has at most one reschedule that waits for payment: a second is refused.

    Cases: E-2.6
    """
    held = db_client.paid(TEN)
    db_client.database.execute("update core.prices set amount = amount + 1000")
    first, _ = db_client.begin(db_client.reschedule_call(held, LATER))
    _, second = db_client.start(db_client.reschedule_call(held, LATEST))
    first.commit()

    assert refusal(second.exception(10)) == "KHSTA"
    assert _starts(db_client, held) == [TEN, LATER]
    assert violations(db_client.database) == []


def test_reschedules_race(db_client: DbClient, race: Race) -> None:
    """Six bookings and some strangers want each other's times and those between: none overlap.

    Cases: D-1, E-5.1
    """
    times = [f"2027-01-{day}T{hour}:00:00Z" for day in (11, 12) for hour in ("10", "14", "16")]
    held = [db_client.paid(at) for at in times]
    calls = [db_client.reschedule_call(one, at) for one in held for at in times[::2]]
    calls += [db_client.hold_call(at) for at in times]

    outcomes = race(db_client.racers(calls))

    assert set(refusals(outcomes)) <= {"KHTKN", "KHSTA", "40001"}
    assert violations(db_client.database) == []


def _outcome(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except psycopg.Error as error:
        return error


# Reschedule of a hold ----------------------------------------------------------------------------


def test_a_reschedule_waits_for_the_release(db_client: DbClient) -> None:
    """A hold that is released meanwhile is not rescheduled.

    Cases: D-1
    """
    held = db_client.hold(TEN)
    release, _ = db_client.begin(db_client.release_call(held))
    _, move = db_client.start(db_client.reschedule_call(held, LATER))
    release.commit()

    assert refusal(move.exception(10)) == "KHEXP"
    assert _starts(db_client, held) == []
    assert violations(db_client.database) == []


def test_twin_reschedules_what_was_released(db_client: DbClient) -> None:
    """Without the booking's lock, the reschedule would take a time for a booking that is over."""
    guardless.forget_booking_lock(db_client.database)
    held = db_client.hold(TEN)
    release, _ = db_client.begin(db_client.release_call(held))
    _, move = db_client.start(db_client.reschedule_call(held, LATER))
    release.commit()
    move.result(10)

    assert any("exactly while it is live" in line for line in violations(db_client.database))


def test_a_release_after_the_reschedule_frees_the_new_time(db_client: DbClient) -> None:
    """The release waits for the reschedule, and frees the new time too."""
    held = db_client.hold(TEN)
    move, _ = db_client.begin(db_client.reschedule_call(held, LATER))
    _, release = db_client.start(db_client.release_call(held))
    move.commit()

    assert release.result(10)["released"] is True
    assert db_client.owners() == []
    assert violations(db_client.database) == []


def test_a_checkout_waits_for_the_reschedule_and_asks_the_new_price(db_client: DbClient) -> None:
    """The payment page shows the price of the rescheduled booking.

    Cases: E-10.5
    """
    held = db_client.hold(TEN)
    db_client.database.execute("update core.prices set amount = amount + %s", DEARER)
    move, moved = db_client.begin(db_client.reschedule_call(held, LATER))
    _, checkout = db_client.start(db_client.checkout_call(held))
    move.commit()

    (item,) = checkout.result(10)["checkout"]["parameters"]["line_items"]
    assert item["price_data"]["unit_amount"] == moved["price"]["amount"]


def test_twin_asks_the_old_price(db_client: DbClient) -> None:
    """Without the booking's lock, the page would show the price before the reschedule."""
    guardless.forget_booking_lock(db_client.database)
    held = db_client.hold(TEN)
    db_client.database.execute("update core.prices set amount = amount + %s", DEARER)
    move, moved = db_client.begin(db_client.reschedule_call(held, LATER))
    _, checkout = db_client.start(db_client.checkout_call(held))
    move.commit()

    (item,) = checkout.result(10)["checkout"]["parameters"]["line_items"]
    assert item["price_data"]["unit_amount"] == moved["price"]["amount"] - DEARER


def test_a_reschedule_waits_for_the_checkout_and_is_refused(db_client: DbClient) -> None:
    """While a payment page is open, a reschedule is refused, so that the price stays.

    Cases: E-10.5
    """
    held = db_client.hold(TEN)
    checkout, _ = db_client.begin(db_client.checkout_call(held))
    _, move = db_client.start(db_client.reschedule_call(held, LATER))
    checkout.commit()

    assert refusal(move.exception(10)) == "KHSTA"
    assert violations(db_client.database) == []


# A reschedule that waits for its payment ----------------------------------------------------------


def test_giving_up_waits_for_the_payment_and_is_refused(db_client: DbClient) -> None:
    """Once paid, the booking is rescheduled and nothing can be given up.

    Cases: E-2.2
    """
    held = _waiting(db_client)
    session = _open_page(db_client, held)
    payment, _ = db_client.begin(settle_call(session, "paid"))
    _, given_up = db_client.start(db_client.abandon_call(held))
    payment.commit()

    assert refusal(given_up.exception(10)) == "KHSTA"
    assert _starts(db_client, held) == [LATER]
    assert violations(db_client.database) == []


def test_twin_gives_up_what_was_paid(db_client: DbClient) -> None:
    """Without the booking's lock, the page of a paid reschedule would be closed."""
    guardless.forget_booking_lock(db_client.database)
    held = _waiting(db_client)
    session = _open_page(db_client, held)
    payment, _ = db_client.begin(settle_call(session, "paid"))
    given_up = db_client.session("cancel_reschedule").send_and_wait_for_lock(
        db_client.abandon_call(held)
    )
    payment.commit()

    assert given_up.result(10)["effect"]["kind"] == "expire_session"


def test_a_payment_of_what_is_given_up_reschedules_the_booking(db_client: DbClient) -> None:
    """Until its page is closed the reschedule can be paid, and is then made.

    Cases: D-2
    """
    held = _waiting(db_client)
    session = _open_page(db_client, held)
    giving_up, asked = db_client.begin(db_client.abandon_call(held))
    _, payment = db_client.start(settle_call(session, "paid"))
    giving_up.commit()

    assert (asked["abandoned"], payment.result(10)["result"]) == (False, "changed")
    assert _starts(db_client, held) == [LATER]
    assert violations(db_client.database) == []


def test_a_reschedule_that_loses_its_time_meanwhile_is_read_again(db_client: DbClient) -> None:
    """A payment that finds its reschedule expired locks the days first, in its second attempt.

    Cases: D-2
    """
    held = _waiting(db_client)
    session = _open_page(db_client, held)
    ending, _ = db_client.begin(settle_call(session, "expired"))
    paid = settle_call(session, "paid")
    _, payment = db_client.start(paid)
    ending.commit()

    assert refusal(payment.exception(10)) == "40001"  # database.call repeats
    assert db_client.call(paid)["result"] == "changed"
    assert violations(db_client.database) == []


def test_a_late_payment_waits_for_the_hold_of_its_time(db_client: DbClient) -> None:
    """Another customer has the time by then: the difference is refunded once.

    Cases: D-2
    """
    held = _waiting(db_client)
    session = _open_page(db_client, held)
    db_client.call(settle_call(session, "expired"))
    rival, _ = db_client.begin(db_client.hold_call(LATER))
    _, payment = db_client.start(settle_call(session, "paid"))
    rival.commit()

    assert payment.result(10)["result"] == "refunding"
    assert _starts(db_client, held) == [TEN]
    assert violations(db_client.database) == []


def test_many_deliveries_of_the_difference_race(db_client: DbClient, race: Race) -> None:
    """Sixteen deliveries of four events about one payment reschedule the booking once.

    Cases: E-2.2
    """
    held = _waiting(db_client)
    session = _open_page(db_client, held)
    calls = [settle_call(session, "paid", f"evt_{n % 4}") for n in range(16)]

    outcomes = race(db_client.racers(calls))

    results = sorted(one["result"] for one in outcomes)
    assert results == ["changed"] + ["duplicate"] * 12 + ["unchanged"] * 3
    assert _starts(db_client, held) == [LATER]
    assert violations(db_client.database, quiescent=True) == []


def test_the_sweep_passes_by_a_payment_being_settled(db_client: DbClient) -> None:
    """A sweep skips a booking whose reschedule is being paid.

    Cases: E-7.2, D-2
    """
    held = _waiting(db_client)
    session = _open_page(db_client, held)
    db_client.database.clock.advance(timedelta(minutes=40))
    payment, _ = db_client.begin(settle_call(session, "paid"))
    swept = db_client.session("expire_holds").send(SWEEP).result(5)
    payment.commit()

    assert (swept["closing"], _starts(db_client, held)) == (0, [LATER])
    assert violations(db_client.database) == []


def test_twin_sweep_that_does_not_ask_stripe_frees_a_payable_time(db_client: DbClient) -> None:
    """If the sweep ended a reschedule without closing its page, a payable time would be free."""
    guardless.rewrite(
        db_client.database,
        "core.expire_reschedules",
        "elsif v_checkout.reschedule_id is distinct from v_reschedule.id then",
        "elsif true then",
    )
    _open_page(db_client, _waiting(db_client))
    db_client.database.clock.advance(timedelta(minutes=40))

    db_client.call(SWEEP)

    assert any(line.startswith("I5") for line in violations(db_client.database))


@pytest.mark.parametrize("second", ["sweep", "give up", "pay"])
def test_everything_about_one_reschedule_races(
    db_client: DbClient, race: Race, second: str
) -> None:
    """Payment, giving up, sweep and a rival at once: one succeeds, and the books are right.

    Cases: D-1, D-2, E-7.2
    """
    held = _waiting(db_client)
    session = _open_page(db_client, held)
    if second == "sweep":
        db_client.database.clock.advance(timedelta(minutes=40))
    others: dict[str, list[Call]] = {
        "sweep": [SWEEP],
        "give up": [db_client.abandon_call(held)],
        "pay": [settle_call(session, "paid")],
    }
    calls = [settle_call(session, "paid"), *others[second], db_client.hold_call(LATER)] * 3

    outcomes = race(db_client.racers(calls))

    assert set(refusals(outcomes)) <= {"KHTKN", "KHSTA", "40001"}
    assert _starts(db_client, held) == [LATER]
    assert violations(db_client.database) == []
