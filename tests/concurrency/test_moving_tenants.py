"""While a tenant is moved, the fence keeps its callers and its mover apart."""

from collections.abc import Callable
from typing import Any

import psycopg

from tests.harness.clients.desk import Desk, background, refusals
from tests.harness.database import twins
from tests.harness.database.concurrency import race, wait_until_blocked
from tests.harness.laws.invariants import violations

TEN = "2027-01-11T10:00:00Z"
_FENCE = "select pg_advisory_xact_lock(hashtextextended('tenant:' || %s, 0))"
_COUNT = "select count(*) from core.bookings where tenant_id = %s"


def _moved(desk: Desk, mover: psycopg.Connection[Any]) -> int:
    """Take the fence, see what the tenant has, and let another database answer for it."""
    tenant_id = desk.tenant.tenant_id
    mover.execute(_FENCE, (tenant_id,))
    ((seen,),) = mover.execute(_COUNT, (tenant_id,)).fetchall()
    mover.execute("update core.tenants set state = 'left' where id = %s", (tenant_id,))
    mover.commit()
    return int(seen)


def _there(desk: Desk) -> int:
    return int(desk.database.value(_COUNT, desk.tenant.tenant_id))


def test_a_mover_waits_for_who_is_inside(desk: Desk) -> None:
    """A hold that has begun is finished, and moves along; the next one is asked to come again."""
    caller, _ = desk.begin(desk.hold_call(TEN))
    with desk.database.connect() as mover:
        moved = background(lambda: _moved(desk, mover))
        wait_until_blocked(desk.database, mover.info.backend_pid)
        caller.commit()

        seen = moved.result(timeout=20)

    (late,) = refusals([_outcome(lambda: desk.call(desk.hold_call(TEN)))])
    assert (seen, _there(desk), late) == (1, 1, "KHMOV")
    assert violations(desk.database) == []


def test_without_the_fence_a_hold_is_left_behind(desk: Desk) -> None:
    """The guardless twin: the mover sees nothing of it, and afterwards it is there."""
    twins.forget_fence(desk.database)
    caller, _ = desk.begin(desk.hold_call(TEN))
    with desk.database.connect() as mover:
        seen = _moved(desk, mover)
    caller.commit()

    assert (seen, _there(desk)) == (0, 1)


def test_the_state_is_read_under_the_fence(desk: Desk) -> None:
    """Whoever comes when the mover lets go sees what it has done: nothing is written any more."""
    calls = [desk.hold_call(f"2027-01-11T{hour:02}:00:00Z") for hour in range(9, 17)]
    racers = desk.racers(calls * 3)
    with desk.database.connect() as mover:
        outcomes = background(lambda: race(racers))
        seen = _moved(desk, mover)

        told = outcomes.result(timeout=60)

    assert seen == _there(desk)
    assert set(refusals(told)) <= {"KHMOV", "KHTKN", "40001"}
    assert "KHMOV" in refusals([_outcome(lambda: desk.call(desk.hold_call(TEN)))])


def _outcome(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except psycopg.Error as error:
        return error
