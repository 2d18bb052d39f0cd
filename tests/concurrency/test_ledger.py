"""Journals that meet: over the same accounts, of the same event, for the same return."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.harness.clients.books import NIL, Line, balances, booked, lock, post
from tests.harness.clients.calls import Api, call, refund_object, stripe_event
from tests.harness.clients.db_client import background
from tests.harness.database import guardless
from tests.harness.database.builders import NOW, Tenant
from tests.harness.database.concurrency import race, wait_until_blocked
from tests.harness.database.migrated import Database
from tests.harness.laws import laws
from tests.harness.laws.invariants import violations

ONE, OTHER = uuid4(), uuid4()


@pytest.fixture
def api(database: Database) -> Iterator[Api]:
    """The stored functions, called as the login roles do; the clock stands at NOW."""
    database.clock.set(NOW)
    caller = Api(database)
    yield caller
    caller.close()


_PAY_BACK = "select core.pay_back(b, 'price_difference:1', 'price_difference', 500)"


@contextmanager
def _sessions(database: Database, number: int) -> Iterator[list[psycopg.Connection[Any]]]:
    with ExitStack() as stack:
        yield [stack.enter_context(database.connect()) for _ in range(number)]


def _fund(database: Database, tenant: Tenant, amount: int) -> None:
    lines = [("clearing", NIL, 2 * amount), ("held", ONE, -amount), ("held", OTHER, -amount)]
    with database.connect() as connection:
        lock(connection, tenant, lines)
        post(connection, tenant, "payment:0", lines)


def _broken(database: Database) -> list[str]:
    """What the laws of journals and balances alone find."""
    asked = [law for law in laws.ALWAYS if "adds up" in law.states or "guarded" in law.states]
    assert len(asked) == 2
    return [row.finding for law in asked for row in database.rows(law.query)]


def _both(one: psycopg.Connection[Any], tenant: Tenant, journals: list[list[Line]]) -> None:
    """Two journals in one transaction."""
    lock(one, tenant, [line for lines in journals for line in lines])
    for lines in journals:
        post(one, tenant, f"return:{uuid4()}", lines)
    one.commit()


_OUT: list[list[Line]] = [[("held", subject, 5), ("clearing", NIL, -5)] for subject in (ONE, OTHER)]


def test_opposite_journals_do_not_deadlock(database: Database) -> None:
    """Eight sessions post to two accounts, half of them in the other order: all arrive."""
    tenant = Tenant(database)
    _fund(database, tenant, 1000)

    def work(session: psycopg.Connection[Any], journals: list[list[Line]]) -> None:
        for _ in range(10):
            _both(session, tenant, journals)

    with _sessions(database, 8) as sessions:
        outcomes = race(
            [
                partial(work, session, _OUT if number % 2 else _OUT[::-1])
                for number, session in enumerate(sessions)
            ]
        )

    assert outcomes == [None] * 8
    assert balances(database) == {"clearing": 1200, "held": 1200}
    assert _broken(database) == []


def test_without_their_locks_opposite_journals_deadlock(database: Database) -> None:
    """The twin: each transaction has one account and wants the other's."""
    guardless.forget_account_locks(database)
    tenant = Tenant(database)
    _fund(database, tenant, 1000)

    with _sessions(database, 2) as sessions:
        for session, lines in zip(sessions, _OUT, strict=True):
            lock(session, tenant, [*_OUT[0], *_OUT[1]])
            post(session, tenant, f"return:{uuid4()}", lines)
        outcomes = race(
            [
                partial(post, session, tenant, f"return:{uuid4()}", lines)
                for session, lines in zip(sessions, _OUT[::-1], strict=True)
            ]
        )
        for session in sessions:
            session.rollback()

    assert [type(o) for o in outcomes if isinstance(o, Exception)] == [
        psycopg.errors.DeadlockDetected
    ]


