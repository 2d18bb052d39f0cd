"""A payment in the second in which the time begins, against the sweep that gives the time up."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.harness.clients.desk import Desk, settle_call
from tests.harness.database import twins
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

TEN = "2027-01-11T10:00:00Z"
START = datetime.fromisoformat(TEN)
SWEEP = ("expire_holds", (10,))
MICROSECOND = timedelta(microseconds=1)


def _waiting(desk: Desk, outcome: str) -> tuple[Any, dict[str, Any]]:
    """A booking at ten whose page is open, or whose payment is a delayed one, about to begin."""
    held, session = desk.checkout(TEN)
    if outcome == "pending":
        desk.call(settle_call(session, "pending"))
    desk.database.execute("update core.bookings set hold_expires_at = %s", START - MICROSECOND)
    return held, session


def _reasons(desk: Desk) -> list[str]:
    return [row.reason for row in desk.database.rows("select reason from core.refunds")]


@pytest.mark.parametrize("outcome", ["open", "pending"])
@pytest.mark.parametrize("instant", [START - MICROSECOND, START, START + MICROSECOND])
@pytest.mark.parametrize("_round", range(2))
def test_payments_race_the_sweep_at_the_start(
    desk: Desk, race: Race, outcome: str, instant: datetime, _round: int
) -> None:
    """Told four times over and swept twice: before the start it is confirmed; from the start on the
    money is on its way back, once, and the time is nobody's.

    Cases: D-2, E-7.2
    """
    held, session = _waiting(desk, outcome)
    desk.database.clock.set(instant)
    calls = [settle_call(session, "paid", f"evt_{n}") for n in range(4)] + [SWEEP] * 2

    outcomes = race(desk.racers(calls))

    faults = [one for one in outcomes if isinstance(one, Exception)]
    if faults:  # who finds the time lost meanwhile begins anew, as its caller does
        assert {getattr(one, "sqlstate", None) for one in faults} == {"40001"}
        desk.call(settle_call(session, "paid"))
    expected = ("scheduled", []) if instant < START else ("expired", ["time_lost"])
    assert (desk.status(held), _reasons(desk)) == expected
    assert desk.owners() == ([held.id] if instant < START else [])
    assert violations(desk.database) == []


def test_a_payment_that_waits_past_the_start_goes_back(desk: Desk) -> None:
    """What counts is the clock once the booking is locked, not when the event came.

    Cases: D-2, E-6.3
    """
    held, session = desk.checkout(TEN)
    other, _ = desk.begin(desk.checkout_call(held))  # somebody asks for the page again
    desk.database.clock.set(START - timedelta(seconds=1))
    _, payment = desk.start(settle_call(session, "paid"))
    desk.database.clock.set(START)
    other.commit()

    assert payment.result(10)["result"] == "refunding"
    assert (desk.status(held), _reasons(desk)) == ("expired", ["time_lost"])
    assert violations(desk.database) == []


def test_twin_that_does_not_look_at_the_clock_confirms_a_time_that_has_begun(desk: Desk) -> None:
    """Without the guard the customer pays for a lesson that is over, and the law sees it."""
    twins.rewrite(
        desk.database,
        "core.settle_paid",
        "core.first_start(v_booking) <= core.clock() then",
        "false then",
    )
    held, session = desk.checkout(TEN)
    desk.database.clock.set(START)

    assert desk.call(settle_call(session, "paid"))["result"] == "confirmed"
    assert desk.status(held) == "scheduled"
    assert any(line.startswith("I6: no booking was conf") for line in violations(desk.database))


def _polls(desk: Desk, count: int) -> list[Any]:
    held, _ = desk.checkout(TEN)
    return [("get_confirmation", (desk.actor(held.secret), held.id)) for _ in range(count)]


@pytest.mark.parametrize("_round", range(5))
def test_of_many_who_poll_at_once_one_asks(desk: Desk, race: Race, _round: int) -> None:
    """The others are told what is known, without waiting.

    Cases: E-2.8, P-8
    """
    outcomes = race(desk.racers(_polls(desk, 12)))

    assert [one["status"] for one in outcomes] == ["processing"] * 12
    assert len([one for one in outcomes if one["ask"] is not None]) == 1


def test_twin_in_which_everybody_asks(desk: Desk) -> None:
    """Did nobody look when it was asked last, each of them would ask Stripe."""
    twins.rewrite(
        desk.database,
        "core.session_to_ask",
        "or v_checkout.asked_at > v_now - interval '5 seconds'",
        "",
    )
    calls = _polls(desk, 12)
    asked = [desk.call(call)["ask"] for call in calls]

    assert None not in asked


def _pages(desk: Desk, count: int) -> tuple[Any, list[Any]]:
    held = desk.hold(TEN)
    return held, [
        desk.checkout_call(held, cancel_url=f"https://studio.example/{n}") for n in range(count)
    ]


def test_no_more_pages_than_allowed_however_they_are_asked_for(desk: Desk, race: Race) -> None:
    """Each refused attempt makes room for another: at once or in turn, five in all.

    Cases: P-8, E-2.6
    """
    held, calls = _pages(desk, 12)
    for turn in range(3):
        race(desk.racers(calls[turn * 4 : turn * 4 + 4]))
        desk.database.execute("update core.checkouts set state = 'failed'")
    for call in calls:
        with suppress(psycopg.Error):
            desk.call(call)
        desk.database.execute("update core.checkouts set state = 'failed'")

    assert desk.database.value("select count(*) from core.checkouts") == 5
    assert desk.status(held) == "paying"


def test_twin_without_a_count_makes_pages_without_end(desk: Desk) -> None:
    """Every other address is another session at Stripe."""
    twins.rewrite(
        desk.database,
        "core.require_renewal",
        "elsif coalesce(p_change.payment_pages, p_booking.payment_pages)",
        "elsif -1",
    )
    _, calls = _pages(desk, 12)
    for call in calls:
        desk.call(call)
        desk.database.execute("update core.checkouts set state = 'failed'")

    assert desk.database.value("select count(*) from core.checkouts") == 12
