"""api.create_hold: reserve a time while the customer pays."""

from datetime import timedelta
from typing import Any

import pytest

from tests.harness.clients.calls import Api, Refusal, refused, utc
from tests.harness.database.builders import NOW, Tenant, sha256
from tests.harness.database.concurrency import race, wait_until_blocked

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TEN = NOW + 2 * HOUR


def test_a_hold_owns_its_time_at_a_frozen_price(api: Api, tenant: Tenant) -> None:
    """The answer is the booking: held until the tenant's minutes have passed, priced, occupying.

    Cases: D-1, E-10.5
    """
    offer = tenant.offer(amount=4500, currency="EUR")

    held = api.hold(offer, TEN, notes="by the window")
    api.database.execute("update core.prices set amount = 9900")

    row = held.row
    assert held.answer["status"] == "held"
    assert utc(held.answer["starts_at"]) == TEN
    assert utc(held.answer["ends_at"]) == TEN + HOUR
    assert utc(held.answer["hold_expires_at"]) == NOW + 5 * MINUTE
    assert held.answer["price"] == {"amount": 4500, "currency": "EUR"}
    assert held.answer["notes"] == "by the window"
    assert held.answer["version"] == 1
    assert (row.amount, row.currency, row.rate_locked_at) == (4500, "EUR", NOW)
    assert row.client_secret_hash == sha256(held.secret)
    assert held.occupies


def test_a_hold_lasts_as_long_as_its_tenant_says(api: Api) -> None:
    """A hold expires after the tenant's `hold_minutes`."""
    tenant = Tenant(api.database, hold_minutes=12)

    held = api.hold(tenant.offer())

    assert utc(held.answer["hold_expires_at"]) == NOW + 12 * MINUTE


def test_the_database_sets_the_price_whatever_the_request_says(api: Api, tenant: Tenant) -> None:
    """A price in the request is never read.

    Cases: A-1, E-10.5, P-2
    """
    held = api.hold(tenant.offer(amount=4500), price={"amount": 1, "currency": "EUR"}, amount=1)

    assert held.answer["price"]["amount"] == 4500


def test_a_taken_time_is_refused_with_free_ones_nearby(api: Api, tenant: Tenant) -> None:
    """KHTKN carries at most five alternatives, nearest first, and each can be held.

    Cases: D-1, E-5.2
    """
    offer = tenant.offer()
    api.hold(offer, TEN)

    refusal = refused(lambda: api.hold(offer, TEN))

    alternatives = refusal.detail["alternatives"]
    starts = [utc(a["starts_at"]) for a in alternatives]
    assert refusal.sqlstate == "KHTKN"
    assert starts == [TEN - HOUR, TEN + HOUR, TEN + 1.5 * HOUR, TEN + 2 * HOUR, TEN + 2.5 * HOUR]
    for start in starts[:2]:
        assert api.hold(offer, start).occupies


@pytest.mark.parametrize("minutes", [-30, 0, 30])
def test_overlapping_times_exclude_each_other(api: Api, tenant: Tenant, minutes: int) -> None:
    """Any overlap is refused, not only equal times; times that only touch are not.

    Cases: D-1, P-1
    """
    offer = tenant.offer()
    api.hold(offer, TEN)

    refusal = refused(lambda: api.hold(offer, TEN + minutes * MINUTE))

    assert refusal.sqlstate == "KHTKN"
    assert api.hold(offer, TEN + HOUR).occupies
    assert api.hold(offer, TEN - HOUR).occupies


def test_buffers_are_frozen_into_the_occupied_range(api: Api, tenant: Tenant) -> None:
    """The buffers of when the time was held keep neighbours away.

    Cases: P-3
    """
    offer = tenant.offer(buffer_before_minutes=15, buffer_after_minutes=30)
    held = api.hold(offer, TEN)
    api.database.execute(
        "update core.resources set buffer_before_minutes = 0, buffer_after_minutes = 0"
    )

    too_near = [refused(api.hold, offer, TEN + s) for s in (HOUR, -HOUR)]
    far_enough = api.hold(offer, TEN + 1.5 * HOUR)

    during = api.database.value(
        "select during from core.occupancies where booking_id = %s", held.id
    )
    assert (during.lower, during.upper) == (TEN - 15 * MINUTE, TEN + 90 * MINUTE)
    assert [refusal.sqlstate for refusal in too_near] == ["KHTKN", "KHTKN"]
    assert far_enough.occupies


def test_capacity_is_the_number_of_units(api: Api, tenant: Tenant) -> None:
    """Capacity n takes n bookings of one time, always in the lowest free unit, and no more."""
    offer = tenant.offer(capacity=3)
    held = [api.hold(offer, TEN) for _ in range(3)]

    refusal = refused(lambda: api.hold(offer, TEN))

    units = api.database.rows("select unit from core.occupancies order by unit")
    assert refusal.sqlstate == "KHTKN"
    assert [unit for (unit,) in units] == [1, 2, 3]
    assert all(h.occupies for h in held)


def test_a_hold_that_ran_out_gives_way_at_once(api: Api, tenant: Tenant) -> None:
    """A hold of its time expires it, without waiting for a sweep."""
    offer = tenant.offer()
    stale = api.hold(offer, TEN)
    api.database.clock.advance(5 * MINUTE)

    fresh = api.hold(offer, TEN)

    assert (stale.row.status, stale.occupies) == ("expired", False)
    assert fresh.occupies


def test_a_paying_booking_never_gives_way(api: Api, tenant: Tenant) -> None:
    """A time is free only when no checkout for it can still be paid."""
    offer = tenant.offer()
    checkout = api.checkout(api.hold(offer, NOW + 26 * HOUR))
    api.database.clock.advance(timedelta(hours=3))

    refusal = refused(lambda: api.hold(offer, NOW + 26 * HOUR))

    assert refusal.sqlstate == "KHTKN"
    assert checkout.held.occupies


