"""Rescheduling one booking of a cart: once paid each is separate; their payment is not."""

from datetime import timedelta
from uuid import UUID

from tests.harness.clients.calls import Api, Held, refused, utc
from tests.harness.clients.carts import hold_cart, period, rows
from tests.harness.database.builders import NOW, Tenant
from tests.harness.laws.invariants import violations

TEN, NOON, TWO, FOUR = (NOW + timedelta(hours=hours) for hours in (2, 4, 6, 7))


def _two(api: Api, tenant: Tenant) -> tuple[Held, Held]:
    """Two bookings of 45 euros, held as one."""
    offer = tenant.offer()
    first = hold_cart(api, tenant, period(offer, TEN), period(offer, NOON))
    answer = first.answer["bookings"][1]
    return first, Held(tenant, UUID(answer["id"]), first.secret, answer)


def _paid(api: Api, tenant: Tenant) -> tuple[Held, Held]:
    """The same, paid with one checkout."""
    first, later = _two(api, tenant)
    checkout = api.checkout(first)
    assert api.settle(checkout, "paid", amount_total=9000) == "confirmed"
    return first, later


def _price(api: Api, amount: int) -> None:
    api.database.execute("update core.prices set amount = %s", amount)


def test_an_unpaid_cart_is_not_taken_apart(api: Api, tenant: Tenant) -> None:
    """KHSTA for each of its bookings: they are priced and paid together."""
    both = _two(api, tenant)

    refusals = [refused(api.move, one, TWO) for one in both]

    assert [refusal.sqlstate for refusal in refusals] == ["KHSTA", "KHSTA"]
    assert refusals[0].hint == "pay first, or release the cart and hold other times"
    assert violations(api.database) == []


def test_a_difference_goes_back_from_the_carts_payment(api: Api, tenant: Tenant) -> None:
    """The later booking is rescheduled alone, and its part of the one payment is refunded.

    Cases: E-2.3, E-10.5
    """
    first, later = _paid(api, tenant)
    _price(api, 3000)

    moved = api.move(later, TWO)
    (effect,) = api.claim()
    api.finish(effect, "done", status="succeeded", refund={"id": "re_1"})

    refund = api.database.one("select * from core.refunds")
    assert (refund.amount, refund.booking_id) == (1500, later.id)
    assert (utc(moved["starts_at"]), first.row.starts_at) == (TWO, TEN)
    assert [row.payment_status for row in rows(first)] == ["paid", "paid"]
    assert violations(api.database, quiescent=True) == []


def test_each_pays_its_own_difference(api: Api, tenant: Tenant) -> None:
    """Both bookings of a cart wait at once, each with a payment page of its own.

    Cases: E-2.6, E-10.5
    """
    first, later = _paid(api, tenant)
    _price(api, 6000)
    api.move(first, TWO)
    api.move(later, FOUR)

    pages = [api.checkout(one) for one in (first, later)]
    results = [api.settle(page, "paid", amount_total=1500) for page in pages]

    assert results == ["changed", "changed"]
    assert [row.starts_at for row in rows(first)] == [TWO, FOUR]
    assert violations(api.database, quiescent=True) == []


def test_what_was_paid_for_itself_goes_back_first(api: Api, tenant: Tenant) -> None:
    """A difference paid for one booking is refunded before its part of the cart."""
    _, later = _paid(api, tenant)
    _price(api, 6000)
    api.move(later, FOUR)
    api.settle(api.checkout(later), "paid", amount_total=1500)
    _price(api, 4000)

    api.move(later, TWO)

    query = "select booking_id, amount from core.refunds order by amount"
    refunds = [(row.booking_id, row.amount) for row in api.database.rows(query)]
    assert refunds == [(later.id, 500), (later.id, 1500)]
    assert violations(api.database) == []


def test_what_goes_back_of_a_booking_is_its_own(api: Api, tenant: Tenant) -> None:
    """Of two that were paid together one gets a part back: the other says paid.

    It counts when Stripe has it, and no more once the bank has refused it.
    """
    first, later = _paid(api, tenant)
    said = []

    def look() -> None:
        said.append([row.payment_status for row in rows(first)])

    api.database.execute(
        "select core.pay_back(b, 'price_difference:1', 'price_difference', 1000)"
        " from core.bookings as b where b.id = %s",
        later.id,
    )
    look()
    (effect,) = api.claim()
    for status in ("pending", "succeeded", "failed"):
        api.finish(effect, "done", status=status, refund={"id": "re_1"})
        look()

    part = ["paid", "partially_refunded"]
    assert said == [["paid", "paid"], part, part, ["paid", "paid"]]
