"""Rescheduling a booking: for the same price, for more, for less, and giving it up."""

from datetime import timedelta

from tests.harness.laws.invariants import violations
from tests.harness.system.aftermath import settle_down
from tests.harness.system.in_process import System
from tests.harness.system.setup import TEN, stripe_refunds

TWO = "2030-01-07T14:00:00Z"
FOUR = "2030-01-07T16:00:00Z"


def _kept(system: System) -> int:
    state = system.double.state()
    return int(sum(state["captured"].values()) - sum(state["refunded"].values()))


def test_for_more_and_then_for_less(system: System) -> None:
    """The difference is paid, then a part is refunded: what is kept is always the price.

    Cases: E-10.5, E-2.3
    """
    held = system.paid(system.hold(TEN))
    price = held["price"]["amount"]
    system.change_prices(1500)
    assert system.move(held, TWO).status == 202
    system.paid(held)
    after_more = (system.booking(held).amount, _kept(system))
    system.change_prices(-2500)

    assert system.move(held, FOUR).status == 200
    settle_down(system)

    booking = system.booking(held)
    refunds = sorted(refund["amount"] for refund in stripe_refunds(system, held))
    assert after_more == (price + 1500, price + 1500)
    assert (booking.amount, _kept(system)) == (price - 1000, price - 1000)
    assert refunds == [1000, 1500]
    assert (booking.status, booking.payment_status) == ("scheduled", "paid")
    assert violations(system.database, system.double, quiescent=True) == []


def test_a_reschedule_that_is_never_paid(system: System) -> None:
    """The page is abandoned: the booking stays, the new time is free, and nothing was taken.

    Cases: D-2, E-7.2
    """
    held = system.paid(system.hold(TEN))
    price = held["price"]["amount"]
    system.change_prices(1500)
    system.move(held, TWO)
    system.checkout(held)
    taken = [slot["starts_at"] for slot in system.slots()]

    system.advance(timedelta(minutes=40))
    settle_down(system)

    assert TWO not in taken
    assert system.database.value("select count(*) from core.occupancies") == 1
    assert (system.booking(held).amount, _kept(system)) == (price, price)
    assert violations(system.database, system.double, quiescent=True) == []


def test_the_old_time_is_free_at_once(system: System) -> None:
    """As soon as the booking is rescheduled, its old time can be held and paid, and is not given
    back.

    Cases: D-1
    """
    held = system.paid(system.hold(TEN))
    system.move(held, TWO)

    other = system.hold(TEN, customer={"name": "Alan Turing", "email": "alan@example.com"})
    system.paid(other)

    assert system.booking(other).status == "scheduled"
    assert violations(system.database, system.double) == []


def test_a_hold_is_rescheduled_and_then_paid(system: System) -> None:
    """The page asks for the price of the new time, and that confirms it.

    Cases: E-10.5, A-1
    """
    held = system.hold(TEN)
    system.change_prices(700)
    moved = system.move(held, TWO)

    system.paid(held)

    booking = system.booking(held)
    assert moved.status == 200
    assert (booking.status, booking.amount) == ("scheduled", held["price"]["amount"] + 700)
    assert _kept(system) == booking.amount
    assert violations(system.database, system.double) == []
