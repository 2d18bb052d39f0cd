"""Expiry against everybody else: the sweep, and whoever wants the time of a hold that ran out."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.harness.clients.desk import Call, Desk, refusal, refusals
from tests.harness.database import twins
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

TEN = "2027-01-11T10:00:00Z"
SIX_MINUTES = timedelta(minutes=6)  # a hold lasts five
SWEEP: Call = ("expire_holds", (100,))


def test_a_hold_that_ran_out_gives_way(desk: Desk) -> None:
    """Whoever wants the time of a stale hold gets it, with no sweep having run.

    Cases: D-1, E-7.2
    """
    stale = desk.hold(TEN)
    desk.database.clock.advance(SIX_MINUTES)

    taker = desk.hold(TEN)

    assert (desk.status(stale), desk.owners()) == ("expired", [taker.id])
    assert violations(desk.database) == []


def test_one_of_many_takes_a_stale_hold(desk: Desk, race: Race) -> None:
    """Of many who want the time of a stale hold while sweeps run, one gets it.

    Cases: D-1, E-5.1, E-7.2
    """
    stale = desk.hold(TEN)
    desk.database.clock.advance(SIX_MINUTES)
    calls = [desk.hold_call(TEN) for _ in range(12)] + [SWEEP] * 4

    outcomes = race(desk.racers(calls))

    assert refusals(outcomes) == ["KHTKN"] * 11
    assert (desk.status(stale), len(desk.owners())) == ("expired", 1)
    assert violations(desk.database) == []


def test_a_hold_waits_for_the_sweep_that_frees_its_time(desk: Desk) -> None:
    """A hold that meets a sweep at work on its time waits, and gets it.

    Cases: D-1, E-7.2
    """
    desk.hold(TEN)
    desk.database.clock.advance(SIX_MINUTES)

    sweep, swept = desk.begin(SWEEP)
    _, taker = desk.start(desk.hold_call(TEN))
    sweep.commit()
    taken = taker.result(10)

    assert swept["expired"] == 1
    assert desk.owners() == [taken["id"]]
    assert violations(desk.database) == []


def test_the_sweep_passes_by_a_hold_that_is_being_taken(desk: Desk) -> None:
    """A sweep neither waits for a stale hold that somebody is taking, nor expires it again.

    Cases: E-7.2
    """
    stale = desk.hold(TEN)
    desk.database.clock.advance(SIX_MINUTES)

    taker, taken = desk.begin(desk.hold_call(TEN))
    swept = desk.session("expire_holds").send(SWEEP).result(5)
    taker.commit()

    assert swept["expired"] == 0
    assert (desk.status(stale), desk.owners()) == ("expired", [taken["id"]])
    assert violations(desk.database) == []


def test_two_sweeps_expire_a_hold_once(desk: Desk, race: Race) -> None:
    """Sweeps that overlap share the work; each hold expires once, with one row in the trail.

    Cases: E-7.2, P-10
    """
    for day in (12, 13, 14):
        desk.hold(f"2027-01-{day}T15:00:00Z", resource=desk.studio)
        desk.hold(f"2027-01-{day}T10:00:00Z")
    desk.database.clock.advance(SIX_MINUTES)

    outcomes = race(desk.racers([("expire_holds", (2,))] * 6))
    outcomes.append(desk.call(SWEEP))  # those that started together may all have looked at the same

    expired = "select count(*) from audit.booking_events where to_status = 'expired'"
    assert sum(swept["expired"] for swept in outcomes) == 6
    assert desk.database.value(expired) == 6
    assert violations(desk.database) == []


def test_a_second_sweep_passes_by_what_the_first_has(desk: Desk) -> None:
    """A sweep that meets another one's booking leaves it alone and does not wait.

    Cases: E-7.2
    """
    desk.hold(TEN)
    desk.database.clock.advance(SIX_MINUTES)

    first, _ = desk.begin(SWEEP)
    second = desk.session("expire_holds").send(SWEEP).result(5)
    first.commit()

    assert second["expired"] == 0
    assert violations(desk.database) == []


def test_twin_sweeps_expire_a_hold_twice(desk: Desk) -> None:
    """Without the sweep's lock, both sweeps expire the hold, and the trail says so."""
    twins.forget_sweep_lock(desk.database)
    desk.hold(TEN)
    desk.database.clock.advance(SIX_MINUTES)

    first, _ = desk.begin(SWEEP)
    _, second = desk.start(SWEEP)
    first.commit()

    assert second.result(10)["expired"] == 1
    assert any("expires once" in line for line in violations(desk.database))


