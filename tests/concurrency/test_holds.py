"""Hold against hold: one time has one owner, and the others are refused with alternatives."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.harness.clients.db_client import DbClient, alternatives, background, refusal, refusals
from tests.harness.database import guardless
from tests.harness.database.concurrency import wait_until_blocked
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

TEN = "2027-01-11T10:00:00Z"
# Starts whose lessons of an hour, with a buffer of a quarter of an hour after, all include 10:30.
MEETING = {
    "equal": (TEN, TEN),
    "overlapping": (TEN, "2027-01-11T10:30:00Z"),
    "by the buffer only": (TEN, "2027-01-11T11:00:00Z"),
}


@pytest.mark.parametrize("starts", MEETING.values(), ids=MEETING.keys())
def test_one_of_many_holds_wins(db_client: DbClient, race: Race, starts: tuple[str, ...]) -> None:
    """Of holds on overlapping times, one succeeds; the others are refused with alternatives.

    Cases: D-1, E-5.1, E-5.2, P-1, P-3
    Proves: ASVS 2.3.4
    """
    calls = [db_client.hold_call(start) for start in starts for _ in range(12)]

    outcomes = race(db_client.racers(calls))

    losers = [one for one in outcomes if isinstance(one, Exception)]
    assert refusals(outcomes) == ["KHTKN"] * 23
    assert all(0 < len(alternatives(loser)) <= 5 for loser in losers)
    assert len(db_client.owners()) == 1
    assert violations(db_client.database) == []


def test_a_loser_whose_time_has_begun_is_refused_by_the_rule(db_client: DbClient) -> None:
    """A rule comes before a taken time, also for a hold that has lost while it waited."""
    db_client.database.clock.set(datetime(2027, 1, 11, 9, 57, tzinfo=UTC))
    first, _ = db_client.begin(db_client.hold_call(TEN))
    _, second = db_client.start(db_client.hold_call(TEN))
    db_client.database.clock.advance(timedelta(minutes=4))

    first.commit()

    assert refusal(second.exception(10)) == "KHOFF"
    assert violations(db_client.database) == []


@pytest.mark.parametrize("starts", MEETING.values(), ids=MEETING.keys())
def test_a_hold_waits_for_the_one_before_it(db_client: DbClient, starts: tuple[str, ...]) -> None:
    """A hold of a time that is being taken waits, and is refused.

    Cases: D-1, E-5.1
    """
    first, _ = db_client.begin(db_client.hold_call(starts[0]))
    _, second = db_client.start(db_client.hold_call(starts[1]))
    first.commit()

    assert refusal(second.exception(10)) == "KHTKN"
    assert violations(db_client.database) == []


@pytest.mark.parametrize("starts", MEETING.values(), ids=MEETING.keys())
def test_twin_without_lock_and_constraint_books_twice(
    db_client: DbClient, starts: tuple[str, ...]
) -> None:
    """Without the day lock and the exclusion constraint both holds succeed."""
    guardless.forget_day_lock(db_client.database)
    guardless.forget_overlap_constraint(db_client.database)

    first, _ = db_client.begin(db_client.hold_call(starts[0]))
    db_client.hold(starts[1])
    first.commit()

    assert len(db_client.owners()) == 2
    assert "I1: no two bookings own" in violations(db_client.database)[0]


def test_the_constraint_stays_the_judge_when_the_lock_is_forgotten(
    db_client: DbClient, race: Race
) -> None:
    """Without the day lock, two of the racers still never own one time.

    Cases: D-1, P-2
    """
    guardless.forget_day_lock(db_client.database)
    calls = [db_client.hold_call(start) for start in MEETING["overlapping"] for _ in range(8)]

    outcomes = race(db_client.racers(calls))

    assert set(refusals(outcomes)) <= {"KHTKN", "40P01"}
    assert len(db_client.owners()) == 1
    assert violations(db_client.database) == []


def test_capacity_eight_has_eight_winners(db_client: DbClient, race: Race) -> None:
    """Of forty holds on a time with eight places, eight succeed, on units 1 to 8.

    Cases: D-1, E-5.1
    Proves: ASVS 2.3.4
    """
    start = "2027-01-11T15:00:00Z"
    calls = [db_client.hold_call(start, resource=db_client.studio) for _ in range(40)]

    outcomes = race(db_client.racers(calls))

    units = db_client.database.rows("select unit from core.occupancies order by unit")
    assert refusals(outcomes) == ["KHTKN"] * 32
    assert [row.unit for row in units] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert violations(db_client.database) == []


def test_twin_counts_places_before_it_locks(db_client: DbClient) -> None:
    """Without lock and constraint, a ninth of eight places is given away.

    Both racers for the last place count seven taken ones.
    """
    start = "2027-01-11T15:00:00Z"
    guardless.forget_day_lock(db_client.database)
    guardless.forget_overlap_constraint(db_client.database)
    # without the constraint each insert would take unit 1: take the lowest that looks free
    guardless.rewrite(
        db_client.database,
        "core.occupy",
        "            insert into core.occupancies",
        "            continue when exists (select from core.occupancies as o"
        " where o.resource_id = p_booking.resource_id and o.unit = v_unit"
        " and o.during && v_during);\n"
        "            insert into core.occupancies",
    )
    for _ in range(7):
        db_client.hold(start, resource=db_client.studio)

    first, _ = db_client.begin(db_client.hold_call(start, resource=db_client.studio))
    db_client.hold(start, resource=db_client.studio)
    first.commit()

    assert len(db_client.owners()) == 9
    assert len(violations(db_client.database)) == 1


def test_whole_dates_have_one_owner_each(db_client: DbClient, race: Race) -> None:
    """Racing holds on two neighbouring dates, which share a UTC day, end with one owner per date.

    Each locks two days, in one order, so there is no deadlock.

    Cases: D-1, D-5
    """
    calls = [
        db_client.hold_call(date, resource=db_client.venue)
        for date in ("2027-02-10", "2027-02-11")
        for _ in range(10)
    ]

    outcomes = race(db_client.racers(calls))

    dates = db_client.database.rows("select booked_on::text from core.bookings order by 1")
    assert refusals(outcomes) == ["KHTKN"] * 18
    assert [row.booked_on for row in dates] == ["2027-02-10", "2027-02-11"]
    assert violations(db_client.database) == []


def test_twin_books_a_date_twice(db_client: DbClient) -> None:
    """Without lock and constraint, a whole date is given to two."""
    guardless.forget_day_lock(db_client.database)
    guardless.forget_overlap_constraint(db_client.database)

    first, _ = db_client.begin(db_client.hold_call("2027-02-10", resource=db_client.venue))
    db_client.hold("2027-02-10", resource=db_client.venue)
    first.commit()

    assert len(violations(db_client.database)) == 1


def test_a_crowd_on_a_taken_time_does_not_queue(db_client: DbClient) -> None:
    """A hold of a time that already looks taken is refused without waiting for the day's lock.

    Cases: D-1, E-5.2
    """
    db_client.hold(TEN)
    lock, _ = db_client.begin(db_client.hold_call("2027-01-11T14:00:00Z"))  # holds the day's lock

    outcome = db_client.session("create_hold").send(db_client.hold_call(TEN))

    assert refusal(outcome.exception(2)) == "KHTKN"
    lock.rollback()


def _locks_kept_in_vain(db_client: DbClient) -> int:
    """How many advisory locks a hold keeps that waited for a time and lost it."""
    first, _ = db_client.begin(db_client.hold_call(TEN))
    with db_client.database.connect() as waiting:
        query = (
            "select core.lock_days_or_lose(core.resolve_periods("
            "core.authorize(%s, 'booking.hold'), %s, null))"
        )
        values = (Jsonb(db_client.actor()), Jsonb(db_client.hold_request(TEN)))
        answer = background(lambda: waiting.execute(query, values).fetchone())
        wait_until_blocked(db_client.database, waiting.info.backend_pid)
        first.commit()
        assert answer.result(10) == (None,)
        kept = db_client.database.value(
            "select count(*) from pg_locks where pid = %s and locktype = 'advisory'"
            " and (classid::bigint << 32 | objid::bigint) <> hashtextextended('tenant:' || %s, 0)"
            " and (classid::bigint << 32 | objid::bigint) <> hashtextextended('rules:' || %s, 0)",
            waiting.info.backend_pid,
            db_client.tenant.tenant_id,  # the tenant's fence, which all share
            db_client.tutor["id"],  # the resource's rules, which all holds share
        )
    return int(kept)


def test_a_hold_that_waited_and_lost_releases_the_day(db_client: DbClient) -> None:
    """A hold that waited and lost releases the day before it looks for alternatives.

    Cases: D-1, E-5.2
    """
    assert _locks_kept_in_vain(db_client) == 0


def test_twin_that_keeps_the_day_lets_the_next_wait(db_client: DbClient) -> None:
    """Without the subtransaction that is rolled back, it keeps its locks until the request ends."""
    ending = (
        "raise exception 'shared no longer' using errcode = 'KHTKN', hint = 'go by what was found';"
    )
    guardless.rewrite(db_client.database, "core.lock_days_or_lose", ending, "null;")

    assert _locks_kept_in_vain(db_client) > 0


def _waits_beside_another(db_client: DbClient) -> BaseException | None:
    """How a hold ends that waits for a time and loses it, beside another that waited and now
    looks.
    """
    first, _ = db_client.begin(db_client.hold_call(TEN))
    with db_client.database.connect() as looking:
        query = "select core.await_days(%s, tstzrange(%s, %s))"
        looks = background(
            lambda: looking.execute(query, (db_client.tutor["id"], TEN, "2027-01-11T11:00:00Z"))
        )
        wait_until_blocked(db_client.database, looking.info.backend_pid)
        _, waiting = db_client.start(db_client.hold_call(TEN))
        first.commit()
        looks.result(10)
        return waiting.exception(10)


def test_all_who_wait_are_refused_together(db_client: DbClient) -> None:
    """A hold that waits for a time and loses it does not wait for the others in the queue.

    Cases: D-1, E-5.2
    """
    assert refusal(_waits_beside_another(db_client)) == "KHTKN"


def test_twin_that_waits_one_after_the_other_times_out(db_client: DbClient) -> None:
    """If the waiting holds did not share the days, each would wait for the one before it."""
    guardless.rewrite(db_client.database, "core.await_days", "lock_shared(", "lock(")

    assert refusal(_waits_beside_another(db_client)) == "55P03"


def test_twin_without_the_cheap_refusal_queues(db_client: DbClient) -> None:
    """Without the check before the lock, a hopeless hold waits in line."""
    guardless.rewrite(db_client.database, "core.any_unavailable", "if v_one.taken or", "if")
    db_client.hold(TEN)
    lock, _ = db_client.begin(db_client.hold_call("2027-01-11T14:00:00Z"))

    _, waiting = db_client.start(db_client.hold_call(TEN))

    assert not waiting.done()
    lock.rollback()
    assert refusal(waiting.exception(10)) == "KHTKN"
