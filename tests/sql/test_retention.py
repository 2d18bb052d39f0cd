"""api.delete_expired_records: deletes what is no longer needed, and nothing else."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.harness.clients import carts
from tests.harness.clients.calls import Api, Checkout, Held, call, refused
from tests.harness.database.builders import NOW, Tenant, insert, sha256

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)
GROWING = (
    "core.bookings",
    "core.checkouts",
    "core.customers",
    "core.effects",
    "core.idempotency_keys",
    "core.occupancies",
    "core.reschedules",
    "core.stripe_events",
    "core.waitlist",
    "audit.booking_events",
)
KINDS = ("places", "bookings", "customers", "requests", "events", "effects", "failures", "stuck")


def sweep(api: Api, limit: int = 100) -> dict[str, int]:
    """A whole run: how many rows of each kind were deleted, without zeros."""
    totals: Counter[str] = Counter()
    after: Any = None
    while True:
        swept = call(
            api.connection("delete_expired_records"), "delete_expired_records", after, limit
        )
        totals.update({kind: swept[kind] for kind in KINDS})
        after = swept["next"]
        if after is None:
            return {kind: n for kind, n in totals.items() if n}


def rows(api: Api) -> dict[str, int]:
    """How many rows each table that grows has, where it has any."""
    counted = {t: api.database.value(f"select count(*) from {t}") for t in GROWING}
    return {table: n for table, n in counted.items() if n}


def expired(api: Api, tenant: Tenant) -> Checkout:
    """A booking pending payment, whose session expired, as Stripe's event says."""
    checkout = api.checkout(api.hold(tenant.offer()))
    api.database.clock.advance(HOUR)
    api.call("expire_holds", 10)
    [effect] = api.claim()
    api.finish(effect, "done", outcome="expired", session=checkout.session())
    api.settle(checkout, "expired")
    assert checkout.held.row.status == "expired"
    return checkout


def wait(api: Api, held: Held, secret: str, email: str = "ada@example.com") -> UUID:
    """A waitlist entry for the time of a hold."""
    row = held.row
    request = {
        "resource_id": str(row.resource_id),
        "offering_id": str(row.offering_id),
        "starts_at": row.starts_at.isoformat(),
        "date": None,
        "tier": "standard",
        "package": "single",
        "customer": {"name": "Ada", "email": email},
    }
    place = api.call("join_waitlist", held.tenant.actor(), secret, uuid4(), sha256(secret), request)
    return UUID(place["id"])


def test_nothing_is_left_of_a_booking_that_was_never_paid(api: Api, tenant: Tenant) -> None:
    """Checkout, effects, events, request keys, history and customer are deleted; a count stays.

    Proves: ASVS 14.2.4, 15.2.2
    """
    expired(api, tenant)
    api.database.clock.advance(36 * DAY)

    swept = sweep(api)

    kept = api.database.rows(
        "select tenant_id, ended_on, reason, bookings from audit.deleted_bookings"
    )
    assert rows(api) == {}
    assert swept == {"bookings": 1, "customers": 1}
    assert kept == [(tenant.id, NOW.date(), "the checkout ran out unpaid", 1)]


def test_a_hold_goes_after_thirty_days_and_not_before(api: Api, tenant: Tenant) -> None:
    """Counted from when it expired."""
    api.hold(tenant.offer())
    api.database.clock.advance(6 * timedelta(minutes=1))
    api.call("expire_holds", 10)
    before = rows(api)
    api.database.clock.advance(30 * DAY)
    early, still = sweep(api), rows(api)
    api.database.clock.advance(INSTANT)

    swept = sweep(api)

    # the request was made six minutes before the hold expired
    assert early == {"requests": 1}
    assert still | {"core.idempotency_keys": 1} == before
    assert swept == {"bookings": 1, "customers": 1}
    assert rows(api) == {}


def test_a_cart_goes_as_a_whole(api: Api, tenant: Tenant) -> None:
    """All its bookings, and the count includes all of them."""
    offer = tenant.offer()
    wanted = carts.cart(*(carts.period(offer, NOW + h * HOUR) for h in (1, 2, 3)))
    held = carts.hold(api, tenant, wanted | {"customer": offer.request(NOW)["customer"]})
    api.call("release_hold", held.actor, held.id, None)
    api.database.clock.advance(31 * DAY)

    swept = sweep(api)

    assert swept == {"bookings": 3, "customers": 1}
    assert rows(api) == {}
    assert api.database.rows("select reason, bookings from audit.deleted_bookings") == [
        ("released by the customer", 3)
    ]


