"""Moving a booking against everything else that may happen to it or its times at that moment."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.harness.clients.desk import (
    Call,
    Desk,
    Held,
    provider_session,
    refusal,
    refusals,
    settle_call,
)
from tests.harness.database import twins
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

TEN = "2027-01-11T10:00:00Z"
LATER = "2027-01-11T14:00:00Z"
LATEST = "2027-01-11T16:00:00Z"
TUESDAY_TEN = "2027-01-12T10:00:00Z"
TUESDAY_TWO = "2027-01-12T14:00:00Z"
SWEEP: Call = ("expire_holds", (100,))
DEARER = 1500


def _paid(desk: Desk, start: str) -> Held:
    held, session = desk.checkout(start)
    desk.call(settle_call(session, "paid"))
    return held


def _starts(desk: Desk, held: Held) -> list[str]:
    """When the times begin that a booking owns."""
    query = "select lower(during) as at from core.occupancies where booking_id = %s order by part"
    return [f"{row.at:%Y-%m-%dT%H:%M:%SZ}" for row in desk.database.rows(query, held.id)]


def _waiting(desk: Desk) -> Held:
    """A paid booking at ten whose move to two costs more, and is not paid yet."""
    held = _paid(desk, TEN)
    desk.database.execute("update core.prices set amount = amount + %s", DEARER)
    desk.call(desk.reschedule_call(held, LATER))
    return held


def _open_page(desk: Desk, held: Held) -> dict[str, Any]:
    """The payment page of the change: the provider's session."""
    checkout = desk.call(desk.checkout_call(held))["checkout"]
    session = provider_session(checkout)
    desk.call(("attach_checkout", (desk.actor(held.secret), held.id, checkout["id"], session)))
    return session


# Move against hold -------------------------------------------------------------------------------


def test_who_wants_the_new_time_waits_and_is_refused(desk: Desk) -> None:
    """The new time is taken by the move, and the old one is free when that is done.

    Cases: D-1
    """
    held = _paid(desk, TEN)
    move, _ = desk.begin(desk.reschedule_call(held, LATER))
    early = refusals([_outcome(lambda: desk.call(desk.hold_call(TEN)))])
    _, rival = desk.start(desk.hold_call(LATER))
    move.commit()

    assert (early, refusal(rival.exception(10))) == (["KHTKN"], "KHTKN")
    assert desk.hold(TEN)
    assert _starts(desk, held) == [LATER]
    assert violations(desk.database) == []


def test_a_move_that_is_undone_keeps_the_old_time(desk: Desk) -> None:
    """Never both free, never neither: the rival of a move that rolled back gets the new time.

    Cases: D-1
    """
    held = _paid(desk, TEN)
    move, _ = desk.begin(desk.reschedule_call(held, LATER))
    _, rival = desk.start(desk.hold_call(LATER))
    move.rollback()

    assert rival.result(10)["status"] == "held"
    assert _starts(desk, held) == [TEN]
    assert violations(desk.database) == []


def test_twin_without_lock_and_constraint_takes_a_time_twice(desk: Desk) -> None:
    """Without the days' lock and the constraint, the move and a hold own the same time."""
    twins.forget_day_lock(desk.database)
    twins.forget_overlap_constraint(desk.database)
    held = _paid(desk, TEN)
    move, _ = desk.begin(desk.reschedule_call(held, LATER))
    desk.call(desk.hold_call(LATER))
    move.commit()

    assert any(line.startswith("I1") for line in violations(desk.database))


def test_the_constraint_stays_the_judge_when_the_lock_is_forgotten(desk: Desk) -> None:
    """Without the days' lock, the insert itself waits for the move, and is refused.

    Cases: D-1, P-2
    """
    twins.forget_day_lock(desk.database)
    held = _paid(desk, TEN)
    move, _ = desk.begin(desk.reschedule_call(held, LATER))
    _, rival = desk.start(desk.hold_call(LATER))
    move.commit()

    assert refusal(rival.exception(10)) == "KHTKN"
    assert violations(desk.database) == []


# Move against move -------------------------------------------------------------------------------


def test_a_booking_moves_into_the_time_another_leaves(desk: Desk) -> None:
    """The second waits for the first, and finds the time it left free.

    Cases: D-1
    """
    leaves, enters = _paid(desk, TEN), _paid(desk, LATER)
    first, _ = desk.begin(desk.reschedule_call(leaves, LATEST))
    _, second = desk.start(desk.reschedule_call(enters, TEN))
    first.commit()

    assert second.result(10)["status"] == "scheduled"
    assert (_starts(desk, leaves), _starts(desk, enters)) == ([LATEST], [TEN])
    assert violations(desk.database) == []


