"""api.reschedule_booking: move a booking to another bookable time, at today's price."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.harness.clients.calls import Api, Held, refused, utc
from tests.harness.database.builders import NOW, Offer, Tenant, insert
from tests.harness.laws.invariants import violations

TEN, NOON, TWO = (NOW + timedelta(hours=hours) for hours in (2, 4, 6))


def price(offer: Offer, amount: int, currency: str = "EUR") -> None:
    """Set the price of the offering."""
    offer.tenant.database.execute(
        "update core.prices set amount = %s, currency = %s where offering_id = %s",
        *(amount, currency, offer.offering_id),
    )


def ranges(held: Held) -> list[tuple[int, datetime]]:
    """The times a booking owns: part, and start."""
    query = (
        "select part, lower(during) as at from core.occupancies where booking_id = %s order by 1"
    )
    return [(row.part, row.at) for row in held.tenant.database.rows(query, held.id)]


def everything(api: Api) -> list[Any]:
    """The rows that a refused reschedule must leave as they were."""
    tables = ("bookings", "occupancies", "reschedules", "refunds", "effects", "idempotency_keys")
    return [api.database.rows(f"select * from core.{table} order by 2") for table in tables]


def test_a_hold_is_rescheduled_at_its_new_price(api: Api, tenant: Tenant) -> None:
    """It keeps its deadline; the old time is free, and it now costs today's price.

    Cases: D-1, E-10.5
    """
    offer = tenant.offer()
    held = api.hold(offer, TEN)
    price(offer, 6000)

    moved = api.move(held, NOON)

    assert (moved["id"], utc(moved["starts_at"])) == (str(held.id), NOON)
    assert (moved["status"], moved["price"]["amount"], moved["change"]) == ("held", 6000, None)
    assert moved["hold_expires_at"] == held.answer["hold_expires_at"]
    assert ranges(held) == [(1, NOON)]
    assert api.hold(offer, TEN).id != held.id
    assert violations(api.database) == []


def test_a_paid_booking_is_rescheduled_at_once_for_the_same_price(api: Api, tenant: Tenant) -> None:
    """Nothing is charged or refunded, and the audit trail has the reason."""
    paid = api.paid(tenant.offer(), TEN).held

    moved = api.move(paid, NOON)

    trail = "select reason from audit.booking_events order by version desc limit 1"
    assert (moved["status"], moved["payment_status"]) == ("scheduled", "paid")
    assert ranges(paid) == [(1, NOON)]
    assert api.database.value(trail) == "moved to another time"
    assert api.database.value("select count(*) from core.refunds") == 0
    assert violations(api.database) == []


def test_it_may_overlap_its_own_old_time(api: Api, tenant: Tenant) -> None:
    """A booking does not block itself: half an hour later is free if only this booking overlaps."""
    paid = api.paid(tenant.offer(), TEN).held

    api.move(paid, TEN + timedelta(minutes=30))

    assert ranges(paid) == [(1, TEN + timedelta(minutes=30))]
    assert violations(api.database) == []


def test_what_costs_less_gives_the_difference_back(api: Api, tenant: Tenant) -> None:
    """One refund of exactly the difference is queued in the same transaction.

    Cases: E-10.5, E-2.3
    """
    offer = tenant.offer()
    paid = api.paid(offer, TEN).held
    price(offer, 3000)

    moved = api.move(paid, NOON)

    refund = api.database.one("select * from core.refunds")
    assert (refund.amount, refund.reason, refund.status) == (1500, "price_difference", "queued")
    assert (moved["price"]["amount"], moved["change"]) == (3000, None)
    assert violations(api.database) == []


def test_what_was_given_back_leaves_the_booking_paid(api: Api, tenant: Tenant) -> None:
    """Once the refund has succeeded, the payment that remains is the price: the booking is paid."""
    offer = tenant.offer()
    paid = api.paid(offer, TEN).held
    price(offer, 3000)
    api.move(paid, NOON)

    (effect,) = api.claim()
    api.finish(effect, "done", status="succeeded", refund={"id": "re_1"})

    assert paid.row.payment_status == "paid"
    assert violations(api.database, quiescent=True) == []


def test_what_costs_more_waits_with_both_times(api: Api, tenant: Tenant) -> None:
    """The booking stays; the new time is kept as long as a hold, and the difference is frozen.

    Cases: D-1, E-10.5
    """
    offer = tenant.offer()
    paid = api.paid(offer, TEN).held
    price(offer, 6000)

    moved = api.move(paid, NOON)

    change = moved["change"]
    assert (utc(moved["starts_at"]), moved["price"]["amount"]) == (TEN, 4500)
    assert (utc(change["starts_at"]), change["price"]["amount"]) == (NOON, 6000)
    assert change["difference"] == {"amount": 1500, "currency": "EUR"}
    assert utc(change["expires_at"]) == NOW + timedelta(minutes=5)
    assert ranges(paid) == [(1, TEN), (2, NOON)]
    assert {refused(api.hold, offer, at).sqlstate for at in (TEN, NOON)} == {"KHTKN"}
    assert violations(api.database) == []


def test_a_difference_too_small_to_be_paid_is_waived(api: Api, tenant: Tenant) -> None:
    """Below 50 minor units the booking is rescheduled at once, and keeps its price."""
    offer = tenant.offer()
    paid = api.paid(offer, TEN).held
    price(offer, 4549)

    moved = api.move(paid, NOON)

    assert (utc(moved["starts_at"]), moved["price"]["amount"]) == (NOON, 4500)
    assert violations(api.database) == []


def test_another_resource_that_has_the_offering(api: Api, tenant: Tenant) -> None:
    """The booking gets the other resource, with its buffers frozen; the old place is free.

    Cases: P-3
    """
    offer = tenant.offer(buffer_after_minutes=15)
    other = tenant.resource(buffer_before_minutes=30)
    tenant.hours(other)
    insert(
        api.database,
        "core.resource_offerings",
        tenant_id=tenant.id,
        resource_id=other,
        offering_id=offer.offering_id,
        booking_mode="slot",
    )
    paid = api.paid(offer, TEN).held

    moved = api.move(paid, NOON, resource_id=str(other))

    row = api.database.one("select * from core.occupancies")
    assert (moved["resource_id"], row.resource_id) == (str(other), other)
    assert (row.during.lower, row.during.upper) == (
        *(NOON - timedelta(minutes=30), NOON + timedelta(hours=1)),
    )
    assert violations(api.database) == []


def test_a_whole_date_is_rescheduled(api: Api, tenant: Tenant) -> None:
    """A booking by date is rescheduled to another date.

    Cases: D-5
    """
    offer = tenant.offer(duration=None)
    held = api.hold(offer, date="2031-03-05")

    moved = api.move(held, date="2031-03-06")

    assert (moved["date"], held.row.starts_at.day) == ("2031-03-06", 6)
    assert violations(api.database) == []


def test_free_cancellation_keeps_its_deadline(api: Api, tenant: Tenant) -> None:
    """Its deadline stays where the first booking put it.

    Cases: E-10.2
    """
    offer = tenant.offer()
    paid = api.paid(offer, TEN + timedelta(days=3)).held
    until = paid.row.free_cancel_until

    api.move(paid, TEN + timedelta(days=5))

    assert until == TEN + timedelta(days=2)
    assert paid.row.free_cancel_until == until


def test_a_group_member_joins_another_class(api: Api, tenant: Tenant) -> None:
    """The old seat is free, and the booking joins the existing class."""
    resource = tenant.resource()
    offering = tenant.offering(resource, group_size=2)
    tenant.price(offering)
    tenant.hours(resource)
    offer = Offer(tenant, resource, offering)
    stays, moves = api.paid(offer, TEN).held, api.paid(offer, NOON).held

    api.move(moves, TEN)

    query = "select class_id, seat from core.occupancies order by seat"
    seats = api.database.rows(query)
    assert len({row.class_id for row in seats}) == 1
    assert [row.seat for row in seats] == [1, 2]
    assert refused(api.hold, offer, TEN).sqlstate == "KHTKN"
    assert stays.occupies
    assert violations(api.database) == []


def test_repeating_with_the_key_reschedules_once(api: Api, tenant: Tenant) -> None:
    """A repeat gets the booking as it is, also after a further reschedule; another body is refused.

    Cases: D-3
    """
    paid = api.paid(tenant.offer(), TEN).held
    first = api.move(paid, NOON, key="one")

    again = api.move(paid, NOON, key="one")
    other = refused(api.move, paid, TWO, key="one")
    api.move(paid, TWO)
    late = api.move(paid, NOON, key="one")

    assert again == first
    assert other.sqlstate == "KHKEY"
    assert utc(late["starts_at"]) == TWO


def test_a_repeat_does_not_open_a_strangers_booking(api: Api, tenant: Tenant) -> None:
    """Without the booking's secret it is not found, whatever the key."""
    paid = api.paid(tenant.offer(), TEN).held
    api.move(paid, NOON, key="one")
    stranger = Held(tenant, paid.id, "bks_other", paid.answer)

    assert refused(api.move, stranger, NOON, key="one").sqlstate == "KHNTF"


