"""api.settle_checkout: apply the provider's outcome of a checkout session."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.harness.clients.calls import Api, Checkout, call, refused, stripe_event
from tests.harness.database.builders import NOW, Tenant
from tests.harness.database.concurrency import race, wait_until_blocked

HOUR = timedelta(hours=1)


def test_a_paid_session_confirms_the_booking(api: Api, tenant: Tenant) -> None:
    """A payment of the right sum makes the booking scheduled and paid, and it keeps its time."""
    checkout = api.checkout(api.hold(tenant.offer()))

    result = api.settle(checkout, "paid")

    booking = checkout.held.row
    assert result == "confirmed"
    assert (booking.status, booking.payment_status) == ("scheduled", "paid")
    assert booking.hold_expires_at is None
    assert checkout.held.occupies
    assert checkout.row.state == "paid"


def test_the_same_event_twice_is_one_effect(api: Api, tenant: Tenant) -> None:
    """A repeated delivery finds its event and changes nothing.

    Cases: E-2.2
    """
    checkout = api.checkout(api.hold(tenant.offer()))
    event = stripe_event()

    first = api.call("settle_checkout", event, "paid", checkout.session())
    version = checkout.held.row.version
    second = api.call("settle_checkout", event, "paid", checkout.session())

    assert (first["result"], second["result"]) == ("confirmed", "duplicate")
    assert checkout.held.row.version == version
    assert api.database.value("select count(*) from core.payments") == 1


def test_two_events_about_one_payment_are_one_fact(api: Api, tenant: Tenant) -> None:
    """The payment is unique too: another event about it changes and refunds nothing.

    Cases: E-2.2
    """
    checkout = api.checkout(api.hold(tenant.offer()))

    results = [api.settle(checkout, "paid"), api.settle(checkout, "paid")]
    asked = api.settle(checkout, "paid", event=False)

    assert [*results, asked] == ["confirmed", "unchanged", "unchanged"]
    assert api.database.value("select count(*) from core.refunds") == 0


def test_two_events_at_once_do_not_deadlock(api: Api, tenant: Tenant) -> None:
    """Different events about one session, delivered at the same moment, wait for each other.

    Cases: E-2.2
    """
    offer = tenant.offer(capacity=20)
    checkouts = [api.checkout(api.hold(offer)) for _ in range(20)]
    connections = [api.database.connect("holdfast_webhook", autocommit=True) for _ in range(4)]

    def deliver(number: int, checkout: Checkout) -> str:
        answer = call(
            connections[number], "settle_checkout", stripe_event(), "paid", checkout.session()
        )
        return str(answer["result"])

    outcomes = []
    for checkout in checkouts:
        racers = [lambda n=n, c=checkout: deliver(n, c) for n in range(len(connections))]
        outcomes.append(sorted(str(o) for o in race(racers)))
    for connection in connections:
        connection.close()

    assert outcomes == [["confirmed", "unchanged", "unchanged", "unchanged"]] * len(checkouts)


def test_a_lost_time_is_noticed_under_the_lock(api: Api, tenant: Tenant) -> None:
    """A booking that expires while its settlement waits for it is not confirmed: the caller
    repeats.

    The repeat then locks the days first, in the order of locks, and takes the time again.
    """
    checkout = api.checkout(api.hold(tenant.offer()))
    with api.database.connect() as expiring:
        expiring.execute("select core.enter_tenant(%s, 'sweep', null, null)", (tenant.id,))
        expiring.execute(
            "select core.transition_booking(b, 'expired', 'test') from core.bookings as b"
        )
        pid = api.connection("settle_checkout").info.backend_pid

        def expire() -> None:
            wait_until_blocked(api.database, pid)
            expiring.commit()

        lost, _ = race([lambda: api.settle(checkout, "paid", event=False), expire])

    again = api.settle(checkout, "paid", event=False)

    assert isinstance(lost, psycopg.errors.SerializationFailure)
    assert again == "confirmed"
    assert checkout.held.occupies


@pytest.mark.parametrize(
    "wrong", [{"amount_total": 4499}, {"amount_total": 4501}, {"currency": "usd"}]
)
def test_a_wrong_sum_is_quarantined_and_goes_back(
    api: Api, tenant: Tenant, wrong: dict[str, Any]
) -> None:
    """An amount or currency other than the frozen price confirms nothing and is refunded once.

    Cases: E-10.5
    """
    checkout = api.checkout(api.hold(tenant.offer()))

    results = [api.settle(checkout, "paid", **wrong) for _ in range(2)]

    payment = api.database.one("select * from core.payments")
    refund = api.database.one("select * from core.refunds")
    booking = checkout.held.row
    assert results == ["refunding", "unchanged"]
    assert (payment.status, payment.amount_refunded) == ("quarantined", payment.amount)
    assert (refund.amount, refund.currency) == (payment.amount, payment.currency)
    assert refund.reason == "amount_mismatch"
    assert (booking.status, checkout.held.occupies) == ("expired", False)


def test_a_delayed_method_keeps_the_time_until_its_result(api: Api, tenant: Tenant) -> None:
    """Pending keeps the time past every deadline; success confirms."""
    checkout = api.checkout(api.hold(tenant.offer(), NOW + 30 * HOUR))

    pending = api.settle(checkout, "pending")
    api.database.clock.advance(2 * HOUR)
    swept = api.call("expire_holds", 10)
    kept = checkout.held.occupies
    paid = api.settle(checkout, "paid")

    assert (pending, paid) == ("pending", "confirmed")
    assert swept["expired"] == 0
    assert kept


def test_a_failed_delayed_payment_releases_the_time(api: Api, tenant: Tenant) -> None:
    """A delayed payment that fails frees the time."""
    checkout = api.checkout(api.hold(tenant.offer()))
    api.settle(checkout, "pending")

    result = api.settle(checkout, "failed")

    assert result == "released"
    assert (checkout.held.row.status, checkout.held.occupies) == ("expired", False)


@pytest.mark.parametrize("late", ["open", "pending", "failed", "expired", "absent"])
def test_nothing_undoes_a_payment(api: Api, tenant: Tenant, late: str) -> None:
    """An older event about a paid session arrives late and changes nothing.

    Cases: E-2.2
    """
    checkout = api.paid(tenant.offer())

    result = api.settle(checkout, late)

    assert result in {"unchanged", "open"}
    assert checkout.row.state == "paid"
    assert checkout.held.row.status == "scheduled"


def test_an_event_may_overtake_our_own_answer(api: Api, tenant: Tenant) -> None:
    """A session that is not attached yet is known by reference and metadata together.

    Cases: E-2.2, E-2.8
    """
    held = api.hold(tenant.offer())
    begun = api.begin(held)
    checkout = Checkout(held, UUID(begun["checkout"]["id"]), "cs_test_early")

    result = api.settle(checkout, "paid")
    attached = api.call("attach_checkout", held.actor, held.id, checkout.id, checkout.session())

    assert result == "confirmed"
    assert attached["checkout"]["state"] == "paid"
    assert checkout.row.stripe_session_id == "cs_test_early"


@pytest.mark.parametrize(
    "stranger",
    [
        {"id": "cs_test_other", "client_reference_id": None, "metadata": {}},
        {"id": "cs_test_other", "client_reference_id": "no uuid", "metadata": {}},
        {"id": "cs_test_other", "metadata": {}},  # a payment link with our reference
        {"id": "cs_test_other"},  # our reference and metadata, but another session is attached
    ],
    ids=["foreign", "malformed", "without metadata", "second session"],
)
def test_a_session_that_is_not_ours_changes_nothing(
    api: Api, tenant: Tenant, stranger: dict[str, Any]
) -> None:
    """Sessions that we did not make are unknown, whatever they claim."""
    checkout = api.checkout(api.hold(tenant.offer()))

    result = api.settle(checkout, "paid", **stranger)

    assert result == "unknown"
    assert checkout.held.row.status == "paying"
    assert api.database.value("select count(*) from core.stripe_events") == 0


def test_a_busy_booking_is_not_waited_for_longer_than_3_s(api: Api, tenant: Tenant) -> None:
    """55P03 after the function's lock_timeout: the caller answers 503, and nothing is half done."""
    checkout = api.checkout(api.hold(tenant.offer()))
    with api.database.connect() as busy:
        busy.execute("select from core.bookings for update")

        refusal = refused(lambda: api.settle(checkout, "paid"))

    assert refusal.sqlstate == "55P03"
    assert api.database.value("select count(*) from core.stripe_events") == 0
    assert checkout.row.state == "open"
