"""Expiry against everything else: the sweep, and requests for the time of an expired hold."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.harness.clients.db_client import Call, DbClient, refusal, refusals
from tests.harness.database import guardless
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

TEN = "2027-01-11T10:00:00Z"
SIX_MINUTES = timedelta(minutes=6)  # a hold lasts five
SWEEP: Call = ("expire_holds", (100,))


def test_a_hold_that_ran_out_gives_way(db_client: DbClient) -> None:
    """A new hold gets the time of an expired one, although no sweep has run.

    Cases: D-1, E-7.2
    """
    stale = db_client.hold(TEN)
    db_client.database.clock.advance(SIX_MINUTES)

    taker = db_client.hold(TEN)

    assert (db_client.status(stale), db_client.owners()) == ("expired", [taker.id])
    assert violations(db_client.database) == []


def test_one_of_many_takes_a_stale_hold(db_client: DbClient, race: Race) -> None:
    """Of many requests for the time of an expired hold, with sweeps running, one succeeds.

    Cases: D-1, E-5.1, E-7.2
    """
    stale = db_client.hold(TEN)
    db_client.database.clock.advance(SIX_MINUTES)
    calls = [db_client.hold_call(TEN) for _ in range(12)] + [SWEEP] * 4

    outcomes = race(db_client.racers(calls))

    assert refusals(outcomes) == ["KHTKN"] * 11
    assert (db_client.status(stale), len(db_client.owners())) == ("expired", 1)
    assert violations(db_client.database) == []


def test_a_hold_waits_for_the_sweep_that_frees_its_time(db_client: DbClient) -> None:
    """A hold waits for a sweep that is freeing its time, and gets it.

    Cases: D-1, E-7.2
    """
    db_client.hold(TEN)
    db_client.database.clock.advance(SIX_MINUTES)

    sweep, swept = db_client.begin(SWEEP)
    _, taker = db_client.start(db_client.hold_call(TEN))
    sweep.commit()
    taken = taker.result(10)

    assert swept["expired"] == 1
    assert db_client.owners() == [taken["id"]]
    assert violations(db_client.database) == []


def _is_tried_between_the_sweeps_statements(db_client: DbClient) -> Any:
    """A hold of an expired hold's time, tried when a sweep has ended that hold and not yet freed
    its time: the answer, or what it was refused with."""
    stale = db_client.hold(TEN)
    db_client.database.clock.advance(SIX_MINUTES)
    with db_client.database.connect() as other:
        other.execute(
            "select from core.occupancies where booking_id = %s for key share", (stale.id,)
        )
        _, swept = db_client.start(SWEEP)
        _, taker = db_client.start(db_client.hold_call(TEN))
        other.commit()

    assert swept.result(10)["expired"] == 1
    try:
        return taker.result(10)
    except psycopg.Error as refused:
        return refused


def test_a_hold_gets_the_time_that_a_sweep_is_about_to_free(db_client: DbClient) -> None:
    """A sweep ends a batch of holds, then frees their times: a hold tried in between gets its time.

    Cases: D-1, E-7.2
    """
    taken = _is_tried_between_the_sweeps_statements(db_client)

    assert db_client.owners() == [taken["id"]]
    assert violations(db_client.database) == []


def test_twin_hold_is_refused_a_time_that_is_free(db_client: DbClient) -> None:
    """Without that check the hold is refused as taken, while no booking has the time."""
    guardless.rewrite(
        db_client.database, "core.expire_stale_holds", "v_booking.status = 'expired'", "false"
    )

    refused = _is_tried_between_the_sweeps_statements(db_client)

    assert (refused.sqlstate, db_client.owners()) == ("KHTKN", [])


def test_the_sweep_passes_by_a_hold_that_is_being_taken(db_client: DbClient) -> None:
    """A sweep neither waits for an expired hold that a request is replacing, nor expires it twice.

    Cases: E-7.2
    """
    stale = db_client.hold(TEN)
    db_client.database.clock.advance(SIX_MINUTES)

    taker, taken = db_client.begin(db_client.hold_call(TEN))
    swept = db_client.session("expire_holds").send(SWEEP).result(5)
    taker.commit()

    assert swept["expired"] == 0
    assert (db_client.status(stale), db_client.owners()) == ("expired", [taken["id"]])
    assert violations(db_client.database) == []


def test_two_sweeps_expire_a_hold_once(db_client: DbClient, race: Race) -> None:
    """Overlapping sweeps share the work; each hold expires once, with one audit row.

    Cases: E-7.2, P-10
    """
    for day in (12, 13, 14):
        db_client.hold(f"2027-01-{day}T15:00:00Z", resource=db_client.studio)
        db_client.hold(f"2027-01-{day}T10:00:00Z")
    db_client.database.clock.advance(SIX_MINUTES)

    outcomes = race(db_client.racers([("expire_holds", (2,))] * 6))
    outcomes.append(
        db_client.call(SWEEP)
    )  # sweeps that started together may have tried the same rows

    expired = "select count(*) from audit.booking_events where to_status = 'expired'"
    assert sum(swept["expired"] for swept in outcomes) == 6
    assert db_client.database.value(expired) == 6
    assert violations(db_client.database) == []


def test_a_second_sweep_passes_by_what_the_first_has(db_client: DbClient) -> None:
    """A sweep skips a booking that another sweep has locked, and does not wait.

    Cases: E-7.2
    """
    db_client.hold(TEN)
    db_client.database.clock.advance(SIX_MINUTES)

    first, _ = db_client.begin(SWEEP)
    second = db_client.session("expire_holds").send(SWEEP).result(5)
    first.commit()

    assert second["expired"] == 0
    assert violations(db_client.database) == []


def test_twin_sweeps_expire_a_hold_twice(db_client: DbClient) -> None:
    """Without the sweep's lock, both sweeps expire the hold, and the audit trail shows it."""
    guardless.forget_sweep_lock(db_client.database)
    db_client.hold(TEN)
    db_client.database.clock.advance(SIX_MINUTES)

    first, _ = db_client.begin(SWEEP)
    _, second = db_client.start(SWEEP)
    first.commit()

    assert second.result(10)["expired"] == 1
    assert any("expires once" in line for line in violations(db_client.database))