def test_a_hold_that_was_moved_goes_as_well(api: Api, tenant: Tenant) -> None:
    """Its moves are no reason to keep what was never paid."""
    held = api.hold(tenant.offer())
    api.move(held, NOW + 4 * HOUR)
    api.call("release_hold", held.actor, held.id, None)
    api.database.clock.advance(31 * DAY)

    swept = sweep(api)

    assert swept == {"bookings": 1, "customers": 1}
    assert rows(api) == {}


def test_what_was_paid_stays_for_ever(api: Api, tenant: Tenant) -> None:
    """Bookings, payments, history and customer; only request keys, events and other effects are
    deleted.
    """
    confirmed = api.paid(tenant.offer())
    late = expired(api, tenant)
    api.database.clock.set(NOW + 3 * HOUR)  # its time has begun
    assert api.settle(late, "paid") == "refunding"
    [effect] = api.claim()
    api.finish(effect, "done", status="succeeded", refund={"id": "re_1"})
    api.database.clock.advance(3000 * DAY)

    swept = sweep(api)

    assert set(swept) == {"requests", "events", "effects"}
    assert confirmed.held.row.status == "scheduled"
    assert late.held.row.payment_status != "unpaid"
    assert {e.kind for e in api.database.rows("select kind from core.effects")} == {
        "refund_payment"
    }
    assert api.database.value("select count(*) from core.payments") == 2
    assert api.database.value("select count(*) from core.checkouts") == 2
    assert api.database.value("select count(*) from core.customers") == 1
    assert rows(api)["audit.booking_events"] > 4
    assert api.database.rows("table audit.deleted_bookings") == []


@pytest.mark.parametrize(
    ("state", "stays"),
    [
        *(("creating", True), ("open", True), ("pending", True), ("paid", True)),
        *(("expired", False), ("failed", False)),
    ],
)
def test_a_checkout_that_may_still_be_paid_keeps_its_booking(
    api: Api, tenant: Tenant, state: str, stays: bool
) -> None:
    """However old: only an answer from Stripe ends a checkout."""
    checkout = expired(api, tenant)
    api.database.execute("update core.checkouts set state = %s", state)
    api.database.clock.advance(400 * DAY)

    swept = sweep(api)

    assert ("bookings" in swept) is not stays
    assert (
        bool(api.database.rows("select from core.bookings where id = %s", checkout.held.id))
        is stays
    )


def _payment(checkout: Checkout) -> None:
    insert(
        checkout.held.tenant.database,
        "core.payments",
        tenant_id=checkout.held.tenant.id,
        id=uuid4(),
        booking_id=checkout.held.id,
        checkout_id=checkout.id,
        payment_intent_id="pi_1",
        status="quarantined",
        amount=4500,
        currency="EUR",
        created_at=NOW,
        updated_at=NOW,
    )


def _finding(checkout: Checkout) -> None:
    insert(
        checkout.held.tenant.database,
        "core.findings",
        object_id="pi_1",
        kind="payment_missing",
        tenant_id=checkout.held.tenant.id,
        booking_id=checkout.held.id,
        amount=4500,
        currency="EUR",
        detail="Stripe has money that we do not have",
        first_seen_at=NOW,
        last_seen_at=NOW,
    )


def _pending(checkout: Checkout) -> None:
    checkout.held.tenant.database.execute("update core.effects set state = 'pending'")


def _dispute(checkout: Checkout) -> None:
    checkout.held.tenant.database.execute("update core.bookings set dispute_status = 'open'")


def _marked_paid(checkout: Checkout) -> None:
    checkout.held.tenant.database.execute("update core.bookings set payment_status = 'refunded'")


def _change(checkout: Checkout) -> None:
    checkout.held.tenant.database.execute(
        "insert into core.reschedules (tenant_id, id, booking_id, state, resource_id, starts_at,"
        " ends_at, buffer_before_minutes, buffer_after_minutes, amount, difference, currency,"
        " from_resource_id, from_starts_at, from_ends_at, calendar_unchecked, expires_at,"
        " created_at, updated_at)"
        " select tenant_id, gen_random_uuid(), id, 'pending', resource_id, starts_at, ends_at, 0,"
        " 0, amount + 500, 500, currency, resource_id, starts_at, ends_at, false,"
        " %s, %s, %s"
        " from core.bookings",
        *(NOW + HOUR, NOW, NOW),
    )


