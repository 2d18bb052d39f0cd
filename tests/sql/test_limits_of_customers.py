"""How many bookings of one resource one customer has, when nothing proves who the customer is.

A server's holds are checked when they are made. A browser may type any address, so its holds are
checked when they are paid: what is too many is refunded, and before that no answer reveals the
bookings of another customer.

Cases: P-8
"""

from datetime import timedelta

import pytest

from tests.harness.clients import carts
from tests.harness.clients.calls import Api, Checkout, Held, refused
from tests.harness.database.builders import NOW, Offer, Tenant
from tests.harness.laws.invariants import violations

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TEN = NOW + 2 * HOUR
GRACE = {"name": "Grace", "email": "grace@example.com"}
TAGGED = {"name": "Grace", "email": "Grace+trial@example.com"}


@pytest.fixture
def trial(tenant: Tenant) -> Offer:
    """A trial lesson, one per customer."""
    return tenant.offer(capacity=5, customer_limit=1)


def begun(api: Api, offer: Offer, hours: int, address: str = "192.0.2.1", **who: str) -> Checkout:
    """A checkout of a browser's hold."""
    actor = offer.tenant.actor(address=address)
    return api.checkout(api.hold(offer, TEN + hours * HOUR, actor=actor, customer=who or GRACE))


def status(held: Held) -> str:
    return str(
        held.tenant.database.value("select status from core.bookings where id = %s", held.id)
    )


def reasons(api: Api) -> list[str]:
    return [row.reason for row in api.database.rows("select reason from core.refunds")]


@pytest.mark.parametrize("second", [GRACE, TAGGED], ids=["same", "tagged"])
def test_of_two_holds_that_are_both_paid_one_goes_back(
    api: Api, trial: Offer, second: dict[str, str]
) -> None:
    """From two network addresses, of one mailbox: the first to be paid stays, and the second is
    refunded and loses its time.
    """
    first, other = begun(api, trial, 0), begun(api, trial, 1, "192.0.2.2", **second)

    outcomes = [api.settle(other, "paid"), api.settle(first, "paid")]

    assert outcomes == ["confirmed", "refunding"]
    assert (status(other.held), status(first.held)) == ("scheduled", "expired")
    assert (reasons(api), first.held.occupies) == (["customer_limit"], False)
    assert violations(api.database) == []


def test_a_stranger_who_does_not_pay_keeps_no_customer_from_paying(api: Api, trial: Offer) -> None:
    """Whatever is held, or on its way to be paid, in the customer's name."""
    for hours in range(3):
        begun(api, trial, hours, f"192.0.2.{hours}")

    assert api.settle(begun(api, trial, 4, "192.0.2.9"), "paid") == "confirmed"


def test_a_servers_hold_is_known(api: Api, trial: Offer) -> None:
    """It counts before it is paid: a browser's booking in the same name is refunded, and the
    server's next hold is refused.
    """
    theirs = begun(api, trial, 0)
    server = trial.tenant.actor("secret")
    held = api.hold(trial, TEN + HOUR, actor=server, customer=GRACE)

    assert refused(api.hold, trial, TEN + 2 * HOUR, actor=server, customer=TAGGED).detail == {
        "reason": "customer_limit"
    }
    assert api.settle(theirs, "paid") == "refunding"
    assert api.settle(api.checkout(held), "paid") == "confirmed"
    assert violations(api.database) == []


def test_what_a_server_let_be_is_paid(api: Api, trial: Offer) -> None:
    """A server's override with a reason holds beyond the limit; the payment does not check it
    again.
    """
    server = trial.tenant.actor("secret")
    override = {"rules": ["customer_limit"], "reason": "the first lesson was cut short"}
    for hours in range(2):
        held = api.hold(trial, TEN + hours * HOUR, actor=server, customer=GRACE, override=override)
        assert api.settle(api.checkout(held), "paid") == "confirmed"
    assert violations(api.database) == []


def test_a_late_payment_is_judged_too(api: Api, trial: Offer) -> None:
    """Its time was free again and would have been taken back, but the limit is reached."""
    late = begun(api, trial, 0)
    assert api.settle(late, "expired") == "released"
    assert api.settle(begun(api, trial, 1), "paid") == "confirmed"

    assert api.settle(late, "paid") == "refunding"

    assert reasons(api) == ["customer_limit"]
    assert violations(api.database) == []


def test_a_cart_goes_back_as_a_whole(api: Api, tenant: Tenant, trial: Offer) -> None:
    """It was paid as a whole."""
    lesson = tenant.offer()
    wanted = carts.cart(carts.period(lesson, TEN), carts.period(trial, TEN))
    cart = api.checkout(carts.hold(api, tenant, wanted))
    assert api.settle(begun(api, trial, 1), "paid") == "confirmed"

    assert api.settle(cart, "paid") == "refunding"

    assert carts.statuses(cart.held) == ["expired", "expired"]
    assert violations(api.database) == []


def test_a_booking_that_is_over_does_not_count(api: Api, trial: Offer) -> None:
    """The next one is confirmed."""
    assert api.settle(begun(api, trial, 0), "paid") == "confirmed"
    api.database.clock.set(TEN + 2 * HOUR)

    assert api.settle(begun(api, trial, 3), "paid") == "confirmed"


def test_a_browsers_hold_is_rescheduled_without_a_check(
    api: Api, tenant: Tenant, trial: Offer
) -> None:
    """A browser's hold is rescheduled to a limited resource without revealing other bookings, and
    checked when it is paid; a paid booking is checked when it is rescheduled.
    """
    offering = str(trial.offering_id)
    room = tenant.resource()
    tenant.hours(room)
    api.database.execute(
        "insert into core.resource_offerings (tenant_id, resource_id, offering_id, booking_mode)"
        " values (%s, %s, %s, 'slot')",
        *(tenant.id, room, offering),
    )
    free = Offer(tenant, room, trial.offering_id)
    assert api.settle(begun(api, trial, 0), "paid") == "confirmed"
    held, paid = api.hold(free, TEN, customer=GRACE), api.paid(free, TEN + HOUR).held

    api.move(held, TEN + 2 * HOUR, resource_id=str(trial.resource_id))
    refusal = refused(api.move, paid, TEN + 3 * HOUR, resource_id=str(trial.resource_id))

    assert refusal.detail == {"reason": "customer_limit"}
    assert api.settle(api.checkout(held), "paid") == "refunding"
    assert violations(api.database) == []
