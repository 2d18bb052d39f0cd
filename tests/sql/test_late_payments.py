"""api.settle_checkout when money comes late or unexpectedly: confirmed or refunded."""

from datetime import timedelta

import pytest

from tests.harness.clients.calls import Api, Checkout, stripe_event
from tests.harness.database.builders import Tenant

HOUR = timedelta(hours=1)


def _facts(api: Api, checkout: Checkout, outcome: str, **session: object) -> tuple[str, bool]:
    answer = api.call("settle_checkout", stripe_event(), outcome, checkout.session(**session))
    assert answer.keys() == {"result", "booking_id", "tenant_id", "late", "reason"}
    return answer["result"], answer["late"]


@pytest.mark.parametrize(
    ("happens", "result", "late"),
    [
        ("nothing", "confirmed", False),
        ("the page expires", "confirmed", True),
        ("another takes the time", "refunding", True),
        ("the time begins", "refunding", True),
        ("it is released", "refunding", False),
        ("a wrong sum", "refunding", False),
    ],
)
def test_whether_money_is_late_is_a_fact(
    api: Api, tenant: Tenant, happens: str, result: str, late: bool
) -> None:
    """It has its own member in the answer, whatever the reasons in the audit trail say."""
    offer = tenant.offer()
    checkout = api.checkout(api.hold(offer))
    if happens == "it is released":
        api.call("release_hold", checkout.held.actor, checkout.held.id, None)
    if happens not in ("nothing", "the time begins", "a wrong sum"):
        assert _facts(api, checkout, "expired") == ("released", False)
    if happens == "another takes the time":
        api.hold(offer)
    if happens == "the time begins":
        api.database.clock.advance(2 * HOUR)
    session = {"amount_total": 1} if happens == "a wrong sum" else {}

    assert _facts(api, checkout, "paid", **session) == (result, late)
    assert _facts(api, checkout, "paid", **session) == ("unchanged", False)


def test_a_late_payment_takes_a_free_time_again(api: Api, tenant: Tenant) -> None:
    """A payment after the hold expired still confirms if the time is free.

    Cases: D-2
    """
    checkout = api.checkout(api.hold(tenant.offer()))
    assert api.settle(checkout, "expired") == "released"

    result = api.settle(checkout, "paid")

    assert result == "confirmed"
    assert (checkout.held.row.status, checkout.held.occupies) == ("scheduled", True)


def test_a_late_payment_without_its_time_is_refunded_once(api: Api, tenant: Tenant) -> None:
    """If another customer has the time, the money is recorded and refunded once.

    Cases: D-2
    """
    offer = tenant.offer()
    checkout = api.checkout(api.hold(offer))
    api.settle(checkout, "expired")
    other = api.hold(offer)

    results = [api.settle(checkout, "paid") for _ in range(3)]

    refund = api.database.one("select * from core.refunds")
    effect = api.database.one("select * from core.effects where kind = 'refund_payment'")
    assert results == ["refunding", "unchanged", "unchanged"]
    assert (refund.reason, refund.amount) == ("time_lost", 4500)
    assert effect.refund_id == refund.id
    assert (checkout.held.row.status, checkout.held.row.payment_status) == ("expired", "paid")
    assert other.occupies


def test_a_late_payment_for_a_begun_time_is_refunded(api: Api, tenant: Tenant) -> None:
    """A time that has begun is no longer useful: the money is refunded even if the time is free."""
    checkout = api.checkout(api.hold(tenant.offer()))
    api.settle(checkout, "expired")
    api.database.clock.advance(2 * HOUR)

    result = api.settle(checkout, "paid")

    assert result == "refunding"
    assert api.database.value("select reason from core.refunds") == "time_lost"


def test_a_payment_after_release_is_refunded(api: Api, tenant: Tenant) -> None:
    """A customer who left and still paid gets the money back, though the time is free."""
    checkout = api.checkout(api.hold(tenant.offer()))
    api.call("release_hold", checkout.held.actor, checkout.held.id, None)
    api.settle(checkout, "expired")

    result = api.settle(checkout, "paid")

    booking = checkout.held.row
    assert result == "refunding"
    assert api.database.value("select reason from core.refunds") == "released"
    assert (booking.status, checkout.held.occupies) == ("expired", False)


def test_a_payment_quicker_than_the_release_confirms(api: Api, tenant: Tenant) -> None:
    """Until Stripe has closed the checkout nothing is released: a payment confirms."""
    checkout = api.checkout(api.hold(tenant.offer()))
    api.call("release_hold", checkout.held.actor, checkout.held.id, None)

    result = api.settle(checkout, "paid")

    assert result == "confirmed"
    assert checkout.held.occupies


def test_a_second_payment_of_one_booking_is_refunded(api: Api, tenant: Tenant) -> None:
    """One booking is paid once: the other session's money is refunded and the booking stays
    paid.
    """
    first = api.checkout(api.hold(tenant.offer()))
    api.settle(first, "failed")  # the first attempt failed; the booking was released
    api.settle(first, "paid")

    result = api.settle(first, "paid", payment_intent="pi_second")

    booking = first.held.row
    assert result == "refunding"
    assert api.database.value("select reason from core.refunds") == "duplicate_payment"
    assert (booking.status, booking.payment_status) == ("scheduled", "paid")