@pytest.mark.parametrize(
    "speaks_against", [_payment, _finding, _pending, _dispute, _marked_paid, _change]
)
def test_whatever_speaks_against_it_keeps_a_booking(
    api: Api, tenant: Tenant, speaks_against: Any
) -> None:
    """A payment, a finding of the daily comparison, something pending, a dispute, a change that
    waits to be paid."""
    checkout = expired(api, tenant)
    speaks_against(checkout)
    api.database.clock.advance(400 * DAY)

    swept = sweep(api)

    assert {"bookings", "customers", "stuck"} & set(swept) == set()
    assert checkout.held.row.status == "expired"
    assert api.database.value("select count(*) from core.checkouts") == 1
    assert rows(api)["audit.booking_events"] >= 3


def test_an_event_of_stripes_stays_for_thirty_five_days(api: Api, tenant: Tenant) -> None:
    """And so does its booking, if that was never paid: Stripe may repeat the event."""
    expired(api, tenant)
    api.database.clock.advance(35 * DAY)
    early = sweep(api)
    events = rows(api)["core.stripe_events"]
    api.database.clock.advance(INSTANT)

    swept = sweep(api)

    assert "bookings" not in early
    assert "events" not in early
    assert events == 1
    assert swept == {"bookings": 1, "customers": 1}


def test_a_failure_of_a_sweep_ends_a_month_after_its_last(api: Api, tenant: Tenant) -> None:
    """A failure that continues is tried at least once a day, so it is never that old."""
    api.database.execute(
        "insert into core.sweep_failures (tenant_id, sweep, row_id, sqlstate, retry_at, updated_at)"
        " values (%s, 'expire_holds', %s, 'XX000', %s, %s)",
        *(tenant.id, tenant.id, NOW, NOW),
    )
    api.database.clock.set(NOW + 30 * DAY)
    early = sweep(api)
    api.database.clock.advance(INSTANT)

    assert early == {}
    assert sweep(api) == {"failures": 1}


def test_an_event_of_a_paid_booking_goes_alone(api: Api, tenant: Tenant) -> None:
    """After the same time; the payment stays, and is the fence from then on."""
    checkout = api.paid(tenant.offer())
    api.database.clock.advance(35 * DAY)
    early = sweep(api)
    api.database.clock.advance(INSTANT)

    swept = sweep(api)

    assert early == {"requests": 2}
    assert swept == {"events": 1}
    assert api.settle(checkout, "paid") == "unchanged"


@pytest.mark.parametrize(
    ("column", "least"),
    [
        ("keep_unpaid_days", 30),
        ("keep_requests_days", 30),
        ("keep_waitlist_days", 30),
        ("keep_events_days", 35),
        ("secret_days", 30),
    ],
)
def test_no_tenant_keeps_less_than_the_least(
    api: Api, tenant: Tenant, column: str, least: int
) -> None:
    """The database enforces the least values of the settings."""
    update = f"update core.tenants set {column} = %s where id = %s"
    api.database.execute(update, least, tenant.id)

    refusal = refused(lambda: api.database.execute(update, least - 1, tenant.id))

    assert refusal.sqlstate == "23514"


def test_each_tenant_decides_for_itself(api: Api, tenant: Tenant) -> None:
    """Another tenant with longer settings is not affected."""
    other = Tenant(api.database, keep_unpaid_days=60, keep_requests_days=60)
    ours, theirs = api.hold(tenant.offer()), api.hold(other.offer())
    for held in (ours, theirs):
        api.call("release_hold", held.actor, held.id, None)
    api.database.clock.advance(45 * DAY)

    swept = sweep(api)

    assert swept == {"bookings": 1, "customers": 1}
    assert [b.id for b in api.database.rows("select id from core.bookings")] == [theirs.id]


def test_a_request_key_is_new_again_when_it_is_forgotten(api: Api, tenant: Tenant) -> None:
    """After that, a repeat is a new request."""
    offer = tenant.offer()
    first = api.hold(offer, NOW + 2 * HOUR, key="mine")
    api.call("release_hold", first.actor, first.id, None)
    api.database.clock.advance(31 * DAY)
    sweep(api)

    again = api.hold(offer, NOW + 31 * DAY + 2 * HOUR, key="mine")

    assert again.id != first.id


