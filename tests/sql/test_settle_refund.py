"""api.settle_refund, core.pay_back and core.record_refund: how refunds progress."""

from functools import partial
from itertools import permutations
from typing import Any

import pytest

from tests.harness.clients.calls import Api, Checkout, call, refund_object, refused, stripe_event
from tests.harness.database.builders import Tenant
from tests.harness.database.concurrency import race
from tests.harness.laws.invariants import violations

_PAY_BACK = "select core.pay_back(b, %s, 'price_difference', %s) from core.bookings as b"
_QUEUE = (
    "select core.queue_refund(t, p.id, %s, 'price_difference')"
    " from core.payments as p, core.returns as t"
)


class Refund:
    """A refund of a wrong sum that Stripe has been asked for."""

    def __init__(self, api: Api, tenant: Tenant) -> None:
        self.api = api
        self.checkout: Checkout = api.checkout(api.hold(tenant.offer()))
        assert api.settle(self.checkout, "paid", amount_total=1000) == "refunding"
        (self.effect,) = api.claim()
        self.object = refund_object(self.effect["refund"], tenant, "re_1")

    def told(self, status: str, event: dict[str, object] | None = None, **fields: Any) -> Any:
        """An event about it."""
        told = event or stripe_event()
        return self.api.call("settle_refund", told, status, self.object | fields)

    @property
    def status(self) -> str:
        return str(self.api.database.value("select status from core.refunds"))

    @property
    def refunded(self) -> int:
        """How much of the payment counts as refunded, in minor units."""
        return int(self.api.database.value("select amount_refunded from core.payments"))

    @property
    def payment_status(self) -> str:
        return str(self.checkout.held.row.payment_status)


def test_a_refund_is_recorded(api: Api, tenant: Tenant) -> None:
    """queued → pending → succeeded; the booking says refunded as soon as Stripe has the refund."""
    refund = Refund(api, tenant)

    results = [refund.told("pending")["result"], refund.told("succeeded")["result"]]

    assert results == ["recorded", "recorded"]
    assert (refund.status, refund.refunded, refund.payment_status) == (
        "succeeded",
        1000,
        "refunded",
    )


def test_the_same_event_twice_is_one_effect(api: Api, tenant: Tenant) -> None:
    """A repeated delivery finds its event.

    Cases: E-2.2
    """
    refund = Refund(api, tenant)
    event = stripe_event()

    first, second = refund.told("failed", event), refund.told("failed", event)

    assert [first["result"], second["result"]] == ["recorded", "duplicate"]
    assert refund.refunded == 0


@pytest.mark.parametrize("order", list(permutations(["pending", "succeeded"])), ids="-".join)
def test_pending_after_success_is_ignored(api: Api, tenant: Tenant, order: tuple[str, ...]) -> None:
    """Events come in any order; the refund has succeeded in the end.

    Cases: E-2.2
    """
    refund = Refund(api, tenant)

    for status in order:
        refund.told(status)

    assert (refund.status, refund.payment_status) == ("succeeded", "refunded")


@pytest.mark.parametrize(
    "order", list(permutations(["pending", "succeeded", "failed"])), ids="-".join
)
def test_a_failure_is_the_last_word(api: Api, tenant: Tenant, order: tuple[str, ...]) -> None:
    """A bank may return a refund: in any order of events the money is ours again, counted once.

    Cases: E-2.2
    """
    refund = Refund(api, tenant)

    for status in order:
        refund.told(status)

    assert (refund.status, refund.refunded) == ("failed", 0)
    assert refund.payment_status == "paid"


def test_events_about_one_refund_at_once_do_not_deadlock(api: Api, tenant: Tenant) -> None:
    """Different events about one refund, delivered at the same moment, wait for each other.

    Cases: E-2.2
    """
    refund = Refund(api, tenant)
    connections = [api.database.connect("holdfast_webhook", autocommit=True) for _ in range(6)]

    outcomes = race(
        [
            partial(call, c, "settle_refund", stripe_event(), "succeeded", refund.object)
            for c in connections
        ]
    )
    for connection in connections:
        connection.close()

    assert [getattr(o, "sqlstate", None) for o in outcomes] == [None] * 6
    assert (refund.status, refund.refunded) == ("succeeded", 1000)


def test_an_event_may_overtake_our_own_answer(api: Api, tenant: Tenant) -> None:
    """Known by our id in its metadata before Stripe's id is stored; later by that.

    Cases: E-9.1
    """
    refund = Refund(api, tenant)

    refund.told("succeeded")
    api.finish(refund.effect, "done", status="pending", refund={"id": "re_1"})
    by_id = refund.told("failed", metadata={})

    assert by_id["result"] == "recorded"
    assert refund.status == "failed"


