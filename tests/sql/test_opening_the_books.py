"""0014_ledger.after.sql: books that are older than the ledger are opened as they stood."""

from datetime import timedelta
from uuid import UUID

from tests.harness.clients.calls import Api, Held
from tests.harness.clients.carts import hold_cart, period
from tests.harness.database.builders import NOW, Tenant
from tests.harness.database.opening import books, closed, opened
from tests.harness.laws.invariants import violations

_TIMES = [NOW + timedelta(days=1, hours=hours) for hours in range(2, 10)]


def _again(api: Api) -> list[str]:
    """Close the books, open them, and leave them so; what the migration said."""
    with closed(api.database) as connection:
        return opened(connection)


def _books(api: Api) -> dict[str, int]:
    with api.database.connect() as connection:
        return books(connection)


def _cart(api: Api, tenant: Tenant) -> tuple[Held, Held]:
    """Two bookings of 45 each, paid together."""
    offer = tenant.offer(amount=4500, capacity=4)
    first = hold_cart(api, tenant, period(offer, _TIMES[0]), period(offer, _TIMES[1]))
    answer = first.answer["bookings"][1]
    assert api.settle(api.checkout(first), "paid", amount_total=9000) == "confirmed"
    return first, Held(tenant, UUID(answer["id"]), first.secret, answer)


def _price(api: Api, amount: int) -> None:
    api.database.execute("update core.prices set amount = %s", amount)


def _report(api: Api, *statuses: str) -> None:
    """Stripe's word on each refund that waits, in the order in which they were decided."""
    effects = sorted(api.claim(), key=lambda effect: str(effect["refund"]["id"]))
    for effect, status in zip(effects, statuses, strict=True):
        refund = {"id": f"re_{effect['id']}"}
        api.finish(effect, "done", status=status, refund=refund)


def test_the_books_are_opened_as_they_were_kept(api: Api, tenant: Tenant) -> None:
    """Every balance, allocation, return and payment status is what it was written as at the time:
    moves that cost less and more, of one booking and of a cart's, and money that was not kept."""
    first, later = _cart(api, tenant)
    _price(api, 3000)
    api.move(later, _TIMES[2])
    _price(api, 6000)
    api.move(later, _TIMES[3])
    assert api.settle(api.checkout(later), "paid", amount_total=3000) == "changed"
    _price(api, 2500)
    api.move(later, _TIMES[4])
    api.move(first, _TIMES[5])
    _report(api, "succeeded", "pending", "failed", "failed")
    (failed, _) = api.database.rows(
        "select e.id from core.effects as e join core.refunds as r on r.id = e.refund_id"
        " where r.status = 'failed' order by r.id"
    )
    api.call("retry_effect", failed.id, "ada")
    offer = tenant.offer(amount=2000, capacity=4)
    for _ in range(2):
        api.settle(api.checkout(api.hold(offer, _TIMES[6])), "paid", amount_total=1000)
    api.settle(api.checkout(api.hold(offer, _TIMES[6])), "paid", currency="usd")
    api.checkout(api.hold(offer, _TIMES[6]))
    assert violations(api.database) == []
    before = _books(api)

    said = _again(api)

    assert _books(api) == before
    assert violations(api.database) == []
    assert said[-1] == "0 bookings said something else of their money"
    assert len(before) > 20


def test_a_price_that_fell_was_taken_from_another_bookings_payment(
    api: Api, tenant: Tenant
) -> None:
    """Older code took the newest payment of the cart: here the first booking's own difference.

    Then the two swap what they were paid by. Neither has more or less, and no payment is more.
    """
    first, later = _cart(api, tenant)
    _price(api, 5500)
    api.move(first, _TIMES[2])
    assert api.settle(api.checkout(first), "paid", amount_total=1000) == "changed"
    _price(api, 3000)
    api.move(later, _TIMES[3])
    with api.database.connect() as connection:
        connection.execute("set local session_replication_role = replica")
        connection.execute("update core.refunds set amount = 500")
        connection.execute(
            "insert into core.refunds select (jsonb_populate_record(r, jsonb_build_object("
            " 'id', gen_random_uuid(), 'amount', 1000, 'payment_id', p.id,"
            " 'created_at', r.created_at - interval '1 microsecond'))).*"
            " from core.refunds as r, core.payments as p where p.amount = 1000"
        )
        connection.execute(
            "insert into core.effects select (jsonb_populate_record(e, jsonb_build_object("
            " 'id', r.id, 'refund_id', r.id, 'key', 'refund_payment:' || r.id))).*"
            " from core.effects as e, core.refunds as r where r.amount = 1000"
            " and e.kind = 'refund_payment'"
        )
        connection.execute(
            "update core.payments"
            " set amount_refunded = case amount when 1000 then 1000 else 500 end"
        )

    _again(api)

    rows = api.database.rows(
        "select b.position, p.amount as paid, a.value, a.returned from core.allocations as a"
        " join core.bookings as b on b.id = a.booking_id"
        " join core.payments as p on p.id = a.payment_id order by 1, 2"
    )
    assert [tuple(row) for row in rows] == [
        (1, 9000, 5500, 0),
        (2, 1000, 1000, 1000),
        (2, 9000, 3500, 500),
    ]
    assert violations(api.database) == []


def test_a_refund_that_was_queued_again_by_hand_is_known_as_such(api: Api, tenant: Tenant) -> None:
    """Before an operator had a command for it: it took the place of the one that had failed."""
    offer = tenant.offer(amount=2000)
    api.settle(api.checkout(api.hold(offer)), "paid", amount_total=1000)
    _report(api, "failed")
    (effect,) = api.database.rows("select id from core.effects where kind = 'refund_payment'")
    api.call("retry_effect", effect.id, "ada")
    before = _books(api)
    api.database.execute("update core.refunds set replaced_by = null")

    said = _again(api)

    assert "1 failed refunds had been queued again by hand" in said
    assert _books(api) == before
    assert violations(api.database) == []


def test_a_status_that_was_wrong_is_corrected_and_written_down(api: Api, tenant: Tenant) -> None:
    """A change like any other: a new version, and a line of its history."""
    offer = tenant.offer(amount=2000)
    checkout = api.checkout(api.hold(offer))
    api.settle(checkout, "paid", amount_total=1000)
    api.database.execute(
        "set session_replication_role = replica;"
        " update core.bookings set payment_status = 'unpaid';"
        " update audit.booking_events set to_payment_status = 'unpaid' where version = 3"
    )

    said = _again(api)

    assert said[-1] == "1 bookings said something else of their money"
    assert checkout.held.row.payment_status == "paid"
    newest = "select * from audit.booking_events order by version desc limit 1"
    written = api.database.one(newest)
    assert (written.actor_role, written.from_payment_status, written.to_payment_status) == (
        *("migration", "unpaid", "paid"),
    )
    assert written.reason == "derived from its payments and refunds"
    assert violations(api.database) == []