def test_places_that_ended_go_and_those_that_wait_stay(api: Api, tenant: Tenant) -> None:
    """With their customers, if nothing else of them is left."""
    held = api.paid(tenant.offer(horizon_days=90), NOW + 60 * DAY + 2 * HOUR).held
    left, waiting = wait(api, held, "left"), wait(api, held, "waiting", "bob@example.com")
    api.call("leave_waitlist", tenant.actor(secret="left"), left, None)
    api.database.clock.advance(31 * DAY)

    swept = sweep(api)

    assert swept == {"places": 1, "customers": 1, "requests": swept["requests"]}
    assert [w.id for w in api.database.rows("select id from core.waitlist")] == [waiting]
    names = {c.email for c in api.database.rows("select email from core.customers")}
    assert names == {"bob@example.com", "grace@example.com"}


def test_an_offer_that_lapsed_goes_with_its_place(api: Api, tenant: Tenant) -> None:
    """And so is the letter about it."""
    held = api.hold(tenant.offer())
    wait(api, held, "place")
    api.call("release_hold", held.actor, held.id, None)
    [letter] = api.claim()
    api.finish(letter, "done", message_id="m")
    api.database.clock.advance(2 * HOUR)
    api.call("expire_holds", 10)
    api.database.clock.advance(31 * DAY)

    swept = sweep(api)

    assert swept["bookings"] == 2
    assert rows(api) == {}


def test_small_batches_do_the_same(api: Api, tenant: Tenant) -> None:
    """One row per call; rows that must stay are skipped, and do not block those behind them."""
    stays = expired(api, tenant)
    _payment(stays)
    offer = tenant.offer()
    for _ in range(5):
        held = api.hold(offer, NOW + 3 * HOUR)
        api.call("release_hold", held.actor, held.id, None)
    api.database.clock.advance(400 * DAY)

    swept = sweep(api, limit=1)

    assert swept["bookings"] == 5
    assert [b.id for b in api.database.rows("select id from core.bookings")] == [stays.held.id]
    assert api.database.value("select bookings from audit.deleted_bookings") == 5


def test_what_something_else_refers_to_is_counted_and_stops_nothing(
    api: Api, tenant: Tenant
) -> None:
    """A table of a later version, unknown to the sweep: the other rows are deleted."""
    offer = tenant.offer()
    held = [api.hold(offer, NOW + h * HOUR) for h in (1, 2, 3)]
    for one in held:
        api.call("release_hold", one.actor, one.id, None)
    api.database.execute(
        "create table public.later (tenant_id uuid, booking_id uuid,"
        " foreign key (tenant_id, booking_id) references core.bookings (tenant_id, id));"
    )
    insert(api.database, "public.later", tenant_id=tenant.id, booking_id=held[1].id)
    api.database.clock.advance(31 * DAY)

    swept = sweep(api)

    assert (swept["bookings"], swept["stuck"]) == (2, 1)
    assert [b.id for b in api.database.rows("select id from core.bookings")] == [held[1].id]
    assert rows(api)["audit.booking_events"] == 2


def test_history_is_deleted_by_no_other_function(api: Api, tenant: Tenant) -> None:
    """Neither by a superuser nor by a function whose text merely contains the name."""
    api.hold(tenant.offer())
    api.database.execute(
        "create function public.forger() returns void language plpgsql as $$ begin"
        " /* PL/pgSQL function core.delete_booking( */"
        " delete from audit.booking_events; end $$"
    )

    by_hand = refused(lambda: api.database.execute("delete from audit.booking_events"))
    by_function = refused(lambda: api.database.execute("select public.forger()"))

    assert (by_hand.sqlstate, by_function.sqlstate) == ("KHAPP", "KHAPP")


def test_a_repeat_that_finds_the_key_but_not_its_booking_asks_again(
    api: Api, tenant: Tenant
) -> None:
    """The sweep may delete both between two statements: 40001 makes the caller repeat the call."""
    offer = tenant.offer()
    held = api.hold(offer, NOW + 2 * HOUR, key="mine")
    api.call("release_hold", held.actor, held.id, None)
    with api.database.connect(autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("delete from core.bookings")

    refusal = refused(lambda: api.hold(offer, NOW + 2 * HOUR, key="mine"))

    assert refusal.sqlstate == "40001"


def test_a_turn_with_nothing_to_do_ends(api: Api, tenant: Tenant) -> None:
    """However many tenants there are."""
    for _ in range(3):
        Tenant(api.database)

    assert sweep(api) == {}
    assert tenant.id
