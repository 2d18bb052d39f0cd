"""A payment in the second when the booked time begins, against the sweep that expires it."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.harness.clients.db_client import DbClient, settle_call
from tests.harness.database import guardless
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

TEN = "2027-01-11T10:00:00Z"
START = datetime.fromisoformat(TEN)
SWEEP = ("expire_holds", (10,))
MICROSECOND = timedelta(microseconds=1)


def _waiting(db_client: DbClient, outcome: str) -> tuple[Any, dict[str, Any]]:
    """A booking at ten, about to begin, with an open payment page or a delayed payment."""
    held, session = db_client.checkout(TEN)
    if outcome == "pending":
        db_client.call(settle_call(session, "pending"))
    db_client.database.execute("update core.bookings set hold_expires_at = %s", START - MICROSECOND)
    return held, session


def _reasons(db_client: DbClient) -> list[str]:
    return [row.reason for row in db_client.database.rows("select reason from core.refunds")]


@pytest.mark.parametrize("outcome", ["open", "pending"])
@pytest.mark.parametrize("instant", [START - MICROSECOND, START, START + MICROSECOND])
@pytest.mark.parametrize("_round", range(2))
def test_payments_race_the_sweep_at_the_start(
    db_client: DbClient, race: Race, outcome: str, instant: datetime, _round: int
) -> None:
    """Four deliveries of the payment and two sweeps at once. Before the start, the booking is
    confirmed; from the start on, the money is refunded once and the time is free.

    Cases: D-2, E-7.2
    """
    held, session = _waiting(db_client, outcome)
    db_client.database.clock.set(instant)
    calls = [settle_call(session, "paid", f"evt_{n}") for n in range(4)] + [SWEEP] * 2

    outcomes = race(db_client.racers(calls))

    faults = [one for one in outcomes if isinstance(one, Exception)]
    if faults:  # a settlement that finds the time lost meanwhile is repeated, as database.call does
        assert {getattr(one, "sqlstate", None) for one in faults} == {"40001"}
        db_client.call(settle_call(session, "paid"))
    expected = ("scheduled", []) if instant < START else ("expired", ["time_lost"])
    assert (db_client.status(held), _reasons(db_client)) == expected
    assert db_client.owners() == ([held.id] if instant < START else [])
    assert violations(db_client.database) == []


def test_a_payment_that_waits_past_the_start_goes_back(db_client: DbClient) -> None:
    """What counts is the clock when the booking is locked, not when the event arrived.

    Cases: D-2, E-6.3
    """
    held, session = db_client.checkout(TEN)
    other, _ = db_client.begin(db_client.checkout_call(held))  # asks for the page again
    db_client.database.clock.set(START - timedelta(seconds=1))
    _, payment = db_client.start(settle_call(session, "paid"))
    db_client.database.clock.set(START)
    other.commit()

    assert payment.result(10)["result"] == "refunding"
    assert (db_client.status(held), _reasons(db_client)) == ("expired", ["time_lost"])
    assert violations(db_client.database) == []


def test_twin_that_does_not_look_at_the_clock_confirms_a_time_that_has_begun(
    db_client: DbClient,
) -> None:
    """Without the guard the customer pays for a lesson that is over, and the law finds it."""
    guardless.rewrite(
        db_client.database,
        "core.settle_paid",
        "core.first_start(v_booking) <= core.clock() then",
        "false then",
    )
    held, session = db_client.checkout(TEN)
    db_client.database.clock.set(START)

    assert db_client.call(settle_call(session, "paid"))["result"] == "confirmed"
    assert db_client.status(held) == "scheduled"
    assert any(
        line.startswith("I6: no booking was conf") for line in violations(db_client.database)
    )


def _polls(db_client: DbClient, count: int) -> list[Any]:
    held, _ = db_client.checkout(TEN)
    return [("get_confirmation", (db_client.actor(held.secret), held.id)) for _ in range(count)]


@pytest.mark.parametrize("_round", range(5))
def test_of_many_who_poll_at_once_one_asks(db_client: DbClient, race: Race, _round: int) -> None:
    """Of many who poll at once, one asks Stripe; the others get the known state without waiting.

    Cases: E-2.8, P-8
    """
    outcomes = race(db_client.racers(_polls(db_client, 12)))

    assert [one["status"] for one in outcomes] == ["processing"] * 12
    assert len([one for one in outcomes if one["ask"] is not None]) == 1


def test_twin_in_which_all_ask(db_client: DbClient) -> None:
    """Without the check of when Stripe was last asked, every poller asks Stripe."""
    guardless.rewrite(
        db_client.database,
        "core.stripe_session_to_ask",
        "or v_checkout.asked_at > v_now - interval '5 seconds'",
        "",
    )
    calls = _polls(db_client, 12)
    asked = [db_client.call(call)["ask"] for call in calls]

    assert None not in asked


def _pages(db_client: DbClient, count: int) -> tuple[Any, list[Any]]:
    held = db_client.hold(TEN)
    return held, [
        db_client.checkout_call(held, cancel_url=f"https://studio.example/{n}")
        for n in range(count)
    ]


def test_no_more_pages_than_allowed_however_they_are_asked_for(
    db_client: DbClient, race: Race
) -> None:
    """Five sessions in all, whether the pages are asked for at once or in turn.

    Cases: P-8, E-2.6
    """
    held, calls = _pages(db_client, 12)
    for turn in range(3):
        race(db_client.racers(calls[turn * 4 : turn * 4 + 4]))
        db_client.database.execute("update core.checkouts set state = 'failed'")
    for call in calls:
        with suppress(psycopg.Error):
            db_client.call(call)
        db_client.database.execute("update core.checkouts set state = 'failed'")

    assert db_client.database.value("select count(*) from core.checkouts") == 5
    assert db_client.status(held) == "paying"


def test_twin_without_a_count_makes_pages_without_end(db_client: DbClient) -> None:
    """Without the count, every new return address makes another Stripe session."""
    guardless.rewrite(
        db_client.database,
        "core.require_renewal",
        "elsif coalesce(p_reschedule.payment_pages, p_booking.payment_pages)",
        "elsif -1",
    )
    _, calls = _pages(db_client, 12)
    for call in calls:
        db_client.call(call)
        db_client.database.execute("update core.checkouts set state = 'failed'")

    assert db_client.database.value("select count(*) from core.checkouts") == 12