@pytest.mark.parametrize(
    "metadata",
    [{}, {"refund_id": "x", "tenant_id": "y"}, {"refund_id": None}],
    ids=["none", "malformed", "null"],
)
def test_a_refund_that_is_not_ours_is_unknown(
    api: Api, tenant: Tenant, metadata: dict[str, str | None]
) -> None:
    """Refunds made by hand in Stripe's dashboard change nothing here."""
    refund = Refund(api, tenant)

    answer = refund.told("succeeded", id="re_other", metadata=metadata)

    assert answer == {"result": "unknown"}
    assert refund.status == "queued"


def test_refunds_never_exceed_the_payment(api: Api, tenant: Tenant) -> None:
    """Queued, pending and successful refunds together stay within what was captured.

    Cases: E-2.3
    """
    checkout = api.paid(tenant.offer(amount=4500))
    api.database.execute(_PAY_BACK, "price_difference:1", 4000)

    refusal = refused(lambda: api.database.execute(_QUEUE, 501))
    api.database.execute(_QUEUE, 500)

    total = "select sum(amount) from core.refunds where booking_id = %s"
    assert refusal.constraint == "payments_refunds_within_capture"
    assert api.database.value(total, checkout.held.id) == 4500
    assert api.database.value("select count(*) from core.effects") == 2


def test_racing_refunds_never_exceed_the_payment(api: Api, tenant: Tenant) -> None:
    """Under the payment's row lock: of ten refunds of a third, three go through.

    Cases: E-2.3
    """
    api.paid(tenant.offer(amount=4500))
    api.database.execute(
        "insert into core.returns (tenant_id, id, booking_id, key, amount, currency, created_at)"
        " select tenant_id, id, id, 'price_difference:1', 4500, currency, created_at"
        " from core.bookings"
    )
    connections = [api.database.connect(autocommit=True) for _ in range(10)]

    outcomes = race([partial(c.execute, _QUEUE.encode(), (1500,)) for c in connections])
    for connection in connections:
        connection.close()

    assert sorted(str(getattr(o, "sqlstate", "done")) for o in outcomes) == [
        *["23514"] * 7,
        *["done"] * 3,
    ]
    assert api.database.value("select sum(amount) from core.refunds") == 4500


def test_a_failed_refund_may_be_tried_again(api: Api, tenant: Tenant) -> None:
    """A failed refund no longer counts: a new refund of the same money is possible."""
    refund = Refund(api, tenant)
    refund.told("failed")

    api.call("retry_effect", refund.effect["id"], "ada")

    assert refund.refunded == 1000


def test_a_return_happens_once(api: Api, tenant: Tenant) -> None:
    """By its key: asking again, for any sum, sends nothing more.

    Cases: E-2.3
    """
    api.paid(tenant.offer(amount=4500))

    for amount in (1000, 1000, 3000):
        api.database.execute(_PAY_BACK, "price_difference:1", amount)

    assert api.database.value("select sum(amount) from core.refunds") == 1000
    assert api.database.value("select returned from core.allocations") == 1000


@pytest.mark.parametrize("amount", [4501, 9000])
def test_no_more_goes_back_than_was_paid(api: Api, tenant: Tenant, amount: int) -> None:
    """It is a fault of ours, and nothing is written.

    Cases: E-2.3
    """
    api.paid(tenant.offer(amount=4500))

    refusal = refused(lambda: api.database.execute(_PAY_BACK, "price_difference:1", amount))

    assert refusal.sqlstate == "P0004"
    assert api.database.value("select count(*) from core.returns") == 0
    assert api.database.value("select count(*) from core.refunds") == 0


def test_a_second_payment_that_cannot_go_back_is_a_finding(api: Api, tenant: Tenant) -> None:
    """The booking stays confirmed by its own payment; the second one waits for an operator.

    The failed refund is reported until another one has replaced it.

    Cases: E-2.3
    """
    first = api.checkout(api.hold(tenant.offer()))
    held = first.held
    closing = api.begin(held, cancel_url="https://a.example/elsewhere")["effect"]
    api.finish(closing, "done", outcome="expired", session=first.session())
    api.settle(api.checkout(held), "paid")
    assert api.settle(first, "paid") == "refunding"
    (effect,) = api.claim()

    api.finish(effect, "done", status="failed", refund={"id": "re_1"})

    assert (held.row.status, held.row.payment_status) == ("scheduled", "paid")
    assert violations(api.database) == []
    (finding,) = violations(api.database, quiescent=True)
    assert "no refund has failed" in finding
    api.call("retry_effect", effect["id"], "ada")
    assert "no refund has failed" not in str(violations(api.database, quiescent=True))