# A checkout that began in the last moment of its hold ---------------------------------------------


@pytest.fixture
def beginning(db_client: DbClient) -> "Beginning":
    """A checkout begun in time, whose transaction is still open when the hold expires."""
    return Beginning(db_client)


class Beginning:
    """Holds, begins the checkout, and lets the hold expire before it commits."""

    def __init__(self, db_client: DbClient) -> None:
        self.held = db_client.hold(TEN)
        self.session, self.answer = db_client.begin(db_client.checkout_call(self.held))
        db_client.database.clock.advance(SIX_MINUTES)


def test_a_taker_waits_for_a_checkout_that_began_in_time(
    db_client: DbClient, beginning: Beginning
) -> None:
    """A request for the time of a hold whose checkout is being begun waits, and is refused.

    Cases: D-1, D-2, E-2.6
    """
    _, taker = db_client.start(db_client.hold_call(TEN))
    beginning.session.commit()

    assert refusal(taker.exception(10)) == "KHTKN"
    assert (db_client.status(beginning.held), db_client.owners()) == ("paying", [beginning.held.id])
    assert violations(db_client.database) == []


def test_twin_takes_the_time_of_a_payable_checkout(
    db_client: DbClient, beginning: Beginning
) -> None:
    """If the request did not check again after its wait, a payable time would be lost."""
    guardless.forget_stale_check(db_client.database)
    _, taker = db_client.start(db_client.hold_call(TEN))
    beginning.session.commit()

    assert taker.result(10)["status"] == "held"
    assert any(line.startswith("I5") for line in violations(db_client.database))


def test_the_sweep_passes_by_a_checkout_being_begun(
    db_client: DbClient, beginning: Beginning
) -> None:
    """A sweep skips a hold whose checkout is being begun.

    Cases: D-2, E-7.2
    """
    swept = db_client.session("expire_holds").send(SWEEP).result(5)
    beginning.session.commit()

    assert swept == {"expired": 0, "closing": 0, "more": False}
    assert db_client.status(beginning.held) == "paying"
    assert violations(db_client.database) == []


def test_twin_sweep_expires_a_payable_checkout(db_client: DbClient, beginning: Beginning) -> None:
    """Without the sweep's lock, it would release a time that can be paid."""
    guardless.forget_sweep_lock(db_client.database)
    _, swept = db_client.start(SWEEP)
    beginning.session.commit()

    assert swept.result(10)["expired"] == 1
    assert any(line.startswith("I5") for line in violations(db_client.database))


def test_a_checkout_waits_for_the_sweep_and_is_refused(db_client: DbClient) -> None:
    """A checkout that waits for the sweep of its own booking is refused as expired.

    Cases: D-1, E-7.2
    """
    held = db_client.hold(TEN)
    db_client.database.clock.advance(SIX_MINUTES)

    sweep, _ = db_client.begin(SWEEP)
    _, checkout = db_client.start(db_client.checkout_call(held))
    sweep.commit()

    assert refusal(checkout.exception(10)) == "KHEXP"
    assert violations(db_client.database) == []


def test_checkouts_race_sweeps_and_takers(db_client: DbClient, race: Race) -> None:
    """At the moment a hold expires, a checkout, a sweep and a new hold end with one owner.

    Cases: D-1, E-5.1, E-7.2
    """
    held = db_client.hold(TEN)
    db_client.database.clock.advance(timedelta(minutes=5) - timedelta(microseconds=1))
    calls = [
        *(db_client.checkout_call(held) for _ in range(4)),
        *(db_client.hold_call(TEN) for _ in range(6)),
        *([SWEEP] * 2),
    ]

    def tick() -> None:
        db_client.database.clock.advance(timedelta(microseconds=1))

    outcomes = race([*db_client.racers(calls), tick])

    holds = [one for one in outcomes[4:10] if not isinstance(one, psycopg.Error)]
    assert set(refusals(outcomes)) <= {"KHTKN", "KHEXP"}
    assert len(db_client.owners()) == 1
    assert len(holds) == (0 if db_client.owners() == [held.id] else 1)
    assert violations(db_client.database) == []
