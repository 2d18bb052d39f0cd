"""The settlement of a payment against everything else that may happen to its booking."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.harness.clients.db_client import (
    Call,
    DbClient,
    Held,
    background,
    refusal,
    refusals,
    settle_call,
)
from tests.harness.database import guardless
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

TEN = "2027-01-11T10:00:00Z"
SWEEP: Call = ("expire_holds", (100,))


def _payments(db_client: DbClient) -> int:
    return int(db_client.database.value("select count(*) from core.payments"))


def _refunds(db_client: DbClient) -> list[str]:
    return [row.reason for row in db_client.database.rows("select reason from core.refunds")]


# Settle against settle ---------------------------------------------------------------------------


def test_one_event_delivered_twice_at_once_is_one(db_client: DbClient) -> None:
    """A second delivery of an event waits for the first, and changes nothing.

    Cases: E-2.2
    """
    held, session = db_client.checkout(TEN)
    first, settled = db_client.begin(settle_call(session, "paid", "evt_1"))
    _, second = db_client.start(settle_call(session, "paid", "evt_1"))
    first.commit()

    assert (settled["result"], second.result(10)["result"]) == ("confirmed", "duplicate")
    assert (db_client.status(held), _payments(db_client), _refunds(db_client)) == (
        "scheduled",
        1,
        [],
    )
    assert violations(db_client.database) == []


def test_two_events_of_one_payment_are_one_payment(db_client: DbClient) -> None:
    """A second event about the same payment waits for the first, and changes nothing.

    Cases: E-2.2
    """
    held, session = db_client.checkout(TEN)
    first, settled = db_client.begin(settle_call(session, "paid", "evt_1"))
    _, second = db_client.start(settle_call(session, "paid", "evt_2"))
    first.commit()

    assert (settled["result"], second.result(10)["result"]) == ("confirmed", "unchanged")
    assert (db_client.status(held), _payments(db_client), _refunds(db_client)) == (
        "scheduled",
        1,
        [],
    )
    assert violations(db_client.database) == []


def test_twin_without_the_event_fence_takes_an_event_in_twice(db_client: DbClient) -> None:
    """Without the unique event id, a duplicate is settled as if it were new."""
    guardless.forget_event_fence(db_client.database)
    _, session = db_client.checkout(TEN)
    first, _ = db_client.begin(settle_call(session, "paid", "evt_1"))
    _, second = db_client.start(settle_call(session, "paid", "evt_1"))
    first.commit()

    assert second.result(10)["result"] == "unchanged"  # the payment's fence still holds
    assert any("recorded once" in line for line in violations(db_client.database))


def test_twin_without_the_payment_fence_sends_the_money_back(db_client: DbClient) -> None:
    """Without the unique payment, the second event looks like a second payment."""
    guardless.forget_payment_fence(db_client.database)
    _, session = db_client.checkout(TEN)
    first, _ = db_client.begin(settle_call(session, "paid", "evt_1"))
    _, second = db_client.start(settle_call(session, "paid", "evt_2"))
    first.commit()

    assert second.result(10)["result"] == "refunding"
    assert any("one payment here" in line for line in violations(db_client.database))


def test_many_deliveries_race(db_client: DbClient, race: Race) -> None:
    """Sixteen deliveries of four events about one payment confirm once.

    Cases: E-2.2
    """
    held, session = db_client.checkout(TEN)
    calls = [settle_call(session, "paid", f"evt_{n % 4}") for n in range(16)]

    outcomes = race(db_client.racers(calls))

    results = sorted(one["result"] for one in outcomes)
    assert results == ["confirmed"] + ["duplicate"] * 12 + ["unchanged"] * 3
    assert (db_client.status(held), _payments(db_client), _refunds(db_client)) == (
        "scheduled",
        1,
        [],
    )
    assert violations(db_client.database) == []


def _record(connection: psycopg.Connection[Any], held: Held) -> None:
    """The first half of a settlement: record an event, which refers to the booking."""
    connection.execute(
        "insert into core.stripe_events (id, tenant_id, type, booking_id, created_at, received_at)"
        " select 'evt_half', tenant_id, 'test', id, now(), now() from core.bookings where id = %s",
        (held.id,),
    )


def test_an_event_does_not_wait_for_another_that_is_half_taken_in(db_client: DbClient) -> None:
    """Two events about one booking both refer to it before either locks it, and do not deadlock.

    Cases: E-2.2
    """
    held, session = db_client.checkout(TEN)
    with db_client.database.connect() as other:
        _record(other, held)
        settled = db_client.session("settle_checkout").send(settle_call(session, "paid")).result(5)

    assert settled["result"] == "confirmed"
    assert violations(db_client.database) == []


def test_twin_that_locks_against_references_deadlocks(db_client: DbClient) -> None:
    """If the lock on the booking excluded references to it, each would wait for the other's
    event.
    """
    guardless.lock_bookings_against_references(db_client.database)
    held, session = db_client.checkout(TEN)
    with db_client.database.connect() as other:
        _record(other, held)
        _, settled = db_client.start(settle_call(session, "paid"))
        lock = b"select from core.bookings where id = %s for update"
        waiting = background(lambda: other.execute(lock, (held.id,)))
        errors = [waiting.exception(10)]
        other.rollback()
        errors.append(settled.exception(10))

    assert [refusal(error) for error in errors if error is not None] == ["40P01"]


@pytest.mark.parametrize("late", ["expired", "failed", "pending"])
def test_older_news_that_met_the_payment_changes_nothing(db_client: DbClient, late: str) -> None:
    """Overtaking events end in the same state: what is paid stays paid.

    Cases: E-2.2
    """
    held, session = db_client.checkout(TEN)
    payment, _ = db_client.begin(settle_call(session, "paid"))
    _, overtaken = db_client.start(settle_call(session, late))
    payment.commit()

    assert overtaken.result(10)["result"] == "unchanged"
    assert (db_client.status(held), _payments(db_client), _refunds(db_client)) == (
        "scheduled",
        1,
        [],
    )
    assert violations(db_client.database) == []


# Settle against the sweep ------------------------------------------------------------------------


def _at_deadline(db_client: DbClient) -> tuple[Held, dict[str, Any]]:
    held, session = db_client.checkout(TEN)
    db_client.database.clock.advance(timedelta(minutes=40))  # its session lasted 31, and 5 of grace
    return held, session


def test_the_sweep_passes_by_a_payment_being_settled(db_client: DbClient) -> None:
    """A sweep skips a booking whose payment is being settled.

    Cases: E-7.2, D-2
    """
    held, session = _at_deadline(db_client)
    payment, _ = db_client.begin(settle_call(session, "paid"))
    swept = db_client.session("expire_holds").send(SWEEP).result(5)
    payment.commit()

    assert (swept["closing"], db_client.status(held), _refunds(db_client)) == (0, "scheduled", [])
    assert violations(db_client.database) == []


def test_twin_sweep_breaks_on_a_payment_being_settled(db_client: DbClient) -> None:
    """Without its lock, the sweep works on a booking that is no longer held, and fails."""
    guardless.forget_sweep_lock(db_client.database)
    _, session = _at_deadline(db_client)
    payment, _ = db_client.begin(settle_call(session, "paid"))
    _, swept = db_client.start(SWEEP)
    payment.commit()

    assert swept.result(10)["closing"] == 0
    failed = db_client.database.rows("select sweep, sqlstate from core.sweep_failures")
    assert failed == [("expire_holds", psycopg.errors.CheckViolation.sqlstate)]


def test_a_payment_waits_for_the_sweep_and_is_kept(db_client: DbClient) -> None:
    """A payment that waits for the sweep confirms: the sweep only asked for the checkout to be
    closed.

    Cases: D-2, E-7.2
    """
    held, session = _at_deadline(db_client)
    sweep, swept = db_client.begin(SWEEP)
    _, payment = db_client.start(settle_call(session, "paid"))
    sweep.commit()

    assert (swept["closing"], payment.result(10)["result"]) == (1, "confirmed")
    assert (db_client.status(held), _refunds(db_client)) == ("scheduled", [])
    assert violations(db_client.database) == []


def test_twin_sweep_that_does_not_ask_stripe_frees_a_payable_time(db_client: DbClient) -> None:
    """If the sweep expired a hold without closing its checkout, a payable time would be free."""
    guardless.rewrite(
        db_client.database, "api.expire_holds", "if v_checkout.id is null then", "if true then"
    )
    _at_deadline(db_client)

    swept = db_client.call(SWEEP)

    assert swept["expired"] == 1
    assert any(line.startswith("I5") for line in violations(db_client.database))


# Settle against release --------------------------------------------------------------------------


def test_a_release_waits_for_the_payment_and_is_refused(db_client: DbClient) -> None:
    """A release that waits for the payment is refused: the booking is no longer held.

    Cases: E-2.2
    """
    held, session = db_client.checkout(TEN)
    payment, _ = db_client.begin(settle_call(session, "paid"))
    _, release = db_client.start(db_client.release_call(held))
    payment.commit()

    assert refusal(release.exception(10)) == "KHSTA"
    assert (db_client.status(held), _refunds(db_client)) == ("scheduled", [])
    assert violations(db_client.database) == []


def test_a_payment_during_the_release_confirms(db_client: DbClient) -> None:
    """A payment that is made before its checkout is closed is kept.

    Cases: D-2, E-2.2
    """
    held, session = db_client.checkout(TEN)
    release, asked = db_client.begin(db_client.release_call(held))
    _, payment = db_client.start(settle_call(session, "paid"))
    release.commit()

    assert (asked["released"], payment.result(10)["result"]) == (False, "confirmed")
    assert (db_client.status(held), _refunds(db_client)) == ("scheduled", [])
    assert violations(db_client.database) == []


def test_twin_without_lock_has_a_checkout_closed_that_was_paid(db_client: DbClient) -> None:
    """Without the booking's lock, the release continues although the payment has arrived."""
    guardless.forget_booking_lock(db_client.database)
    held, session = db_client.checkout(TEN)
    payment, _ = db_client.begin(settle_call(session, "paid"))
    _, release = db_client.start(db_client.release_call(held))
    payment.commit()

    assert release.result(10)["booking"]["status"] == "paying"  # it reports an outdated state
    assert db_client.status(held) == "scheduled"


def test_payments_race_releases_and_sweeps(db_client: DbClient, race: Race) -> None:
    """In any order, a payment that arrives for a live booking is kept, and kept once.

    Cases: D-2, E-2.2, E-7.2
    """
    held, session = _at_deadline(db_client)
    calls = [
        *(settle_call(session, "paid", f"evt_{n % 2}") for n in range(4)),
        *([db_client.release_call(held)] * 4),
        *([SWEEP] * 4),
    ]

    outcomes = race(db_client.racers(calls))

    assert set(refusals(outcomes)) <= {"KHSTA"}
    assert (db_client.status(held), _payments(db_client), _refunds(db_client)) == (
        "scheduled",
        1,
        [],
    )
    assert violations(db_client.database) == []
