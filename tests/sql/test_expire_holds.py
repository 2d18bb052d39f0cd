"""api.expire_holds: expire what has passed its deadline, in small batches, by any number of
copies.
"""

from datetime import timedelta
from functools import partial

from tests.harness.clients.calls import Api, call
from tests.harness.database.builders import NOW, Tenant
from tests.harness.database.concurrency import race, wait_until_blocked

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def test_holds_end_at_their_deadline(api: Api, tenant: Tenant) -> None:
    """Not a moment before; then the time is free and the audit trail gives the reason."""
    held = api.hold(tenant.offer())
    api.database.clock.advance(5 * MINUTE - timedelta(microseconds=1))
    early = api.call("expire_holds", 10)
    api.database.clock.advance(timedelta(microseconds=1))

    swept = api.call("expire_holds", 10)

    event = api.database.one("select * from audit.booking_events order by version desc limit 1")
    assert early == {"expired": 0, "closing": 0, "more": False}
    assert swept == {"expired": 1, "closing": 0, "more": False}
    assert (held.row.status, held.occupies) == ("expired", False)
    assert (event.actor_role, event.reason) == ("sweep", "the hold ran out")


def test_a_batch_has_a_limit(api: Api, tenant: Tenant) -> None:
    """The oldest deadlines first, p_limit per call; `more` says whether to call again.

    Cases: E-7.2
    """
    offer = tenant.offer(capacity=5)
    held = []
    for _ in range(5):
        held.append(api.hold(offer))
        api.database.clock.advance(timedelta(seconds=1))
    api.database.clock.advance(5 * MINUTE)

    first = api.call("expire_holds", 2)
    after_first = [h.row.status for h in held]
    rest = [api.call("expire_holds", 2) for _ in range(2)]

    assert (first["expired"], first["more"]) == (2, True)
    assert after_first == ["expired", "expired", "held", "held", "held"]
    assert [(r["expired"], r["more"]) for r in rest] == [(2, True), (1, False)]


def test_holds_of_all_tenants_are_swept_each_under_its_own(api: Api, tenant: Tenant) -> None:
    """One call works across tenants; every audit row belongs to its booking's tenant."""
    tenants = [tenant, Tenant(api.database), Tenant(api.database)]
    held = [api.hold(t.offer()) for t in tenants]
    api.database.clock.advance(5 * MINUTE)

    swept = api.call("expire_holds", 10)

    events = api.database.rows(
        "select tenant_id, booking_id from audit.booking_events where to_status = 'expired'"
    )
    assert swept["expired"] == 3
    assert {tuple(e) for e in events} == {(h.tenant.id, h.id) for h in held}


def test_a_locked_booking_is_skipped(api: Api, tenant: Tenant) -> None:
    """A row that another transaction has locked is skipped, and comes next time.

    Cases: E-7.2
    """
    offer = tenant.offer(capacity=2)
    locked, free = api.hold(offer), api.hold(offer)
    api.database.clock.advance(5 * MINUTE)
    with api.database.connect() as busy:
        busy.execute("select from core.bookings where id = %s for update", (locked.id,))

        swept = api.call("expire_holds", 10)

    assert swept == {"expired": 1, "closing": 0, "more": False}
    assert (locked.row.status, free.row.status) == ("held", "expired")
    assert api.call("expire_holds", 10)["expired"] == 1


def test_copies_share_the_work(api: Api, tenant: Tenant) -> None:
    """Sweeps that run at once expire each hold once, and none of them fails.

    Cases: E-7.2
    """
    offer = tenant.offer(capacity=40)
    for _ in range(40):
        api.hold(offer)
    api.database.clock.advance(5 * MINUTE)
    sweepers = [api.database.connect("holdfast_expire_holds", autocommit=True) for _ in range(4)]

    outcomes = race([partial(call, c, "expire_holds", 40) for c in sweepers])
    for connection in sweepers:
        connection.close()

    once = (
        "select count(*) as events, count(distinct booking_id) as bookings"
        " from audit.booking_events where to_status = 'expired'"
    )
    assert sum(o["expired"] for o in outcomes if isinstance(o, dict)) == 40
    assert tuple(api.database.one(once)) == (40, 40)


def test_a_paying_booking_is_closed_at_the_provider_first(api: Api, tenant: Tenant) -> None:
    """Its time is kept; the outbox closes the checkout, and the result releases the time."""
    checkout = api.checkout(api.hold(tenant.offer()))
    api.database.clock.advance(36 * MINUTE)

    swept = api.call("expire_holds", 10)
    kept = checkout.held.occupies
    (effect,) = api.claim()
    finished = api.finish(effect, "done", outcome="expired", session=checkout.session())

    assert swept == {"expired": 0, "closing": 1, "more": False}
    assert kept
    assert effect["kind"] == "expire_session"
    assert checkout.row.close_reason == "deadline"
    assert finished["result"] == "released"
    assert (checkout.held.row.status, checkout.held.occupies) == ("expired", False)


def test_an_unreachable_provider_does_not_fill_every_batch(api: Api, tenant: Tenant) -> None:
    """A checkout that could not be closed is tried again after ten minutes, with the same
    effect.
    """
    checkout = api.checkout(api.hold(tenant.offer()))
    api.database.clock.advance(36 * MINUTE)

    swept = [api.call("expire_holds", 10)["closing"] for _ in range(2)]
    api.database.clock.advance(10 * MINUTE)
    swept.append(api.call("expire_holds", 10)["closing"])

    assert swept == [1, 0, 1]
    assert api.database.value("select count(*) from core.effects") == 1
    assert checkout.held.occupies


def test_a_checkout_without_a_session_is_closed_too(api: Api, tenant: Tenant) -> None:
    """After a crash before attach_checkout there is no session id: the effect looks for the
    session.
    """
    held = api.hold(tenant.offer())
    api.begin(held)
    api.database.clock.advance(36 * MINUTE)
    api.call("expire_holds", 10)

    (effect,) = api.claim()
    finished = api.finish(effect, "done", outcome="absent")

    assert effect["checkout"]["session_id"] is None
    assert finished["result"] == "released"
    assert (held.row.status, held.occupies) == ("expired", False)


def test_a_paying_booking_without_a_payable_checkout_is_expired(api: Api, tenant: Tenant) -> None:
    """When Stripe refused the last attempt for good, there is nothing to close."""
    held = api.hold(tenant.offer())
    checkout_id = api.begin(held)["checkout"]["id"]
    api.call("attach_checkout", held.actor, held.id, checkout_id, None)
    api.database.clock.advance(36 * MINUTE)

    swept = api.call("expire_holds", 10)

    assert swept["expired"] == 1
    assert not held.occupies


def test_a_hold_that_begins_its_checkout_meanwhile_is_not_expired(api: Api, tenant: Tenant) -> None:
    """A hold that waits for an expired hold's row checks it again before expiring it."""
    offer = tenant.offer()
    held = api.hold(offer)
    api.database.clock.set(NOW + 5 * MINUTE)
    pid = api.connection("create_hold").info.backend_pid
    with api.database.connect() as paying:
        paying.execute("select core.enter_tenant(%s, 'secret', null, null)", (tenant.id,))
        paying.execute("select core.new_checkout(b, null, 'a', 'b', false) from core.bookings as b")

        def commit() -> None:
            wait_until_blocked(api.database, pid)
            paying.commit()

        outcome, _ = race([lambda: api.hold(offer), commit])

    assert getattr(outcome, "sqlstate", None) == "KHTKN"
    assert held.row.status == "paying"
    assert held.occupies
