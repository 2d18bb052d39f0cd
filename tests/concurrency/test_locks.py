"""What waits for what: only requests for the same resource on the same days."""

import json

import psycopg

from holdfast.platform import database_errors, errors
from tests.harness.clients.db_client import DbClient, background, refusal
from tests.harness.database import guardless
from tests.harness.database.concurrency import wait_until_blocked
from tests.harness.laws.invariants import violations

MONDAY_TEN = "2027-01-11T10:00:00Z"
TUESDAY_TEN = "2027-01-12T10:00:00Z"


def test_different_days_never_wait_for_each_other(db_client: DbClient) -> None:
    """While one hold is being made, a hold of the same resource on another day succeeds.

    Cases: D-1, P-1
    """
    monday, _ = db_client.begin(db_client.hold_call(MONDAY_TEN))

    tuesday = db_client.session("create_hold").send(db_client.hold_call(TUESDAY_TEN)).result(2)

    assert tuesday["status"] == "held"
    monday.commit()
    assert len(db_client.owners()) == 2
    assert violations(db_client.database) == []


def test_twin_with_one_lock_a_resource_waits(db_client: DbClient) -> None:
    """If the whole resource were locked, the hold on the other day would have to wait."""
    for function in ("core.lock_days", "core.try_days"):
        guardless.rewrite(db_client.database, function, "to_char(v_day::timestamp", "to_char(now()")
    monday, _ = db_client.begin(db_client.hold_call(MONDAY_TEN))

    _, tuesday = db_client.start(db_client.hold_call(TUESDAY_TEN))

    assert not tuesday.done()
    monday.commit()
    assert tuesday.result(10)["status"] == "held"


def test_different_resources_never_wait_for_each_other(db_client: DbClient) -> None:
    """While one hold is being made, a hold of another resource at the same time succeeds."""
    tutor, _ = db_client.begin(db_client.hold_call("2027-01-11T15:00:00Z"))

    call = db_client.hold_call("2027-01-11T15:00:00Z", resource=db_client.studio)
    studio = db_client.session("create_hold").send(call).result(2)

    assert studio["status"] == "held"
    tutor.rollback()


def test_listing_waits_for_no_lock(db_client: DbClient) -> None:
    """While a hold is being made, free times are listed without waiting."""
    hold, _ = db_client.begin(db_client.hold_call(MONDAY_TEN))

    arguments = (
        db_client.actor(),
        db_client.tutor["id"],
        db_client.tutor["offerings"][0]["id"],
        None,
        None,
    )
    listing = db_client.session("list_slots_as_text")
    text = listing.send(("list_slots_as_text", arguments)).result(2)

    assert len(json.loads(text)["slots"]) > 0
    hold.rollback()


def test_a_day_lock_is_waited_for_only_so_long(db_client: DbClient) -> None:
    """A hold that does not get the day's lock in time fails with "try again", and changes nothing.

    Cases: P-1, P-11
    """
    signature = "api.create_hold(jsonb, text, uuid, bytea, jsonb)"
    db_client.database.execute(f"alter function {signature} set lock_timeout = '150ms'")
    lock, _ = db_client.begin(db_client.hold_call(MONDAY_TEN))

    waiting = db_client.session("create_hold").send(db_client.hold_call("2027-01-11T14:00:00Z"))
    sqlstate = refusal(waiting.exception(10))

    assert sqlstate == "55P03"
    assert isinstance(
        database_errors.from_database(sqlstate, None, "", None, None), errors.Unavailable
    )
    lock.commit()
    assert len(db_client.owners()) == 1
    assert violations(db_client.database) == []


def test_days_are_locked_in_one_order(db_client: DbClient) -> None:
    """Holds of two days lock the earlier first, so they never have one each.

    Cases: D-1, P-1
    """
    assert _cross(db_client) == []


def test_twin_that_locks_downwards_deadlocks(db_client: DbClient) -> None:
    """If one of them locked the later day first, the two would deadlock."""
    guardless.rewrite(
        db_client.database, "core.lock_days", "while v_day <= v_last", "while v_last >= v_day"
    )
    guardless.rewrite(db_client.database, "core.lock_days", "v_day::timestamp", "v_last::timestamp")
    guardless.rewrite(
        db_client.database, "core.lock_days", "v_day := v_day + 1", "v_last := v_last - 1"
    )

    assert _cross(db_client) == ["40P01"]


def _cross(db_client: DbClient) -> list[str]:
    """One has the first day and then wants the second; another wants both. Which was refused?"""
    monday, tuesday = "[2027-01-11Z, 2027-01-12Z)", "[2027-01-12Z, 2027-01-13Z)"
    both = "[2027-01-11Z, 2027-01-13Z)"
    lock = b"select core.lock_days(%s, %s::tstzrange)"
    resource = db_client.tutor["id"]
    refused: list[str] = []
    with db_client.database.connect() as one, db_client.database.connect() as other:
        one.execute(lock, (resource, monday))
        waiting = background(lambda: other.execute(lock, (resource, both)))
        wait_until_blocked(db_client.database, other.info.backend_pid)
        try:
            one.execute(lock, (resource, tuesday))
        except psycopg.Error as error:
            refused.append(refusal(error))
        one.rollback()
        victim = waiting.exception(10)
        refused += [] if victim is None else [refusal(victim)]
        other.rollback()
    return refused
