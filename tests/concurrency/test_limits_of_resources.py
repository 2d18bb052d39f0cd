"""Limits of a resource are counted: only a lock keeps two bookings from both being the last."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.clients.db_client import DbClient, Held, refusal, refusals, settle_call
from tests.harness.database import guardless
from tests.harness.database.concurrency import wait_until_blocked
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

# 17:00 and 20:00 of Monday in New York: one local day, two days of UTC.
AFTERNOON, EVENING = "2027-01-11T22:00:00Z", "2027-01-12T01:00:00Z"
GRACE = {"name": "Grace", "email": "grace@example.com"}


@pytest.fixture
def across_midnight(db_client: DbClient) -> DbClient:
    """The tutor lives in New York, is open all day, and takes one lesson a day."""
    db_client.database.execute(
        "delete from core.weekly_hours where resource_id = %s", db_client.tutor["id"]
    )
    db_client.database.execute(
        "insert into core.weekly_hours"
        " (tenant_id, id, resource_id, weekday, opens, closes, created_at)"
        " select r.tenant_id, gen_random_uuid(), r.id, d, '00:00', '24:00', now()"
        " from core.resources as r, generate_series(1, 7) as d where r.id = %s",
        db_client.tutor["id"],
    )
    db_client.database.execute(
        "update core.resources set timezone = 'America/New_York', daily_limit = 1 where id = %s",
        db_client.tutor["id"],
    )
    return db_client


def test_two_ends_of_a_local_day_wait_for_each_other(across_midnight: DbClient) -> None:
    """Two holds on one local day but different UTC days: the second waits, and is refused.

    Cases: D-1, P-1
    """
    db_client = across_midnight
    first, _ = db_client.begin(db_client.hold_call(AFTERNOON))
    _, second = db_client.start(db_client.hold_call(EVENING))
    first.commit()

    error = second.exception(10)

    assert refusal(error) == "KHOFF"
    assert "daily_limit" in str(getattr(error, "diag").message_detail)  # noqa: B009
    assert len(db_client.owners()) == 1
    assert violations(db_client.database) == []


def test_twin_that_locks_only_the_booking_exceeds_the_day(across_midnight: DbClient) -> None:
    """With a lock on the time alone, both count no booking, and the day gets two."""
    db_client = across_midnight
    guardless.forget_local_day(db_client.database)
    first, _ = db_client.begin(db_client.hold_call(AFTERNOON))

    db_client.hold(EVENING)
    first.commit()

    assert len(db_client.owners()) == 2


def test_a_day_of_three_has_three_winners(across_midnight: DbClient, race: Race) -> None:
    """Of holds for every hour of one local day, as many succeed as the day allows.

    Cases: D-1, P-1
    """
    db_client = across_midnight
    db_client.database.execute("update core.resources set daily_limit = 3")
    hours = [f"2027-01-12T{h:02}:00:00Z" for h in range(6, 24, 2)]
    hours += [f"2027-01-13T{h:02}:00:00Z" for h in range(0, 4, 2)]

    outcomes = race(db_client.racers([db_client.hold_call(hour) for hour in hours]))

    assert refusals(outcomes) == ["KHOFF"] * (len(hours) - 3)
    assert len(db_client.owners()) == 3
    assert violations(db_client.database) == []


def test_a_customer_is_not_the_last_one_twice(db_client: DbClient, race: Race) -> None:
    """Of one customer's holds on different days, as many succeed as the resource allows a customer.

    Cases: P-1, P-8
    """
    db_client.database.execute("update core.resources set customer_limit = 2")
    starts = [f"2027-01-{day}T10:00:00Z" for day in range(12, 20)]

    outcomes = race(
        db_client.racers(
            [db_client.hold_call(start, kind="secret", customer=GRACE) for start in starts]
        )
    )

    assert refusals(outcomes) == ["KHOFF"] * 6
    assert len(db_client.owners()) == 2
    assert violations(db_client.database) == []


def test_twin_without_the_customers_lock_exceeds_it(db_client: DbClient) -> None:
    """Without the lock on the customer, holds on different days do not wait, and both succeed."""
    db_client.database.execute("update core.resources set customer_limit = 1")
    db_client.hold("2027-01-20T10:00:00Z", customer=GRACE | {"email": "ada@example.com"})
    guardless.rewrite(
        db_client.database,
        "core.lock_identity",
        "perform pg_catalog.pg_advisory_xact_lock(",
        "perform (",
    )
    db_client.database.execute(  # the customer exists already, so that no hold waits for its insert
        "insert into core.customers (tenant_id, id, email, name, created_at, updated_at)"
        " select id, gen_random_uuid(), 'grace@example.com', 'Grace', now(), now()"
        " from core.tenants"
    )
    first, _ = db_client.begin(
        db_client.hold_call("2027-01-12T10:00:00Z", kind="secret", customer=GRACE)
    )

    db_client.hold("2027-01-13T10:00:00Z", kind="secret", customer=GRACE)
    first.commit()

    counted = (
        "select count(*) from core.bookings as b join core.customers as c on c.id = b.customer_id"
    )
    assert db_client.database.value(f"{counted} where c.email = 'grace@example.com'") == 2


def test_a_customer_waits_for_their_own_hold(db_client: DbClient) -> None:
    """The guarded case: the same customer's hold on another day waits, and is refused."""
    db_client.database.execute("update core.resources set customer_limit = 1")
    first, _ = db_client.begin(
        db_client.hold_call("2027-01-12T10:00:00Z", kind="secret", customer=GRACE)
    )
    session = db_client.session("create_hold")

    second = session.send(
        db_client.hold_call("2027-01-13T10:00:00Z", kind="secret", customer=GRACE)
    )
    wait_until_blocked(db_client.database, session.pid)
    first.commit()

    assert refusal(second.exception(10)) == "KHOFF"
    assert len(db_client.owners()) == 1


# Payments of browsers' holds, which are checked when they come ------------------------------------


@pytest.fixture
def two(db_client: DbClient) -> list[tuple[Held, dict[str, Any]]]:
    """Two holds of one mailbox by browsers, on different days; one is allowed per customer."""
    db_client.database.execute("update core.resources set customer_limit = 1")
    return [db_client.checkout(f"2027-01-{day}T10:00:00Z", customer=GRACE) for day in (12, 13)]


def test_of_two_payments_at_once_one_goes_back(
    db_client: DbClient, two: list[tuple[Held, dict[str, Any]]]
) -> None:
    """The second payment waits for the mailbox's lock, counts the first, and is refunded.

    Cases: P-8
    """
    opened, _ = db_client.begin(settle_call(two[0][1], "paid"))
    _, answer = db_client.start(settle_call(two[1][1], "paid"))
    opened.commit()
    answer.result(10)

    assert [db_client.status(held) for held, _ in two] == ["scheduled", "expired"]
    assert violations(db_client.database) == []


def test_twin_confirms_both_payments(
    db_client: DbClient, two: list[tuple[Held, dict[str, Any]]]
) -> None:
    """Without the lock on the mailbox, neither waits, and both are confirmed."""
    guardless.rewrite(
        db_client.database, "core.settle", "perform core.lock_customer(v_booking);", "null;"
    )
    # a tenant's first payment makes its account at Stripe; this one has had others
    db_client.database.execute(
        "select core.lock_accounts(tenant_id, currency, array[core.clearing_line(1)])"
        " from core.bookings limit 1"
    )
    opened, _ = db_client.begin(settle_call(two[0][1], "paid"))
    db_client.call(settle_call(two[1][1], "paid"))
    opened.commit()

    assert [db_client.status(held) for held, _ in two] == ["scheduled"] * 2