def _cross(desk: Desk) -> list[str]:
    """Two bookings change days, each into the other's, while somebody has Tuesday; refusals."""
    monday, tuesday = _paid(desk, TEN), _paid(desk, TUESDAY_TEN)
    with desk.database.connect() as blocker:
        blocker.execute(
            "select core.lock_days(%s, tstzrange(%s, %s))",
            (desk.tutor["id"], TUESDAY_TEN, TUESDAY_TWO),
        )
        _, back = desk.start(desk.reschedule_call(tuesday, LATEST))
        _, forth = desk.start(desk.reschedule_call(monday, TUESDAY_TWO))
        blocker.commit()
    return refusals([back.exception(10) or 0, forth.exception(10) or 0])


def test_bookings_that_change_days_do_not_deadlock(desk: Desk) -> None:
    """Both lock the days in one order, whichever they leave and whichever they enter.

    Cases: D-1
    """
    assert _cross(desk) == []
    assert violations(desk.database) == []


def test_twin_that_locks_in_its_own_order_deadlocks(desk: Desk) -> None:
    """Did each lock the day it leaves first, they would wait for each other for ever."""
    twins.forget_order_of_places(desk.database)

    assert _cross(desk) == ["40P01"]


def test_a_booking_that_was_moved_meanwhile_is_looked_at_again(desk: Desk) -> None:
    """Two moves of one booking come one after the other, and it ends in one place.

    Cases: D-1, D-4
    """
    held = _paid(desk, TEN)
    call = desk.reschedule_call(held, LATEST)
    first, _ = desk.begin(desk.reschedule_call(held, LATER))
    _, second = desk.start(call)
    first.commit()

    assert refusal(second.exception(10)) == "40001"  # database.call repeats
    assert desk.call(call)["starts_at"] == LATEST
    assert _starts(desk, held) == [LATEST]
    assert violations(desk.database) == []


def _refunds(desk: Desk) -> list[int]:
    return [row.amount for row in desk.database.rows("select amount from core.refunds")]


def test_a_difference_goes_back_once(desk: Desk) -> None:
    """The second of two moves to a cheaper time finds the price that the first has left.

    Cases: E-2.3, E-10.5
    """
    held = _paid(desk, TEN)
    desk.database.execute("update core.prices set amount = amount - 1000")
    call = desk.reschedule_call(held, LATEST)
    first, _ = desk.begin(desk.reschedule_call(held, LATER))
    _, second = desk.start(call)
    first.commit()

    assert refusal(second.exception(10)) == "40001"
    desk.call(call)
    assert _refunds(desk) == [1000]
    assert violations(desk.database) == []


def test_twin_without_locks_gives_it_back_twice(desk: Desk) -> None:
    """Without the locks, both moves give back the same difference."""
    twins.forget_day_lock(desk.database)
    twins.forget_booking_lock(desk.database)
    held = _paid(desk, TEN)
    desk.database.execute("update core.prices set amount = amount - 1000")
    first, _ = desk.begin(desk.reschedule_call(held, LATER))
    _, second = desk.start(desk.reschedule_call(held, LATEST))
    first.commit()
    second.result(10)

    assert _refunds(desk) == [1000, 1000]
    assert any("exactly its frozen price" in line for line in violations(desk.database))


def test_a_second_change_waits_and_is_refused(desk: Desk) -> None:
    """One change of a booking waits for its payment at a time.

    Cases: E-2.6
    """
    held = _paid(desk, TEN)
    desk.database.execute("update core.prices set amount = amount + 1000")
    first, _ = desk.begin(desk.reschedule_call(held, LATER))
    _, second = desk.start(desk.reschedule_call(held, LATEST))
    first.commit()

    assert refusal(second.exception(10)) == "KHSTA"
    assert _starts(desk, held) == [TEN, LATER]
    assert violations(desk.database) == []


def test_moves_race(desk: Desk, race: Race) -> None:
    """Six bookings want each other's times and those between, strangers too: nobody collides.

    Cases: D-1, E-5.1
    """
    times = [f"2027-01-{day}T{hour}:00:00Z" for day in (11, 12) for hour in ("10", "14", "16")]
    held = [_paid(desk, at) for at in times]
    calls = [desk.reschedule_call(one, at) for one in held for at in times[::2]]
    calls += [desk.hold_call(at) for at in times]

    outcomes = race(desk.racers(calls))

    assert set(refusals(outcomes)) <= {"KHTKN", "KHSTA", "40001"}
    assert violations(desk.database) == []