# Refused, and nothing changed ---------------------------------------------------------------------


@pytest.mark.parametrize("state", ["paying", "delayed", "expired", "stale", "begun", "changing"])
def test_what_cannot_be_rescheduled(api: Api, tenant: Tenant, state: str) -> None:
    """A booking that is pending payment, is over or has begun; nor one with a pending reschedule.

    Cases: E-10.2
    """
    offer = tenant.offer()
    held = api.hold(offer, TEN)
    if state in ("paying", "delayed", "begun", "changing"):
        checkout = api.checkout(held)
    if state == "delayed":
        api.settle(checkout, "pending")
    if state in ("begun", "changing"):
        api.settle(checkout, "paid")
    if state == "changing":
        price(offer, 6000)
        api.move(held, NOON)
    if state == "expired":
        api.call("release_hold", held.actor, held.id, None)
    api.database.clock.set({"stale": NOW + timedelta(minutes=6), "begun": TEN}.get(state, NOW))
    before = everything(api)

    refusal = refused(api.move, held, TWO)

    assert refusal.sqlstate == ("KHEXP" if state in ("expired", "stale") else "KHSTA")
    assert everything(api) == before


@pytest.mark.parametrize(
    ("fields", "sqlstate"),
    [
        ({"starts_at": TEN}, "KHSTA"),  # it has this time
        ({"starts_at": TEN + timedelta(minutes=7)}, "KHOFF"),
        ({"starts_at": TEN - timedelta(days=1)}, "KHOFF"),
        ({"starts_at": TEN + timedelta(days=4000)}, "KHOFF"),
        ({"date": "2031-03-05"}, "KHOFF"),
        ({"starts_at": TWO}, "KHTKN"),  # another customer's
        ({"starts_at": NOON, "resource_id": str(uuid4())}, "KHNTF"),
        ({"starts_at": NOON, "version": 99}, "KHVER"),
    ],
)
def test_a_wish_that_cannot_be_met(
    api: Api, tenant: Tenant, fields: dict[str, Any], sqlstate: str
) -> None:
    """Each is refused with its reason, and nothing has changed.

    Cases: D-4, E-7.1
    """
    offer = tenant.offer()
    paid = api.paid(offer, TEN).held
    api.hold(offer, TWO)
    before = everything(api)

    assert refused(api.move, paid, **fields).sqlstate == sqlstate
    assert everything(api) == before