def test_accounts_that_are_new_do_not_deadlock(database: Database) -> None:
    """Two sessions that make the same accounts, named in opposite orders, make them in one.

    A third has the middle one, so that both are on their way when they meet.
    """
    tenant = Tenant(database)
    lines: list[Line] = [("held", uuid4(), 1) for _ in range(3)]

    def work(session: psycopg.Connection[Any], mine: list[Line]) -> None:
        lock(session, tenant, mine)
        session.commit()

    with _sessions(database, 3) as (third, *both):
        lock(third, tenant, lines[1:2])
        working = [
            background(partial(work, session, mine))
            for session, mine in zip(both, (lines, lines[::-1]), strict=True)
        ]
        for session in both:
            wait_until_blocked(database, session.info.backend_pid)
        third.commit()
        outcomes = [each.exception(20) for each in working]

    assert outcomes == [None, None]
    assert database.value("select count(*) from ledger.accounts") == 3


def test_without_order_new_accounts_deadlock(database: Database) -> None:
    """The twin: two sessions, each with one account made and about to make the other's."""
    guardless.forget_account_locks(database)
    tenant = Tenant(database)
    lines: list[Line] = [("held", uuid4(), 1) for _ in range(2)]

    with _sessions(database, 2) as sessions:
        for session, line in zip(sessions, lines, strict=True):
            lock(session, tenant, [line])
        outcomes = race(
            [
                partial(lock, session, tenant, [line])
                for session, line in zip(sessions, lines[::-1], strict=True)
            ]
        )
        for session in sessions:
            session.rollback()

    assert [type(o) for o in outcomes if isinstance(o, Exception)] == [
        psycopg.errors.DeadlockDetected
    ]


@pytest.mark.parametrize("guarded", [True, False], ids=["fenced", "unfenced"])
def test_one_event_told_by_eight_is_one_journal(database: Database, guarded: bool) -> None:
    """The first to commit has posted it, and the others learn that it is done.

    Without the fence the money would be there eight times.
    """
    tenant = Tenant(database)
    if not guarded:
        guardless.forget_journal_fence(database)
    lines: list[Line] = [("clearing", NIL, 500), ("held", ONE, -500)]

    def tell(session: psycopg.Connection[Any]) -> Any:
        lock(session, tenant, lines)
        posted = post(session, tenant, "payment:1", lines)
        session.commit()
        return posted

    with _sessions(database, 8) as sessions:
        outcomes = race([partial(tell, session) for session in sessions])

    times = 1 if guarded else 8
    assert len([posted for posted in outcomes if posted is not None]) == times
    assert balances(database) == {"clearing": 500 * times, "held": 500 * times}
    assert _broken(database) == []


@pytest.mark.parametrize("guarded", [True, False], ids=["fenced", "unfenced"])
def test_one_return_asked_for_by_eight_is_one_refund(api: Api, guarded: bool) -> None:
    """Even if none of them had locked the booking; without the fence each would send a part."""
    tenant = Tenant(api.database)
    if not guarded:
        guardless.forget_return_fence(api.database)
    api.paid(tenant.offer(amount=4500))

    with ExitStack() as stack:
        sessions = [stack.enter_context(api.database.connect(autocommit=True)) for _ in range(8)]
        race(
            [
                partial(session.execute, f"{_PAY_BACK} from core.bookings as b")
                for session in sessions
            ]
        )

    refunds = api.database.value("select count(*) from core.refunds")
    assert (refunds == 1) == guarded
    assert api.database.value("select min(balance) from ledger.accounts") >= 0


def test_two_reports_of_one_refund_post_once(api: Api) -> None:
    """The outbox's answer and an event, at the same moment.

    Cases: E-2.2
    """
    tenant = Tenant(api.database)
    api.settle(api.checkout(api.hold(tenant.offer())), "paid", amount_total=1000)
    (effect,) = api.claim()
    refund = refund_object(effect["refund"], tenant, "re_1")
    done = {"status": "succeeded", "refund": {"id": "re_1"}}
    calls = [
        partial(call, one, "finish_effect", effect["id"], effect["lease"], "done", done)
        if number % 2
        else partial(call, one, "settle_refund", stripe_event(), "succeeded", refund)
        for number, one in enumerate(
            api.database.connect(role, autocommit=True)
            for role in ("holdfast_webhook", "holdfast_deliver") * 4
        )
    ]

    outcomes = race(calls)

    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    assert [event for event, _ in booked(api.database)] == ["payment", "return", "refunded"]
    assert balances(api.database) == {}
    assert violations(api.database) == []