def _outcome(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except psycopg.Error as error:
        return error


# Move of a hold ----------------------------------------------------------------------------------


def test_a_move_waits_for_the_release(desk: Desk) -> None:
    """What was released meanwhile is not moved.

    Cases: D-1
    """
    held = desk.hold(TEN)
    release, _ = desk.begin(desk.release_call(held))
    _, move = desk.start(desk.reschedule_call(held, LATER))
    release.commit()

    assert refusal(move.exception(10)) == "KHEXP"
    assert _starts(desk, held) == []
    assert violations(desk.database) == []


def test_twin_moves_what_was_released(desk: Desk) -> None:
    """Without the booking's lock, the move would take a time for a booking that is over."""
    twins.forget_booking_lock(desk.database)
    held = desk.hold(TEN)
    release, _ = desk.begin(desk.release_call(held))
    _, move = desk.start(desk.reschedule_call(held, LATER))
    release.commit()
    move.result(10)

    assert any("exactly while it is live" in line for line in violations(desk.database))


def test_a_release_after_the_move_frees_the_new_time(desk: Desk) -> None:
    """The release waits for the move, and leaves nothing behind."""
    held = desk.hold(TEN)
    move, _ = desk.begin(desk.reschedule_call(held, LATER))
    _, release = desk.start(desk.release_call(held))
    move.commit()

    assert release.result(10)["released"] is True
    assert desk.owners() == []
    assert violations(desk.database) == []


def test_a_checkout_waits_for_the_move_and_asks_the_new_price(desk: Desk) -> None:
    """The page shows what the moved booking costs.

    Cases: E-10.5
    """
    held = desk.hold(TEN)
    desk.database.execute("update core.prices set amount = amount + %s", DEARER)
    move, moved = desk.begin(desk.reschedule_call(held, LATER))
    _, checkout = desk.start(desk.checkout_call(held))
    move.commit()

    (item,) = checkout.result(10)["checkout"]["parameters"]["line_items"]
    assert item["price_data"]["unit_amount"] == moved["price"]["amount"]


def test_twin_asks_the_old_price(desk: Desk) -> None:
    """Without the booking's lock, the page would ask for what the hold cost before."""
    twins.forget_booking_lock(desk.database)
    held = desk.hold(TEN)
    desk.database.execute("update core.prices set amount = amount + %s", DEARER)
    move, moved = desk.begin(desk.reschedule_call(held, LATER))
    _, checkout = desk.start(desk.checkout_call(held))
    move.commit()

    (item,) = checkout.result(10)["checkout"]["parameters"]["line_items"]
    assert item["price_data"]["unit_amount"] == moved["price"]["amount"] - DEARER


def test_a_move_waits_for_the_checkout_and_is_refused(desk: Desk) -> None:
    """While a payment page is open the price stays what the page says.

    Cases: E-10.5
    """
    held = desk.hold(TEN)
    checkout, _ = desk.begin(desk.checkout_call(held))
    _, move = desk.start(desk.reschedule_call(held, LATER))
    checkout.commit()

    assert refusal(move.exception(10)) == "KHSTA"
    assert violations(desk.database) == []


# A change that waits for its payment --------------------------------------------------------------


def test_giving_up_waits_for_the_payment_and_is_refused(desk: Desk) -> None:
    """The booking has moved: there is nothing to give up any more.

    Cases: E-2.2
    """
    held = _waiting(desk)
    session = _open_page(desk, held)
    payment, _ = desk.begin(settle_call(session, "paid"))
    _, given_up = desk.start(desk.abandon_call(held))
    payment.commit()

    assert refusal(given_up.exception(10)) == "KHSTA"
    assert _starts(desk, held) == [LATER]
    assert violations(desk.database) == []


def test_twin_gives_up_what_was_paid(desk: Desk) -> None:
    """Without the booking's lock, the page of a change that was paid would be closed again."""
    twins.forget_booking_lock(desk.database)
    held = _waiting(desk)
    session = _open_page(desk, held)
    payment, _ = desk.begin(settle_call(session, "paid"))
    given_up = desk.session("abandon_change").send_and_wait_for_lock(desk.abandon_call(held))
    payment.commit()

    assert given_up.result(10)["effect"]["kind"] == "expire_session"


def test_a_payment_of_what_is_given_up_moves_the_booking(desk: Desk) -> None:
    """Until its page is closed the change can be paid, and then it is made.

    Cases: D-2
    """
    held = _waiting(desk)
    session = _open_page(desk, held)
    giving_up, asked = desk.begin(desk.abandon_call(held))
    _, payment = desk.start(settle_call(session, "paid"))
    giving_up.commit()

    assert (asked["abandoned"], payment.result(10)["result"]) == (False, "changed")
    assert _starts(desk, held) == [LATER]
    assert violations(desk.database) == []


def test_a_change_that_loses_its_time_meanwhile_is_looked_at_again(desk: Desk) -> None:
    """A payment that meets the end of its change locks the days first, in its second attempt.

    Cases: D-2
    """
    held = _waiting(desk)
    session = _open_page(desk, held)
    ending, _ = desk.begin(settle_call(session, "expired"))
    paid = settle_call(session, "paid")
    _, payment = desk.start(paid)
    ending.commit()

    assert refusal(payment.exception(10)) == "40001"  # database.call repeats
    assert desk.call(paid)["result"] == "changed"
    assert violations(desk.database) == []


def test_a_late_payment_waits_for_who_takes_its_time(desk: Desk) -> None:
    """The time is somebody else's then: the difference goes back, once.

    Cases: D-2
    """
    held = _waiting(desk)
    session = _open_page(desk, held)
    desk.call(settle_call(session, "expired"))
    rival, _ = desk.begin(desk.hold_call(LATER))
    _, payment = desk.start(settle_call(session, "paid"))
    rival.commit()

    assert payment.result(10)["result"] == "refunding"
    assert _starts(desk, held) == [TEN]
    assert violations(desk.database) == []


def test_many_deliveries_of_the_difference_race(desk: Desk, race: Race) -> None:
    """Sixteen deliveries of four events about one payment move the booking once.

    Cases: E-2.2
    """
    held = _waiting(desk)
    session = _open_page(desk, held)
    calls = [settle_call(session, "paid", f"evt_{n % 4}") for n in range(16)]

    outcomes = race(desk.racers(calls))

    results = sorted(one["result"] for one in outcomes)
    assert results == ["changed"] + ["duplicate"] * 12 + ["unchanged"] * 3
    assert _starts(desk, held) == [LATER]
    assert violations(desk.database, quiescent=True) == []


def test_the_sweep_passes_by_a_payment_being_settled(desk: Desk) -> None:
    """A sweep leaves a booking alone whose change is being paid.

    Cases: E-7.2, D-2
    """
    held = _waiting(desk)
    session = _open_page(desk, held)
    desk.database.clock.advance(timedelta(minutes=40))
    payment, _ = desk.begin(settle_call(session, "paid"))
    swept = desk.session("expire_holds").send(SWEEP).result(5)
    payment.commit()

    assert (swept["closing"], _starts(desk, held)) == (0, [LATER])
    assert violations(desk.database) == []


def test_twin_sweep_that_does_not_ask_stripe_frees_a_payable_time(desk: Desk) -> None:
    """Did the sweep end a change without closing its page, a payable time would be free."""
    twins.rewrite(
        desk.database,
        "core.expire_changes",
        "elsif v_checkout.change_id is distinct from v_change.id then",
        "elsif true then",
    )
    _open_page(desk, _waiting(desk))
    desk.database.clock.advance(timedelta(minutes=40))

    desk.call(SWEEP)

    assert any(line.startswith("I5") for line in violations(desk.database))


@pytest.mark.parametrize("second", ["sweep", "give up", "pay"])
def test_everything_about_one_change_races(desk: Desk, race: Race, second: str) -> None:
    """Payment, giving up, sweep and a rival at once: one of them wins, and the books are right.

    Cases: D-1, D-2, E-7.2
    """
    held = _waiting(desk)
    session = _open_page(desk, held)
    if second == "sweep":
        desk.database.clock.advance(timedelta(minutes=40))
    others: dict[str, list[Call]] = {
        "sweep": [SWEEP],
        "give up": [desk.abandon_call(held)],
        "pay": [settle_call(session, "paid")],
    }
    calls = [settle_call(session, "paid"), *others[second], desk.hold_call(LATER)] * 3

    outcomes = race(desk.racers(calls))

    assert set(refusals(outcomes)) <= {"KHTKN", "KHSTA", "40001"}
    assert _starts(desk, held) == [LATER]
    assert violations(desk.database) == []