def test_a_taken_time_names_free_ones(api: Api, tenant: Tenant) -> None:
    """The refusal has alternatives; the booking's own old time counts as free for it.

    Cases: E-5.2
    """
    offer = tenant.offer()
    paid = api.paid(offer, TEN).held
    api.hold(offer, NOON)

    refusal = refused(api.move, paid, NOON)

    starts = [utc(one["starts_at"]) for one in refusal.detail["alternatives"]]
    assert refusal.sqlstate == "KHTKN"
    assert NOON + timedelta(hours=1) in starts


def test_a_resource_without_the_offering(api: Api, tenant: Tenant) -> None:
    """KHNTF: a booking keeps its offering."""
    paid = api.paid(tenant.offer(), TEN).held
    elsewhere: UUID = tenant.offer().resource_id

    assert refused(api.move, paid, NOON, resource_id=str(elsewhere)).sqlstate == "KHNTF"


def test_another_currency_is_refused(api: Api, tenant: Tenant) -> None:
    """A difference between two currencies could not be paid."""
    offer = tenant.offer()
    paid = api.paid(offer, TEN).held
    price(offer, 4500, "USD")

    assert refused(api.move, paid, NOON).sqlstate == "KHPRC"
    assert ranges(paid) == [(1, TEN)]


def test_limits_hold_for_reschedules(api: Api, tenant: Tenant) -> None:
    """A full day takes no booking from another day, and lets its own be rescheduled within it."""
    offer = tenant.offer(daily_limit=1)
    paid = api.paid(offer, TEN).held
    tomorrow = api.paid(offer, TEN + timedelta(days=1)).held

    refusal = refused(api.move, tomorrow, NOON)

    assert (refusal.sqlstate, refusal.detail["reason"]) == ("KHOFF", "daily_limit")
    assert utc(api.move(paid, NOON)["starts_at"]) == NOON
