"""An error while the waitlist is served at commit undoes the offer and nothing else.

Cases: E-5.1, E-1.7
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.harness.clients.calls import Api, Held, call
from tests.harness.clients.waiting import Place, wait_for
from tests.harness.database import guardless
from tests.harness.database.builders import NOW, Offer, Tenant, sha256
from tests.harness.database.concurrency import wait_until
from tests.harness.database.migrated import Database
from tests.harness.laws.invariants import violations

TEN, NOON = NOW + timedelta(hours=2), NOW + timedelta(hours=4)
BEFORE = "    return (\n        select pg_catalog.count(*)"
ERRORS = {
    "lock_not_available": "55P03",
    "deadlock_detected": "40P01",
    "serialization_failure": "40001",
    "unique_violation": "23505",
    "exclusion_violation": "23P01",
    "check_violation": "23514",
    "foreign_key_violation": "23503",
    "not_null_violation": "23502",
    "query_canceled": "57014",
    "assert_failure": "P0004",
    "division_by_zero": "22012",
    "out_of_memory": "53200",
    "insufficient_privilege": "42501",
    "undefined_function": "42883",
    "internal_error": "XX000",
    "taken": "KHTKN",
    "too many": "KHLIM",
    "of a code that is not known": "KHZZZ",
}


@pytest.fixture
def api(database: Database) -> Iterator[Api]:
    """The stored functions; the clock stands at NOW."""
    database.clock.set(NOW)
    caller = Api(database)
    yield caller
    caller.close()


@pytest.fixture
def offer(api: Api) -> Offer:
    """One room, an hour at a time."""
    return Tenant(api.database).offer()


@pytest.fixture
def spoil(api: Api) -> Callable[[str], None]:
    """Change what serving does after it made its offers; "" restores it."""
    as_it_was = api.database.value("select pg_get_functiondef('core.make_offers'::regproc)")

    def spoiled(statement: str) -> None:
        if statement:
            guardless.rewrite(
                api.database, "core.make_offers", BEFORE, f"    {statement};\n{BEFORE}"
            )
        else:
            api.database.execute(as_it_was.replace("%", "%%"))

    return spoiled


def waited_for(api: Api, offer: Offer) -> tuple[Held, Place]:
    """A held time, and a waitlist entry for it."""
    return api.hold(offer, TEN), wait_for(api, offer, TEN)


def session(api: Api, function: str) -> psycopg.Connection[Any]:
    """Another connection that may call a function."""
    return api.database.connect(api.database.logins[function], autocommit=True)


def release(api: Api, held: Held) -> Any:
    return api.call("release_hold", held.actor, held.id, None)


def sweep_serves(api: Api, place: Place) -> None:
    """The sweep serves what was left, without an error."""
    api.call("offer_waiting", 100)

    assert place.state == "offered"
    assert violations(api.database) == []


@pytest.mark.parametrize("sqlstate", ERRORS.values(), ids=list(ERRORS))
def test_no_error_undoes_a_release(
    api: Api, offer: Offer, spoil: Callable[[str], None], sqlstate: str
) -> None:
    """Whatever goes wrong while serving, the time is free, no offer is left, and the sweep
    serves.
    """
    held, place = waited_for(api, offer)
    spoil(f"raise exception 'spoiled' using errcode = '{sqlstate}'")

    released = release(api, held)

    assert (released["released"], held.occupies, place.state) == (True, False, "waiting")
    assert api.database.value("select count(*) from core.bookings") == 1
    assert api.database.value("select count(*) from core.effects") == 0
    spoil("")
    sweep_serves(api, place)


def test_no_error_undoes_a_payment(api: Api, offer: Offer, spoil: Callable[[str], None]) -> None:
    """The difference of a reschedule is paid, and the time that it leaves cannot be offered.

    Cases: E-10.5
    """
    held = api.paid(offer, TEN).held
    place = wait_for(api, offer, TEN)
    api.database.execute("update core.prices set amount = amount + 1500")
    api.move(held, NOON)
    page = api.checkout(held)
    spoil("raise exception 'spoiled' using errcode = '23P01'")

    result = api.settle(page, "paid", amount_total=1500)

    assert (result, held.row.starts_at, held.row.payment_status) == ("changed", NOON, "paid")
    assert place.state == "waiting"
    spoil("")
    sweep_serves(api, place)


def test_twin_undoes_the_release(api: Api, offer: Offer, spoil: Callable[[str], None]) -> None:
    """Without its handler, the error reaches the caller, and the hold stays."""
    guardless.rewrite(
        api.database,
        "core.serve_waitlist",
        "when others or query_canceled or assert_failure",
        "when no_data_found",
    )
    held, _ = waited_for(api, offer)
    spoil("raise exception 'spoiled' using errcode = '23P01'")

    with pytest.raises(psycopg.errors.ExclusionViolation):
        release(api, held)

    assert held.occupies


def _meanwhile(
    api: Api, held: Held, act: Callable[[psycopg.Connection[Any]], None]
) -> tuple[Any, BaseException | None]:
    """A release that serves for five seconds, and what is done to it meanwhile."""
    connection = session(api, "release_hold")
    with ThreadPoolExecutor(1) as thread:
        sent: Future[Any] = thread.submit(
            call, connection, "release_hold", held.actor, held.id, None
        )
        asleep = (
            "select exists (select from pg_stat_activity where pid = %s and wait_event = 'PgSleep')"
        )
        wait_until(lambda: api.database.value(asleep, connection.info.backend_pid), what="no sleep")
        act(connection)
        failure = sent.exception(10)
    return None if failure else sent.result(), failure


def test_a_cancelled_request_is_released(
    api: Api, offer: Offer, spoil: Callable[[str], None]
) -> None:
    """A client that disconnects while its release is committed has released."""
    held, place = waited_for(api, offer)
    spoil("perform pg_catalog.pg_sleep(5)")

    released, failure = _meanwhile(
        api,
        held,
        lambda other: api.database.execute("select pg_cancel_backend(%s)", other.info.backend_pid),
    )

    assert (failure, released["released"], held.occupies) == (None, True, False)
    assert place.state == "waiting"
    spoil("")
    sweep_serves(api, place)


def test_a_crash_at_commit_leaves_nothing(
    api: Api, offer: Offer, spoil: Callable[[str], None]
) -> None:
    """A database session that dies while it serves has released nothing and offered nothing; a
    repeat does both.
    """
    held, place = waited_for(api, offer)
    spoil("perform pg_catalog.pg_sleep(5)")

    _, failure = _meanwhile(
        api,
        held,
        lambda other: api.database.execute(
            "select pg_terminate_backend(%s)", other.info.backend_pid
        ),
    )

    assert isinstance(failure, psycopg.OperationalError)
    assert (held.occupies, place.state) == (True, "waiting")
    spoil("")
    assert release(api, held)["released"]
    assert place.state == "offered"
    assert violations(api.database) == []


LOCKED = {
    "the place": "select from core.waitlist for update",
    "a table that it reads": "lock table core.blackouts in access exclusive mode",
    "the resource's rules": (
        "select pg_advisory_xact_lock(hashtextextended('rules:' || id, 0)) from core.resources"
    ),
    "the day": (
        "select pg_advisory_xact_lock("
        "hashtextextended('resource:' || id || ':2031-03-03', 0)) from core.resources"
    ),
}


@pytest.mark.parametrize("statement", LOCKED.values(), ids=list(LOCKED))
def test_a_release_waits_for_no_lock_at_commit(api: Api, offer: Offer, statement: str) -> None:
    """Whatever is locked, even the whole table, is left to the sweep."""
    held, place = waited_for(api, offer)
    seconds = _commit_beside(api, held, statement)

    assert seconds < 1
    assert (held.occupies, place.state) == (False, "waiting")
    sweep_serves(api, place)


def test_twin_waits_at_commit(api: Api, offer: Offer) -> None:
    """Without its 10 ms, the commit waits for the table's lock."""
    held, _ = waited_for(api, offer)
    guardless.rewrite(
        api.database, "core.make_offers", "lock_timeout TO '10ms'", "lock_timeout TO '0'"
    )

    assert _commit_beside(api, held, LOCKED["a table that it reads"]) > 1