# A checkout that began in the last moment of its hold ---------------------------------------------


@pytest.fixture
def beginning(desk: Desk) -> "Beginning":
    """A checkout begun in time, its transaction still open when the hold's time is over."""
    return Beginning(desk)


class Beginning:
    """Holds, begins the checkout, and lets time pass before it commits."""

    def __init__(self, desk: Desk) -> None:
        self.held = desk.hold(TEN)
        self.session, self.answer = desk.begin(desk.checkout_call(self.held))
        desk.database.clock.advance(SIX_MINUTES)


def test_a_taker_waits_for_a_checkout_that_began_in_time(desk: Desk, beginning: Beginning) -> None:
    """Who wants the time of a hold whose checkout is being begun waits, and is refused.

    Cases: D-1, D-2, E-2.6
    """
    _, taker = desk.start(desk.hold_call(TEN))
    beginning.session.commit()

    assert refusal(taker.exception(10)) == "KHTKN"
    assert (desk.status(beginning.held), desk.owners()) == ("paying", [beginning.held.id])
    assert violations(desk.database) == []


def test_twin_takes_the_time_of_a_payable_checkout(desk: Desk, beginning: Beginning) -> None:
    """If the taker did not look again after its wait, a time that can be paid would be lost."""
    twins.forget_stale_check(desk.database)
    _, taker = desk.start(desk.hold_call(TEN))
    beginning.session.commit()

    assert taker.result(10)["status"] == "held"
    assert any(line.startswith("I5") for line in violations(desk.database))


def test_the_sweep_passes_by_a_checkout_being_begun(desk: Desk, beginning: Beginning) -> None:
    """A sweep leaves a hold alone whose checkout is being begun.

    Cases: D-2, E-7.2
    """
    swept = desk.session("expire_holds").send(SWEEP).result(5)
    beginning.session.commit()

    assert swept == {"expired": 0, "closing": 0, "more": False}
    assert desk.status(beginning.held) == "paying"
    assert violations(desk.database) == []


def test_twin_sweep_expires_a_payable_checkout(desk: Desk, beginning: Beginning) -> None:
    """Without the sweep's lock, it would release a time that can be paid."""
    twins.forget_sweep_lock(desk.database)
    _, swept = desk.start(SWEEP)
    beginning.session.commit()

    assert swept.result(10)["expired"] == 1
    assert any(line.startswith("I5") for line in violations(desk.database))


def test_a_checkout_waits_for_the_sweep_and_is_refused(desk: Desk) -> None:
    """A checkout that meets the sweep at its own booking learns that the hold has run out.

    Cases: D-1, E-7.2
    """
    held = desk.hold(TEN)
    desk.database.clock.advance(SIX_MINUTES)

    sweep, _ = desk.begin(SWEEP)
    _, checkout = desk.start(desk.checkout_call(held))
    sweep.commit()

    assert refusal(checkout.exception(10)) == "KHEXP"
    assert violations(desk.database) == []


def test_checkouts_race_sweeps_and_takers(desk: Desk, race: Race) -> None:
    """Around the very moment a hold ends, checkout, sweep and taker end in one owner.

    Cases: D-1, E-5.1, E-7.2
    """
    held = desk.hold(TEN)
    desk.database.clock.advance(timedelta(minutes=5) - timedelta(microseconds=1))
    calls = [
        *(desk.checkout_call(held) for _ in range(4)),
        *(desk.hold_call(TEN) for _ in range(6)),
        *([SWEEP] * 2),
    ]

    def tick() -> None:
        desk.database.clock.advance(timedelta(microseconds=1))

    outcomes = race([*desk.racers(calls), tick])

    holds = [one for one in outcomes[4:10] if not isinstance(one, psycopg.Error)]
    assert set(refusals(outcomes)) <= {"KHTKN", "KHEXP"}
    assert len(desk.owners()) == 1
    assert len(holds) == (0 if desk.owners() == [held.id] else 1)
    assert violations(desk.database) == []
