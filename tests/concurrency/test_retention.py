"""The sweep that deletes expired data, and erasing customers, against live traffic."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.clients.db_client import Call, DbClient, Held, refusal, refusals, settle_call
from tests.harness.database import guardless
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

DAY = timedelta(days=1)
TEN = "2027-01-11T10:00:00Z"
TUESDAY = "2027-01-12T10:00:00Z"
LATER = "2027-02-22T10:00:00Z"
GRACE = {"name": "Grace", "email": "grace@example.com"}
FIRST: Call = ("delete_expired_records", (None, 100))


def tenant_has(db_client: DbClient, table: str) -> int:
    return int(db_client.database.value(f"select count(*) from {table}"))


def due(db_client: DbClient, start: str = TEN, **changes: Any) -> Held:
    """A hold released so long ago that it may be deleted."""
    held = db_client.hold(start, **changes)
    db_client.call(db_client.release_call(held))
    db_client.database.clock.advance(31 * DAY)
    return held


def due_checkout(db_client: DbClient) -> tuple[Held, dict[str, Any]]:
    """A booking whose checkout a sweep expired so long ago; no event was stored."""
    held, session = db_client.checkout(TEN, customer=GRACE)
    event, outcome, told = settle_call(session, "expired")[1]
    assert event
    db_client.call(("settle_checkout", (None, outcome, told)))
    db_client.database.clock.advance(31 * DAY)
    return held, session


def test_a_booking_that_is_being_paid_is_passed_by(db_client: DbClient) -> None:
    """A sweep does not wait for a booking with a late payment; afterwards the payment keeps it."""
    held, session = due_checkout(db_client)
    payment, _ = db_client.begin(settle_call(session, "paid"))

    during = db_client.sweep_expired()
    payment.commit()
    after = db_client.sweep_expired()

    assert (during["bookings"], during["stuck"]) == (0, 0)
    assert (after["bookings"], after["stuck"]) == (0, 0)
    assert db_client.status(held) == "expired"
    assert tenant_has(db_client, "core.payments") == tenant_has(db_client, "core.refunds") == 1
    assert violations(db_client.database) == []


def test_twin_takes_the_booking_from_under_its_payment(db_client: DbClient) -> None:
    """Without the lock and foreign keys, a payment is left that belongs to no booking."""
    guardless.forget_deletion_lock(db_client.database)
    _, session = due_checkout(db_client)
    payment, _ = db_client.begin(settle_call(session, "paid"))
    sweep, swept = db_client.start(FIRST)
    payment.commit()

    swept.result(10)

    assert sweep.pid
    assert tenant_has(db_client, "core.payments") == 1
    assert tenant_has(db_client, "core.bookings") == 0


def test_a_payment_of_a_booking_that_is_being_deleted_waits_and_is_unknown(
    db_client: DbClient,
) -> None:
    """Nothing half done: the first delivery is repeated, and the second gets "unknown"."""
    _, session = due_checkout(db_client)
    told = settle_call(session, "paid")
    sweep, swept = db_client.begin(FIRST)
    _, payment = db_client.start(told)
    sweep.commit()

    error = payment.exception(10)

    assert swept["bookings"] == 1
    assert (refusal(error), error.diag.constraint_name) == (  # type: ignore[union-attr]
        "23503",
        "stripe_events_booking_exists",
    )
    assert db_client.call(told) == {"result": "unknown"}
    assert (
        tenant_has(db_client, "core.payments") == tenant_has(db_client, "core.stripe_events") == 0
    )


def test_a_repeat_of_a_key_that_is_being_deleted_waits_and_is_a_new_one(
    db_client: DbClient,
) -> None:
    """The repeat waits at the key for the sweep, then makes a new hold: never half of either."""
    again = db_client.hold_call(LATER, key="mine", customer=GRACE)
    first = db_client.call(again)
    db_client.call(db_client.release_call(Held(first["id"], first["id"])))
    db_client.database.clock.advance(31 * DAY)
    sweep, swept = db_client.begin(FIRST)

    _, repeat = db_client.start(again)
    sweep.commit()
    after = repeat.result(10)

    assert swept["bookings"] == 1
    # the repeat proposes the same id again, and no row has it any more
    assert (after["id"], after["status"], after["version"]) == (first["id"], "held", 1)
    assert (
        tenant_has(db_client, "core.idempotency_keys")
        == tenant_has(db_client, "core.customers")
        == 1
    )
    assert violations(db_client.database) == []


def test_a_hold_of_a_customer_who_is_being_deleted_makes_a_new_one(db_client: DbClient) -> None:
    """The hold waits for the sweep, then makes a new customer for the address."""
    due(db_client, customer=GRACE)
    sweep, swept = db_client.begin(FIRST)
    _, hold = db_client.start(db_client.hold_call(LATER, customer=GRACE))
    sweep.commit()

    held = hold.result(10)

    assert (swept["bookings"], swept["customers"]) == (1, 1)
    assert held["customer"]["email"] == "grace@example.com"
    assert tenant_has(db_client, "core.customers") == 1


def test_twin_holds_for_a_customer_who_is_gone(db_client: DbClient) -> None:
    """Without the lock, the hold uses a customer whom the sweep has deleted, and fails."""
    guardless.forget_customer_lock(db_client.database)
    due(db_client, customer=GRACE)
    sweep, _ = db_client.begin(FIRST)
    _, hold = db_client.start(db_client.hold_call(LATER, customer=GRACE))
    sweep.commit()

    assert refusal(hold.exception(10)) == "23503"


def test_a_customer_who_is_booking_is_passed_by(db_client: DbClient) -> None:
    """A hold locks its customer, so the sweep skips them; its next run deletes the old booking."""
    due(db_client, customer=GRACE)
    hold, _ = db_client.begin(db_client.hold_call(LATER, customer=GRACE))

    during = db_client.sweep_expired()
    hold.commit()
    after = db_client.sweep_expired()

    assert (during["bookings"], during["customers"]) == (0, 0)
    assert (after["bookings"], after["customers"]) == (1, 0)


def test_many_sweeps_leave_nothing_behind(db_client: DbClient, race: Race) -> None:
    """Each row is deleted once, in any order; shared customers go with the last of their
    bookings.
    """
    for day in range(12, 16):
        held = db_client.hold(f"2027-01-{day}T10:00:00Z", customer=GRACE)
        db_client.call(db_client.release_call(held))
    db_client.database.clock.advance(31 * DAY)

    outcomes = race([db_client.sweep_expired for _ in range(6)])

    assert refusals(outcomes) == []
    assert sum(o["bookings"] for o in outcomes) == 4
    assert sum(o["customers"] for o in outcomes) == 1
    assert tenant_has(db_client, "core.customers") == tenant_has(db_client, "core.bookings") == 0
    assert db_client.database.value("select sum(bookings) from audit.deleted_bookings") == 4


def two_sweeps(db_client: DbClient) -> None:
    """Two sweeps at once, each with one of a customer's two bookings. They expired for different
    reasons, so that the counts do not make one sweep wait for the other.
    """
    held = [db_client.hold(start, customer=GRACE) for start in (TEN, TUESDAY)]
    db_client.call(db_client.release_call(held[0]))
    db_client.database.clock.advance(DAY / 24)
    db_client.call(("expire_holds", (10,)))
    db_client.database.clock.advance(31 * DAY)
    locker = db_client.database.connect()
    locker.execute("select from core.bookings where id = %s for update", [held[0].id])
    first, _ = db_client.begin(FIRST)  # has the second booking
    locker.rollback()
    locker.close()
    second = db_client.session("delete_expired_records")
    second.call(FIRST)  # the other one, if it can
    first.commit()
    db_client.sweep_expired()


def test_the_last_of_two_sweeps_deletes_the_customer(db_client: DbClient) -> None:
    """The second sweep skips the customer whom the first has locked."""
    two_sweeps(db_client)

    assert tenant_has(db_client, "core.bookings") == tenant_has(db_client, "core.customers") == 0


def test_twin_leaves_a_customer_behind(db_client: DbClient) -> None:
    """Without the customer's lock, each sees the other's booking, and the customer is never
    deleted.
    """
    guardless.forget_idle_lock(db_client.database)
    two_sweeps(db_client)

    assert tenant_has(db_client, "core.bookings") == 0
    assert tenant_has(db_client, "core.customers") == 1


def test_erasing_waits_for_a_hold_and_is_refused(db_client: DbClient) -> None:
    """A customer who is being given a booking has one ahead, and is not erased."""
    due(db_client, customer=GRACE)
    hold, held = db_client.begin(db_client.hold_call(LATER, customer=GRACE))
    _, erased = db_client.start(db_client.erase_call(GRACE["email"]))
    hold.commit()

    assert refusal(erased.exception(10)) == "KHCIU"
    assert (
        db_client.database.value(
            "select customer_name from core.bookings where id = %s", held["id"]
        )
        == "Grace"
    )


def test_a_hold_waits_for_erasing_and_is_of_a_new_customer(db_client: DbClient) -> None:
    """The hold waits for the erasing, then makes a new customer for the address."""
    due(db_client, customer=GRACE)
    erasing, erased = db_client.begin(db_client.erase_call(GRACE["email"]))
    _, hold = db_client.start(db_client.hold_call(LATER, customer=GRACE))
    erasing.commit()

    held = hold.result(10)

    assert erased["bookings"] == 1
    assert held["customer"]["email"] == "grace@example.com"
    assert tenant_has(db_client, "core.customers") == 2


def test_twin_holds_for_a_person_who_was_erased(db_client: DbClient) -> None:
    """Without the customer's lock, the new booking belongs to an erased customer."""
    guardless.forget_customer_lock(db_client.database)
    due(db_client, customer=GRACE)
    erasing, _ = db_client.begin(db_client.erase_call(GRACE["email"]))
    _, hold = db_client.start(db_client.hold_call(LATER, customer=GRACE))
    erasing.commit()

    query = (
        "select c.email from core.bookings as b"
        " join core.customers as c on c.tenant_id = b.tenant_id and c.id = b.customer_id"
        " where b.id = %s"
    )
    assert db_client.database.value(query, hold.result(10)["id"]).startswith("erased-")


@pytest.mark.parametrize("turn", range(3))
def test_sweeping_erasing_holding_and_paying_at_once(
    db_client: DbClient, race: Race, turn: int
) -> None:
    """There is no deadlock, and all laws hold."""
    session = due_checkout(db_client)[1]
    old = [f"2027-02-{day:02}T10:00:00Z" for day in (22, 23, 24)]
    calls = [
        *(db_client.hold_call(start, customer=GRACE) for start in old),
        *(db_client.erase_call(GRACE["email"]) for _ in range(3)),
        *(settle_call(session, "paid") for _ in range(2)),
        *(db_client.wait_call(start, customer=GRACE) for start in old),
    ]

    outcomes = race([*db_client.racers(calls), *[db_client.sweep_expired] * 3])

    known = {"KHCIU", "KHFRE", "23503", "40001", "55P03"}
    assert set(refusals(outcomes)) <= known, turn
    assert violations(db_client.database) == []