def _commit_beside(api: Api, held: Held, statement: str) -> float:
    """How many seconds a release's commit takes beside a lock held for two."""
    releasing = session(api, "release_hold")
    other = api.database.connect()
    other.execute(statement.encode())
    releasing.execute("begin")
    call(releasing, "release_hold", held.actor, held.id, None)
    with ThreadPoolExecutor(1) as thread:
        began = monotonic()
        committed = thread.submit(releasing.commit)
        with suppress(TimeoutError):
            committed.result(2)
        seconds = monotonic() - began
        other.rollback()
        committed.result(10)
    other.close()
    return seconds


# Holds before the commit -------------------------------------------------------------------------


def overtake(api: Api, offer: Offer) -> tuple[str, Place]:
    """A stranger asks for the time of an expired hold while the sweep that frees it is under way:
    the stranger's answer, and the waitlist entry.
    """
    _, place = waited_for(api, offer)
    api.database.clock.advance(timedelta(minutes=6))
    sweeping = session(api, "expire_holds")
    stranger = session(api, "create_hold")
    arguments = (offer.tenant.actor(), str(uuid4()), uuid4(), sha256("x"), offer.request(TEN))
    with ThreadPoolExecutor(1) as thread, sweeping.transaction():
        call(sweeping, "expire_holds", 10)
        sent = thread.submit(call, stranger, "create_hold", *arguments)
        waits = "select cardinality(pg_blocking_pids(%s)) > 0"
        wait_until(
            lambda: sent.done() or api.database.value(waits, stranger.info.backend_pid),
            what="the stranger does not come",
        )
    failure = sent.exception(10)
    return getattr(failure, "sqlstate", None) or "held", place


def test_a_stranger_does_not_come_between_freeing_and_serving(api: Api, offer: Offer) -> None:
    """A sweep that frees a time keeps its days until the waitlist is served."""
    answer, place = overtake(api, offer)

    assert (answer, place.state) == ("KHTKN", "offered")
    assert violations(api.database) == []


def test_twin_lets_a_stranger_come_between(api: Api, offer: Offer) -> None:
    """Without that, the stranger gets the days first, and then the time."""
    api.database.execute("drop trigger occupancies_100_lock_freed on core.occupancies")

    answer, place = overtake(api, offer)

    assert (answer, place.state) == ("held", "waiting")
