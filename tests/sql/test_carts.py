"""Carts: several periods held, paid and released as one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.harness.clients.calls import Api, Held, refused, utc
from tests.harness.clients.carts import cart, hold, hold_cart, period, places, rows, statuses
from tests.harness.database.builders import NOW, Tenant
from tests.harness.database.digests import digests
from tests.harness.laws.invariants import violations

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TEN = NOW + 2 * HOUR


def _three(api: Api, tenant: Tenant, **columns: Any) -> Held:
    """Three periods at two resources, for 45, 70 and 45 euros."""
    room = tenant.offer(amount=4500, **columns)
    tutor = tenant.offer(amount=7000)
    return hold_cart(
        api, tenant, period(room, TEN), period(tutor, TEN), period(room, TEN + 2 * HOUR)
    )


def _later(held: Held) -> Held:
    """The second booking of a cart."""
    answer = held.answer["bookings"][1]
    return Held(held.tenant, UUID(answer["id"]), held.secret, answer)


def test_all_periods_are_held_as_one(api: Api, tenant: Tenant) -> None:
    """The answer is the first booking, with all of them in order, one sum and one secret."""
    held = _three(api, tenant)

    answer = held.answer
    ids = [booking["id"] for booking in answer["bookings"]]
    assert ids[0] == answer["id"]
    assert answer["total"] == {"amount": 16000, "currency": "EUR"}
    assert [utc(booking["starts_at"]) for booking in answer["bookings"]] == [
        TEN,
        TEN,
        TEN + 2 * HOUR,
    ]
    assert [booking["cart"] for booking in answer["bookings"]] == [
        {"id": ids[0], "position": n, "booking_ids": ids} for n in (1, 2, 3)
    ]
    assert len(places(held)) == 3
    assert api.call("get_booking", _later(held).actor, ids[1])["id"] == ids[1]
    assert violations(api.database) == []


def test_a_single_period_is_no_cart(api: Api, tenant: Tenant) -> None:
    """One item is an ordinary hold; its answer has the same members."""
    held = hold_cart(api, tenant, period(tenant.offer(amount=4500), TEN))

    (booking,) = held.answer["bookings"]
    assert booking["cart"] is None
    assert held.answer["total"] == booking["price"] == {"amount": 4500, "currency": "EUR"}


def test_one_that_is_taken_refuses_all(api: Api, tenant: Tenant) -> None:
    """The refusal names each conflict with its own alternatives, and nothing has changed.

    Cases: E-5.2, D-1
    """
    room, tutor = tenant.offer(), tenant.offer()
    api.hold(room, TEN)
    api.hold(tutor, TEN + HOUR)
    before = digests(api.database)

    refusal = refused(
        hold_cart,
        api,
        tenant,
        period(room, TEN + 3 * HOUR),
        period(room, TEN),
        period(tutor, TEN + HOUR),
    )

    conflicts = refusal.detail["conflicts"]
    assert refusal.sqlstate == "KHTKN"
    assert [(each["item"], utc(each["starts_at"])) for each in conflicts] == [
        (2, TEN),
        (3, TEN + HOUR),
    ]
    assert refusal.detail["alternatives"] == conflicts[0]["alternatives"]
    assert utc(conflicts[0]["alternatives"][0]["starts_at"]) == TEN - HOUR
    assert digests(api.database) == before


def test_one_time_twice_is_refused(api: Api, tenant: Tenant) -> None:
    """The second request for the only unit conflicts with the first; its alternatives leave out
    both.
    """
    offer = tenant.offer()
    before = digests(api.database)

    refusal = refused(hold_cart, api, tenant, period(offer, TEN), period(offer, TEN))

    (conflict,) = refusal.detail["conflicts"]
    assert (refusal.sqlstate, conflict["item"]) == ("KHTKN", 2)
    assert TEN not in [utc(each["starts_at"]) for each in conflict["alternatives"]]
    assert digests(api.database) == before


def test_one_time_twice_takes_two_units(api: Api, tenant: Tenant) -> None:
    """With two units, a cart may have both."""
    offer = tenant.offer(capacity=2)

    held = hold_cart(api, tenant, period(offer, TEN), period(offer, TEN))

    assert [place.unit for place in places(held)] == [1, 2]


def test_limits_count_the_cart_itself(api: Api, tenant: Tenant) -> None:
    """Two periods of one day in one cart count as two of that day."""
    offer = tenant.offer(daily_limit=1)
    before = digests(api.database)

    refusal = refused(hold_cart, api, tenant, period(offer, TEN), period(offer, TEN + HOUR))

    assert (refusal.sqlstate, refusal.detail["items"]) == (
        "KHOFF",
        [{"item": 2, "starts_at": "2031-03-03T11:00:00Z", "reason": "daily_limit"}],
    )
    assert digests(api.database) == before


def test_a_limit_of_the_customer_refuses_all(api: Api, tenant: Tenant) -> None:
    """A limit that is checked only once the customer is known refuses the first period too."""
    room, tutor = tenant.offer(customer_limit=1), tenant.offer()
    server = tenant.actor("secret")
    api.hold(room, TEN + 4 * HOUR, actor=server)
    before = digests(api.database)

    refusal = refused(hold, api, tenant, cart(period(room, TEN), period(tutor, TEN)), actor=server)

    (item,) = refusal.detail["items"]
    assert (refusal.sqlstate, item["item"], item["reason"]) == ("KHOFF", 1, "customer_limit")
    assert digests(api.database) == before


def test_the_keys_of_a_cart_are_as_for_one(api: Api, tenant: Tenant) -> None:
    """A repeat gets the same cart; the key of another cart is refused."""
    offer = tenant.offer()
    first = hold_cart(api, tenant, period(offer, TEN), period(offer, TEN + HOUR), key="k")
    again = hold_cart(api, tenant, period(offer, TEN), period(offer, TEN + HOUR), key="k")

    other = refused(
        hold_cart, api, tenant, period(offer, TEN), period(offer, TEN + 3 * HOUR), key="k"
    )

    assert again.answer == first.answer
    assert other.sqlstate == "KHKEY"
    assert api.database.value("select count(*) from core.bookings") == 2


@pytest.mark.parametrize(
    ("prices", "count", "reason"),
    [
        (((4500, "EUR"), (4500, "GBP")), 1, "currencies_differ"),
        (((99_999_999, "EUR"), (50, "EUR")), 1, "total_too_large"),
        (((4500, "EUR"), (4500, "EUR")), 27, "too_many_periods"),
    ],
    ids=["currencies", "sum", "number"],
)
def test_what_cannot_be_paid_together_is_not_held(
    api: Api, tenant: Tenant, prices: Any, count: int, reason: str
) -> None:
    """One currency, a sum that a checkout allows, and at most 52 periods; otherwise nothing
    changes.
    """
    wishes = [
        period(tenant.offer(amount=amount, currency=currency), TEN) for amount, currency in prices
    ]
    before = digests(api.database)

    refusal = refused(hold_cart, api, tenant, *wishes * count)

    assert (refusal.sqlstate, refusal.detail) == ("KHCRT", {"reason": reason})
    assert digests(api.database) == before


def test_one_checkout_pays_for_all(api: Api, tenant: Tenant) -> None:
    """The page has a line for each period; once paid, all bookings are scheduled and paid."""
    held = _three(api, tenant)

    begun = api.begin(held)
    checkout = api.checkout(held)
    result = api.settle(checkout, "paid")

    lines = [line["price_data"] for line in begun["checkout"]["parameters"]["line_items"]]
    assert [line["unit_amount"] for line in lines] == [4500, 7000, 4500]
    assert lines[2]["product_data"]["description"] == "2031-03-03 12:00 (UTC)"
    assert checkout.row.amount == 16000
    assert result == "confirmed"
    assert [(row.status, row.payment_status) for row in rows(held)] == [("scheduled", "paid")] * 3
    assert violations(api.database) == []


def test_all_go_to_pay_together(api: Api, tenant: Tenant) -> None:
    """While its page is open, all periods are kept until the same moment."""
    held = _three(api, tenant)
    api.checkout(held)

    assert {(row.status, row.hold_expires_at) for row in rows(held)} == {
        ("paying", NOW + 36 * MINUTE)
    }
    told = api.call("get_confirmation", held.actor, _later(held).id)
    assert (told["status"], told["ask"] is not None) == ("processing", True)
    assert violations(api.database) == []


@pytest.mark.parametrize("act", ["pay", "release"])
def test_a_later_one_is_paid_and_released_through_the_first(
    api: Api, tenant: Tenant, act: str
) -> None:
    """The refusal names the first booking, and nothing changes."""
    held = _three(api, tenant)
    before = digests(api.database)

    if act == "pay":
        refusal = refused(api.begin, _later(held))
    else:
        refusal = refused(api.call, "release_hold", held.actor, _later(held).id, None)

    assert refusal.sqlstate == "KHSTA"
    assert str(held.id) in (refusal.hint or "")
    assert digests(api.database) == before


def test_releasing_frees_all(api: Api, tenant: Tenant) -> None:
    """Each of its times can be held again; releasing twice is releasing once."""
    held = _three(api, tenant)

    answer = api.call("release_hold", held.actor, held.id, None)
    again = api.call("release_hold", held.actor, held.id, None)

    assert (answer["released"], again["released"]) == (True, True)
    assert (statuses(held), places(held)) == (["expired"] * 3, [])
    assert violations(api.database) == []


def test_the_sweep_ends_all_at_once(api: Api, tenant: Tenant) -> None:
    """The sweep expires a whole cart, even when its batch has room for one booking."""
    held = _three(api, tenant)
    api.database.clock.advance(6 * MINUTE)

    swept = api.call("expire_holds", 1)

    assert swept["expired"] == 1
    assert (statuses(held), places(held)) == (["expired"] * 3, [])
    assert violations(api.database) == []


def test_a_hold_of_one_time_expires_the_whole_stale_cart(api: Api, tenant: Tenant) -> None:
    """Before any sweep, a hold of one of its times succeeds, and the others are free."""
    held = _three(api, tenant)
    api.database.clock.advance(6 * MINUTE)
    last = held.answer["bookings"][2]

    request = {
        "resource_id": last["resource_id"],
        "offering_id": last["offering_id"],
        "starts_at": last["starts_at"],
        "tier": "standard",
        "package": "single",
    }
    taken = hold_cart(api, tenant, request)

    assert taken.occupies
    assert (statuses(held), places(held)) == (["expired"] * 3, [])
    assert violations(api.database) == []


def test_an_unpaid_checkout_ends_all(api: Api, tenant: Tenant) -> None:
    """When the session expires, every time is free."""
    held = _three(api, tenant)
    checkout = api.checkout(held)

    assert api.settle(checkout, "expired") == "released"
    assert (statuses(held), places(held)) == (["expired"] * 3, [])
    assert violations(api.database) == []


def test_a_delayed_payment_keeps_all(api: Api, tenant: Tenant) -> None:
    """While a payment is pending, no time of the cart is free before it begins."""
    held = _three(api, tenant)
    checkout = api.checkout(held)

    assert api.settle(checkout, "pending") == "pending"
    assert {row.hold_expires_at for row in rows(held)} == {TEN}
    assert api.settle(checkout, "paid") == "confirmed"
    assert statuses(held) == ["scheduled"] * 3
    assert violations(api.database) == []


def test_a_sweep_that_must_close_the_page_first_keeps_all(api: Api, tenant: Tenant) -> None:
    """Until the page is closed, the whole cart is kept."""
    held = _three(api, tenant)
    api.checkout(held)
    api.database.clock.advance(40 * MINUTE)

    swept = api.call("expire_holds", 10)

    assert (swept["closing"], swept["expired"]) == (1, 0)
    assert {row.hold_expires_at for row in rows(held)} == {NOW + 50 * MINUTE}
    assert violations(api.database) == []


def test_a_wrong_sum_goes_back(api: Api, tenant: Tenant) -> None:
    """The price of the first period alone does not pay for the cart."""
    held = _three(api, tenant)
    checkout = api.checkout(held)

    result = api.settle(checkout, "paid", amount_total=4500)

    assert result == "refunding"
    assert (statuses(held), places(held)) == (["expired"] * 3, [])
    assert {row.payment_status for row in rows(held)} == {"paid"}  # until the refund is on its way
    assert violations(api.database) == []


def test_a_late_payment_takes_all_times_again(api: Api, tenant: Tenant) -> None:
    """If all of them are still free, the whole cart is confirmed.

    Cases: D-2
    """
    held = _three(api, tenant)
    checkout = api.checkout(held)
    api.settle(checkout, "expired")

    assert api.settle(checkout, "paid") == "confirmed"
    assert statuses(held) == ["scheduled"] * 3
    assert len(places(held)) == 3
    assert violations(api.database) == []


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_late_payment_takes_all_times_or_none(api: Api, tenant: Tenant, lost: int) -> None:
    """If another customer has one of them, the money is refunded and the others stay free.

    Cases: D-2
    """
    held = _three(api, tenant)
    checkout = api.checkout(held)
    api.settle(checkout, "expired")
    gone = held.answer["bookings"][lost]
    taken = hold_cart(
        api,
        tenant,
        {
            name: gone[name]
            for name in ("resource_id", "offering_id", "tier", "package", "starts_at")
        },
    )

    result = api.settle(checkout, "paid")
    (effect,) = api.claim()
    api.finish(effect, "done", status="succeeded", refund={"id": "re_1"})

    assert (result, effect["refund"]["amount"]) == ("refunding", 16000)
    assert effect["refund"]["reason"] == "time_lost"
    assert (statuses(held), places(held)) == (["expired"] * 3, [])
    assert taken.occupies
    assert [row.payment_status for row in rows(held)] == ["refunded"] * 3
    told = api.call("get_confirmation", held.actor, _later(held).id)
    assert (told["status"], told["reason"]) == ("refunded", "time_lost")
    assert violations(api.database, quiescent=True) == []


def test_a_time_that_was_closed_meanwhile_is_not_retaken(api: Api, tenant: Tenant) -> None:
    """A blackout of one period refuses the late payment of all of them.

    Cases: D-2
    """
    held = _three(api, tenant)
    checkout = api.checkout(held)
    api.settle(checkout, "expired")
    tenant.blackout(rows(held)[1].resource_id, TEN, TEN + HOUR)

    assert api.settle(checkout, "paid") == "refunding"
    assert (statuses(held), places(held)) == (["expired"] * 3, [])
    assert violations(api.database) == []


def test_a_cart_counts_by_its_periods(api: Api) -> None:
    """Limits count the periods, in however many requests."""
    tenant = Tenant(api.database, live_holds_per_customer=4)
    offer, server = tenant.offer(), tenant.actor("secret")
    for hour in (0, 2):
        periods = [period(offer, TEN + each * HOUR) for each in (hour, hour + 1)]
        hold(api, tenant, cart(*periods), actor=server)

    refusal = refused(api.hold, offer, TEN + 5 * HOUR, actor=server)

    assert refusal.sqlstate == "KHLIM"


def test_a_cart_is_judged_by_itself_too(api: Api, tenant: Tenant) -> None:
    """A browser's cart that alone exceeds a resource's limit per customer is refused."""
    room = tenant.offer(customer_limit=1)

    refusal = refused(hold_cart, api, tenant, period(room, TEN), period(room, TEN + 2 * HOUR))

    (item,) = refusal.detail["items"]
    assert (refusal.sqlstate, item["item"], item["reason"]) == ("KHOFF", 2, "customer_limit")
