"""While a tenant is moved to another database, the fence keeps its callers and the mover apart."""

from collections.abc import Callable
from typing import Any

import psycopg

from tests.harness.clients.db_client import DbClient, background, refusals
from tests.harness.database import guardless
from tests.harness.database.concurrency import race, wait_until_blocked
from tests.harness.laws.invariants import violations

TEN = "2027-01-11T10:00:00Z"
_FENCE = "select pg_advisory_xact_lock(hashtextextended('tenant:' || %s, 0))"
_COUNT = "select count(*) from core.bookings where tenant_id = %s"


def _moved(db_client: DbClient, mover: psycopg.Connection[Any]) -> int:
    """Take the fence, read what the tenant has, and let another database answer for it."""
    tenant_id = db_client.tenant.tenant_id
    mover.execute(_FENCE, (tenant_id,))
    ((seen,),) = mover.execute(_COUNT, (tenant_id,)).fetchall()
    mover.execute("update core.tenants set state = 'left' where id = %s", (tenant_id,))
    mover.commit()
    return int(seen)


def _there(db_client: DbClient) -> int:
    return int(db_client.database.value(_COUNT, db_client.tenant.tenant_id))


def test_a_mover_waits_for_calls_inside(db_client: DbClient) -> None:
    """A hold in progress is finished and moved too; the next one is asked to try again."""
    caller, _ = db_client.begin(db_client.hold_call(TEN))
    with db_client.database.connect() as mover:
        moved = background(lambda: _moved(db_client, mover))
        wait_until_blocked(db_client.database, mover.info.backend_pid)
        caller.commit()

        seen = moved.result(timeout=20)

    (late,) = refusals([_outcome(lambda: db_client.call(db_client.hold_call(TEN)))])
    assert (seen, _there(db_client), late) == (1, 1, "KHMOV")
    assert violations(db_client.database) == []


def test_without_the_fence_a_hold_is_left_behind(db_client: DbClient) -> None:
    """Without the fence, the mover does not see the hold, which is committed afterwards."""
    guardless.forget_fence(db_client.database)
    caller, _ = db_client.begin(db_client.hold_call(TEN))
    with db_client.database.connect() as mover:
        seen = _moved(db_client, mover)
    caller.commit()

    assert (seen, _there(db_client)) == (0, 1)


def test_the_state_is_read_under_the_fence(db_client: DbClient) -> None:
    """A call that waits for the fence sees that the tenant has moved, and writes nothing."""
    days = (11, 12, 13, 14, 15, 18, 19, 20)  # the tutor offers ten o'clock on each of them
    calls = [db_client.hold_call(f"2027-01-{day}T10:00:00Z") for day in days]
    racers = db_client.racers(calls * 3)
    with db_client.database.connect() as mover:
        outcomes = background(lambda: race(racers))
        seen = _moved(db_client, mover)

        told = outcomes.result(timeout=60)

    assert seen == _there(db_client)
    assert set(refusals(told)) <= {"KHMOV", "KHTKN", "40001"}
    assert "KHMOV" in refusals([_outcome(lambda: db_client.call(db_client.hold_call(TEN)))])


def _outcome(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except psycopg.Error as error:
        return error