def test_a_repeat_answers_the_first_calls_booking(api: Api, tenant: Tenant) -> None:
    """One key has one effect; the repeat sees the booking as it now is.

    Cases: D-3
    """
    offer = tenant.offer()
    first = api.hold(offer, TEN, key="k-1")
    api.begin(first)

    second = api.hold(offer, TEN, key="k-1")

    assert second.id == first.id
    assert second.answer["status"] == "paying"
    assert api.database.value("select count(*) from core.bookings") == 1


def test_a_repeat_is_answered_even_when_its_time_is_gone(api: Api, tenant: Tenant) -> None:
    """The key is looked up before anything is checked: the first answer stays.

    Cases: D-3
    """
    offer = tenant.offer()
    first = api.hold(offer, TEN, key="k-1")
    api.database.clock.advance(3 * HOUR)

    assert api.hold(offer, TEN, key="k-1").id == first.id


@pytest.mark.parametrize(
    "other",
    [
        {"starts_at": TEN + HOUR},
        {"customer": {"name": "Ada", "email": "ada@example.com"}},
        {"notes": "x"},
    ],
    ids=["period", "payer", "notes"],
)
def test_a_key_stands_for_the_whole_request(
    api: Api, tenant: Tenant, other: dict[str, Any]
) -> None:
    """The same key with another resource, period or payer is refused, not replayed.

    Cases: D-3
    """
    offer = tenant.offer()
    first: dict[str, Any] = {"starts_at": TEN, "key": "k-1"}
    api.hold(offer, **first)

    refusal = refused(api.hold, offer, **first | other)

    assert refusal.sqlstate == "KHKEY"


def test_keys_of_tenants_are_apart(api: Api, tenant: Tenant) -> None:
    """Two tenants may use the same idempotency key."""
    mine, theirs = tenant.offer(), Tenant(api.database).offer()

    assert api.hold(mine, key="k-1").id != api.hold(theirs, key="k-1").id


def test_a_refused_hold_leaves_nothing(api: Api, tenant: Tenant) -> None:
    """One call is one transaction: a refused one leaves no key, customer or booking.

    Cases: E-1.7, E-8.2
    Proves: ASVS 2.3.3
    """
    offer = tenant.offer()

    refused(lambda: api.hold(offer, NOW - HOUR))

    for table in ("idempotency_keys", "customers", "bookings", "occupancies"):
        assert api.database.value(f"select count(*) from core.{table}") == 0


def test_a_whole_date_is_held_from_midnight_to_midnight(api: Api, tenant: Tenant) -> None:
    """The occupied range is the date in the resource's zone; the neighbouring date stays free.

    Cases: D-5
    """
    offer = tenant.offer(duration=None, timezone="America/New_York")

    held = api.hold(offer, date="2031-03-09")  # the clocks go forward: 23 hours
    refusal = refused(lambda: api.hold(offer, date="2031-03-09"))
    after = api.hold(offer, date="2031-03-10")

    length = utc(held.answer["ends_at"]) - utc(held.answer["starts_at"])
    assert held.answer["date"] == "2031-03-09"
    assert length == 23 * HOUR
    assert [a["date"] for a in refusal.detail["alternatives"]][:2] == ["2031-03-10", "2031-03-08"]
    assert after.answer["starts_at"] == held.answer["ends_at"]


def test_a_customers_record_is_not_changed_by_a_booking(api: Api, tenant: Tenant) -> None:
    """One e-mail address is one customer in any case of letters; each booking keeps its own
    name.
    """
    offer = tenant.offer()
    first = api.hold(offer, TEN, customer={"name": "Grace", "email": "G@Example.com"})
    second = api.hold(offer, TEN + HOUR, customer={"name": "Someone", "email": "g@example.com"})

    customer = api.database.one("select * from core.customers")

    assert (customer.name, customer.email) == ("Grace", "g@example.com")
    assert first.answer["customer"]["name"] == "Grace"
    assert second.answer["customer"]["name"] == "Someone"


def test_a_busy_day_is_not_waited_for_longer_than_3_s(api: Api, tenant: Tenant) -> None:
    """55P03 after the function's lock_timeout; another day of the resource is not affected."""
    offer = tenant.offer()
    with api.database.connect() as busy:
        busy.execute(
            "select core.lock_days(%s, tstzrange(%s, %s))",
            (offer.resource_id, TEN, TEN + HOUR),
        )

        other_day = api.hold(offer, TEN + 24 * HOUR)
        refusal = refused(lambda: api.hold(offer, TEN))

    assert refusal.sqlstate == "55P03"
    assert other_day.occupies


def test_the_rules_are_judged_after_the_wait_for_the_lock(api: Api, tenant: Tenant) -> None:
    """The clock is read under the lock: a notice that passes in the queue counts.

    Cases: E-6.3
    Proves: ASVS 15.4.2
    """
    offer = tenant.offer(notice_minutes=119)
    pid = api.connection("create_hold").info.backend_pid
    with api.database.connect() as busy:
        busy.execute(
            "select core.lock_days(%s, tstzrange(%s, %s))", (offer.resource_id, TEN, TEN + HOUR)
        )

        def let_go() -> None:
            wait_until_blocked(api.database, pid)
            api.database.clock.advance(2 * MINUTE)
            busy.commit()

        outcome, _ = race([lambda: refused(lambda: api.hold(offer, TEN)), let_go])

    assert isinstance(outcome, Refusal)
    assert (outcome.sqlstate, outcome.detail) == ("KHOFF", {"reason": "notice"})
