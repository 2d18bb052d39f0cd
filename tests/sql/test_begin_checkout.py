"""api.begin_checkout and api.attach_checkout: one payable session at a time."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.harness.clients.calls import ADDRESSES, Api, Held, refused, utc
from tests.harness.database.builders import NOW, Tenant

MINUTE = timedelta(minutes=1)
OTHER = {"success_url": "https://b.example/thanks"}


def test_a_checkout_prolongs_the_hold_past_its_session(api: Api, tenant: Tenant) -> None:
    """The session lasts 31 minutes; the time is kept 5 minutes longer than it can be paid."""
    held = api.hold(tenant.offer())

    answer = api.begin(held)

    assert answer["next"] == "create"
    assert answer["booking"]["status"] == "paying"
    assert utc(answer["checkout"]["session_expires_at"]) == NOW + 31 * MINUTE
    assert utc(answer["booking"]["hold_expires_at"]) == NOW + 36 * MINUTE


def test_the_row_holds_exactly_what_stripe_is_sent(api: Api, tenant: Tenant) -> None:
    """Sum and currency are the frozen ones; reference and metadata name the checkout.

    Cases: A-1, E-10.5
    """
    held = api.hold(
        tenant.offer(
            amount=4500, currency="JPY", timezone="Asia/Tokyo", opens="00:00", closes="24:00"
        )
    )

    checkout = api.begin(held)["checkout"]

    sent = checkout["parameters"]
    item = sent["line_items"][0]["price_data"]
    assert (item["unit_amount"], item["currency"]) == (4500, "jpy")
    assert item["product_data"] == {
        "name": "Session · Room",
        "description": "2031-03-03 19:00 (Asia/Tokyo)",
    }
    assert sent["client_reference_id"] == checkout["id"]
    assert sent["metadata"] == sent["payment_intent_data"]["metadata"]
    assert sent["metadata"]["checkout_id"] == checkout["id"]
    assert sent["expires_at"] == int((NOW + 31 * MINUTE).timestamp())
    assert sent["customer_email"] == "grace@example.com"


def test_a_repeat_carries_on_with_the_same_attempt(api: Api, tenant: Tenant) -> None:
    """A repeat with the same key gets the same row and the same parameters, byte for byte.

    Cases: E-2.6
    """
    held = api.hold(tenant.offer())

    first, second = api.begin(held, "k-1"), api.begin(held, "k-1")

    assert first["checkout"] == second["checkout"]
    assert second["next"] == "create"


def test_two_tabs_get_the_same_session(api: Api, tenant: Tenant) -> None:
    """Another key with the same addresses gets the session that is open.

    Cases: E-2.6
    """
    checkout = api.checkout(api.hold(tenant.offer()))

    answer = api.begin(checkout.held, "another-key")

    assert answer["next"] == "open"
    assert answer["checkout"]["session_id"] == checkout.session_id
    assert answer["checkout"]["session_url"] == f"https://pay.example/{checkout.session_id}"


def test_the_old_session_is_closed_before_another_is_made(api: Api, tenant: Tenant) -> None:
    """Other addresses need another session, which is made only once the old one cannot be paid.

    Cases: E-2.6
    """
    checkout = api.checkout(api.hold(tenant.offer()))

    told = api.begin(checkout.held, "k-2", **OTHER)
    result = api.finish(told["effect"], "done", outcome="expired", session=checkout.session())
    then = api.begin(checkout.held, "k-2", **OTHER)

    states = api.database.rows("select state from core.checkouts order by created_at, id")
    assert (told["next"], result["result"], then["next"]) == ("close", "unchanged", "create")
    assert told["effect"]["key"] == f"expire_session:{checkout.id}"
    assert [state for (state,) in states] == ["expired", "creating"]
    assert checkout.held.row.status == "paying"


def test_a_session_that_is_nearly_over_is_replaced(api: Api, tenant: Tenant) -> None:
    """A page that closes within two minutes is replaced by a new one."""
    checkout = api.checkout(api.hold(tenant.offer()))
    api.database.clock.advance(29.5 * MINUTE)

    assert api.begin(checkout.held)["next"] == "close"


@pytest.mark.parametrize("age", [5 * MINUTE, timedelta(hours=1)])
def test_a_hold_that_ran_out_is_not_paid(api: Api, tenant: Tenant, age: timedelta) -> None:
    """KHEXP at the deadline and after it, swept or not."""
    held = api.hold(tenant.offer())
    api.database.clock.advance(age)

    unswept = refused(lambda: api.begin(held))
    api.call("expire_holds", 10)
    swept = refused(lambda: api.begin(held))

    assert [unswept.sqlstate, swept.sqlstate] == ["KHEXP", "KHEXP"]
    assert unswept.hint == "hold a time again"


def test_what_is_being_released_is_not_paid(api: Api, tenant: Tenant) -> None:
    """KHEXP once the customer has released the hold, even while Stripe is still being asked."""
    checkout = api.checkout(api.hold(tenant.offer()))
    api.call("release_hold", checkout.held.actor, checkout.held.id, None)

    refusal = refused(lambda: api.begin(checkout.held))

    assert (refusal.sqlstate, refusal.message) == ("KHEXP", "the hold is being released")


def test_what_is_paid_is_not_paid_again(api: Api, tenant: Tenant) -> None:
    """KHSTA for a booking that is not waiting for a payment."""
    checkout = api.paid(tenant.offer())

    refusal = refused(lambda: api.begin(checkout.held))

    assert refusal.sqlstate == "KHSTA"
    assert refusal.hint == "see GET /v1/bookings/{booking_id}/confirmation"


def test_a_delayed_payment_is_waited_for(api: Api, tenant: Tenant) -> None:
    """KHSTA while a delayed payment is pending: otherwise two could be taken."""
    checkout = api.checkout(api.hold(tenant.offer()))
    api.settle(checkout, "pending")

    refusal = refused(lambda: api.begin(checkout.held))

    assert (refusal.sqlstate, refusal.message) == (
        "KHSTA",
        "a payment for the booking is in progress",
    )


def test_a_stale_screen_begins_nothing(api: Api, tenant: Tenant) -> None:
    """KHVER for a version that is not the booking's; a repeat of a success does not need it.

    Cases: D-4, E-7.1
    """
    held = api.hold(tenant.offer())

    first = _begin(api, held, "k-1", 1)
    repeat = _begin(api, held, "k-1", 1)
    refusal = refused(lambda: _begin(api, held, "k-2", 1))

    assert first["checkout"] == repeat["checkout"]
    assert refusal.sqlstate == "KHVER"


def test_a_key_stands_for_the_booking_and_the_addresses(api: Api, tenant: Tenant) -> None:
    """KHKEY when the key comes with other addresses; for another booking it is another key.

    Cases: D-3
    """
    offer = tenant.offer(capacity=2)
    one, other = api.hold(offer), api.hold(offer)
    first = api.begin(one, "k-1")["checkout"]["id"]

    refusal = refused(lambda: api.begin(one, "k-1", **OTHER))
    second = api.begin(other, "k-1")["checkout"]["id"]

    assert refusal.sqlstate == "KHKEY"
    assert second != first
    assert (one.row.status, other.row.status) == ("paying", "paying")


def test_a_refused_session_makes_room_for_the_next(api: Api, tenant: Tenant) -> None:
    """A checkout attached as null has failed for good; the hold continues."""
    held = api.hold(tenant.offer())
    first = api.begin(held)["checkout"]["id"]

    attached = api.call("attach_checkout", held.actor, held.id, UUID(first), None)
    then = api.begin(held)

    assert attached["checkout"]["state"] == "failed"
    assert (then["next"], held.row.status) == ("create", "paying")
    assert then["checkout"]["id"] != first


def test_attaching_twice_is_attaching_once(api: Api, tenant: Tenant) -> None:
    """What is recorded stays, whatever a later caller brings."""
    checkout = api.checkout(api.hold(tenant.offer()))
    late: list[dict[str, Any] | None] = [checkout.session(id="cs_test_late"), None]

    answers = [
        api.call("attach_checkout", checkout.held.actor, checkout.held.id, checkout.id, session)
        for session in late
    ]

    assert [a["checkout"]["session_id"] for a in answers] == [checkout.session_id] * 2
    assert {a["checkout"]["state"] for a in answers} == {"open"}


def test_a_checkout_of_another_booking_is_not_attached(api: Api, tenant: Tenant) -> None:
    """The checkout must be the booking's own."""
    offer = tenant.offer(capacity=2)
    mine, other = api.hold(offer), api.hold(offer)
    foreign = UUID(api.begin(other)["checkout"]["id"])

    api.call("attach_checkout", mine.actor, mine.id, foreign, {"id": "cs_test_x", "url": "x"})

    row = api.database.one("select * from core.checkouts where id = %s", foreign)
    assert (row.state, row.stripe_session_id) == ("creating", None)


def test_a_session_belongs_to_one_checkout(api: Api, tenant: Tenant) -> None:
    """The same session cannot be attached to two checkouts."""
    offer = tenant.offer(capacity=2)
    first = api.checkout(api.hold(offer))
    second = api.hold(offer)
    identifier = UUID(api.begin(second)["checkout"]["id"])

    refusal = refused(
        lambda: api.call("attach_checkout", second.actor, second.id, identifier, first.session())
    )

    assert refusal.constraint == "checkouts_stripe_session_unique"


def _begin(api: Api, held: Held, key: str, version: int) -> Any:
    return api.call("begin_checkout", held.actor, held.id, key, ADDRESSES, version)
