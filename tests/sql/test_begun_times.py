"""Money for a time that has begun is refunded, however it arrives, to the very second."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.harness.clients.calls import Api, Checkout, Held, refused, utc
from tests.harness.clients.carts import hold_cart, period, statuses
from tests.harness.database.builders import NOW, Offer, Tenant
from tests.harness.laws.invariants import violations

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TEN = NOW + 2 * HOUR
NOON = NOW + 4 * HOUR

JUST_BEFORE, AT, JUST_AFTER, LONG_AFTER = -timedelta(microseconds=1), 0 * SECOND, SECOND, 48 * HOUR


def _by_event(api: Api, page: Checkout, **session: Any) -> str:
    return api.settle(page, "paid", **session)


def _asked(api: Api, page: Checkout, **session: Any) -> str:
    """The confirmation page has asked Stripe."""
    return api.settle(page, "paid", event=False, **session)


def _by_the_outbox(api: Api, page: Checkout, **session: Any) -> str:
    """When the outbox closed the page, Stripe answered that it was paid."""
    (effect,) = api.claim()
    answer = api.finish(effect, "done", outcome="paid", session=page.session(**session))
    return str(answer["result"])


WAYS: dict[str, Callable[..., str]] = {
    "event": _by_event,
    "asked": _asked,
    "outbox": _by_the_outbox,
}


def _reasons(api: Api) -> list[str]:
    return [row.reason for row in api.database.rows("select reason from core.refunds")]


def _swept(api: Api, instant: datetime) -> tuple[int, int]:
    api.database.clock.set(instant)
    swept = api.call("expire_holds", 10)
    return swept["expired"], swept["closing"]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("delayed", [False, True], ids=["card", "delayed"])
@pytest.mark.parametrize("late", [AT, JUST_AFTER, LONG_AFTER], ids=["at", "after", "long after"])
def test_money_for_a_time_that_has_begun_goes_back(
    api: Api, tenant: Tenant, way: Callable[..., str], late: timedelta, delayed: bool
) -> None:
    """At the start or later, the booking expires and all of the money is refunded.

    Cases: D-2, E-6.3
    Proves: ASVS 2.3.1
    """
    page = api.checkout(api.hold(tenant.offer(), TEN))
    if delayed:
        api.settle(page, "pending")
    if way is _by_the_outbox:
        api.database.execute("update core.bookings set hold_expires_at = %s", TEN - MINUTE)
        _swept(api, TEN - MINUTE)
    api.database.clock.set(TEN + late)

    result = way(api, page)

    row = page.held.row
    assert (result, _reasons(api)) == ("refunding", ["time_lost"])
    assert (row.status, row.payment_status, page.held.occupies) == ("expired", "paid", False)
    told = api.call("get_confirmation", page.held.actor, page.held.id)
    assert (told["status"], told["reason"]) == ("refunding", "time_lost")
    assert violations(api.database) == []


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("early", [JUST_BEFORE, -MINUTE], ids=["just before", "a minute"])
def test_money_that_comes_before_the_start_confirms(
    api: Api, tenant: Tenant, way: Callable[..., str], early: timedelta
) -> None:
    """Up to the last microsecond before the start, a payment confirms.

    Cases: D-2, E-6.3
    """
    page = api.checkout(api.hold(tenant.offer(), TEN))
    api.database.clock.set(TEN + early)
    api.call("expire_holds", 10)

    result = way(api, page)

    assert (result, _reasons(api)) == ("confirmed", [])
    assert (page.held.row.status, page.held.occupies) == ("scheduled", True)
    assert violations(api.database) == []


@pytest.mark.parametrize("first", [0, 1], ids=["its first", "a later one"])
def test_of_a_cart_all_goes_back_once_any_period_has_begun(
    api: Api, tenant: Tenant, first: int
) -> None:
    """The whole cart is refunded, whichever of its periods begins first.

    Cases: D-2
    """
    offer = tenant.offer()
    wanted = [period(offer, TEN), period(offer, NOON)]
    held = hold_cart(api, tenant, *(wanted if first == 0 else reversed(wanted)))
    page = api.checkout(held)
    api.database.clock.set(TEN)

    result = api.settle(page, "paid")

    assert (result, statuses(held)) == ("refunding", ["expired"] * 2)
    assert [(r.amount, r.reason) for r in api.database.rows("select * from core.refunds")] == [
        (9000, "time_lost")
    ]
    assert violations(api.database) == []


@pytest.mark.parametrize("moved", ["sooner", "later"])
def test_a_difference_goes_back_once_either_time_has_begun(
    api: Api, tenant: Tenant, moved: str
) -> None:
    """The booking and its payment stay as they were; the difference is refunded.

    Cases: D-2
    """
    offer = tenant.offer()
    was, wanted = (NOON, TEN) if moved == "sooner" else (TEN, NOON)
    held = api.paid(offer, was).held
    api.database.execute("update core.prices set amount = amount + 1500")
    api.move(held, wanted)
    page = api.checkout(held)
    api.database.clock.set(TEN)

    result = api.settle(page, "paid", amount_total=1500)

    assert (result, held.row.status, held.row.starts_at) == ("refunding", "scheduled", was)
    assert _reasons(api) == ["time_lost"]
    assert violations(api.database) == []


def test_the_page_of_a_near_start_is_closed_before_it(api: Api, tenant: Tenant) -> None:
    """Stripe keeps a page open for at least half an hour; ours is closed two minutes before the
    start.

    Cases: D-2
    """
    held = api.hold(tenant.offer(), NOW + HOUR + 30 * MINUTE)
    start = NOW + HOUR + 30 * MINUTE
    api.database.clock.set(start - 20 * MINUTE)
    api.database.execute("update core.bookings set hold_expires_at = %s", start)
    begun = api.begin(held)
    page = Checkout(held, begun["checkout"]["id"], "cs_test_near")
    api.call("attach_checkout", held.actor, held.id, page.id, page.session())

    assert utc(begun["checkout"]["session_expires_at"]) == start - 2 * MINUTE
    assert utc(begun["booking"]["hold_expires_at"]) == start - 2 * MINUTE
    assert begun["checkout"]["parameters"]["expires_at"] == int((start + 11 * MINUTE).timestamp())
    assert _swept(api, start - 2 * MINUTE - SECOND) == (0, 0)
    assert _swept(api, start - 2 * MINUTE) == (0, 1)
    (effect,) = api.claim()
    assert (effect["kind"], effect["checkout"]["session_id"]) == ("expire_session", "cs_test_near")
    assert api.finish(effect, "done", outcome="expired", session=page.session())["result"] == (
        "released"
    )
    assert violations(api.database) == []


def test_a_page_that_cannot_be_closed_is_tried_again_at_the_start(api: Api, tenant: Tenant) -> None:
    """Until Stripe answers, the time stays taken; Stripe is asked again when it begins."""
    page = api.checkout(api.hold(tenant.offer(), TEN))
    closing = _swept(api, TEN - 4 * MINUTE)
    looked = page.held.row.hold_expires_at

    assert (closing, looked) == ((0, 1), TEN)
    assert _swept(api, TEN) == (0, 1)
    assert page.held.row.hold_expires_at == TEN + 10 * MINUTE
    assert page.held.occupies


@pytest.mark.parametrize("before", [5 * MINUTE - SECOND, MINUTE, 0 * SECOND, -SECOND])
def test_no_page_is_made_for_what_begins_at_once(
    api: Api, tenant: Tenant, before: timedelta
) -> None:
    """Within five minutes of the start a payment would be too late: 410, and nothing changes.

    Cases: D-2
    """
    held = api.hold(tenant.offer(), TEN)
    far = TEN + 2 * HOUR
    api.database.execute(
        "update core.bookings set hold_expires_at = %s, hold_limit_at = %s", far, far
    )
    api.database.clock.set(TEN - before)

    assert refused(api.begin, held).sqlstate == "KHEXP"
    assert api.database.value("select count(*) from core.checkouts") == 0


@pytest.mark.parametrize("moved", ["sooner", "later"])
def test_no_reschedule_waits_for_a_difference_that_cannot_be_paid(
    api: Api, tenant: Tenant, moved: str
) -> None:
    """Within five minutes of either time a reschedule that costs more is refused and keeps no time;
    one that costs nothing is made up to the start.
    """
    offer = tenant.offer()
    was, wanted = (NOON, TEN) if moved == "sooner" else (TEN, NOON)
    held = api.paid(offer, was).held
    api.database.execute("update core.prices set amount = amount + 1500")
    api.database.clock.set(TEN - 5 * MINUTE + SECOND)

    assert refused(api.move, held, wanted).sqlstate == "KHSTA"
    assert api.database.value("select count(*) from core.occupancies") == 1
    api.database.execute("update core.prices set amount = amount - 1500")
    assert api.move(held, wanted)["change"] is None
    assert held.row.starts_at == wanted


def test_five_minutes_before_a_page_is_made(api: Api, tenant: Tenant) -> None:
    """A page can be made up to exactly five minutes before."""
    held = api.hold(tenant.offer(), TEN)
    far = TEN + 2 * HOUR
    api.database.execute(
        "update core.bookings set hold_expires_at = %s, hold_limit_at = %s", far, far
    )
    api.database.clock.set(TEN - 5 * MINUTE)

    begun = api.begin(held)

    assert utc(begun["checkout"]["session_expires_at"]) == TEN - 2 * MINUTE


def test_the_old_page_stays_when_no_new_one_can_be_made(api: Api, tenant: Tenant) -> None:
    """Within the last minutes, a request with other addresses does not close the open page."""
    page = api.checkout(api.hold(tenant.offer(), TEN))
    api.database.execute("update core.bookings set hold_limit_at = %s", TEN + 2 * HOUR)
    api.database.execute(
        "update core.checkouts set stripe_session_expires_at = %s", TEN - 2 * MINUTE
    )
    api.database.clock.set(TEN - 4 * MINUTE - 30 * SECOND)

    again = api.begin(page.held)
    elsewhere = refused(api.begin, page.held, cancel_url="https://b.example/")

    assert (again["next"], elsewhere.sqlstate) == ("open", "KHEXP")
    assert api.database.value("select count(*) from core.effects") == 0
    api.database.clock.set(TEN)
    # made by the previous release, and open beyond the start
    api.database.execute("update core.checkouts set stripe_session_expires_at = %s", TEN + HOUR)
    refusal = refused(api.begin, page.held)
    assert (refusal.sqlstate, "has begun" in refusal.message) == ("KHEXP", True)


def test_what_waits_for_a_delayed_payment_is_given_up_at_the_start(
    api: Api, tenant: Tenant
) -> None:
    """Stripe is asked once more before the start; then the booking expires, and later money is
    refunded.

    Cases: D-2, E-7.2
    """
    page = api.checkout(api.hold(tenant.offer(), TEN))
    api.settle(page, "pending")
    deadline = page.held.row.hold_expires_at

    assert deadline == TEN
    assert _swept(api, TEN - SECOND) == (0, 0)
    assert _swept(api, TEN) == (1, 0)
    assert (page.held.row.status, page.held.occupies) == ("expired", False)
    assert violations(api.database) == []
    assert api.settle(page, "pending") == "unchanged"
    assert api.settle(page, "paid") == "refunding"
    assert _reasons(api) == ["time_lost"]
    assert violations(api.database, quiescent=False) == []


def test_a_delayed_payment_that_fails_after_the_start_changes_nothing(
    api: Api, tenant: Tenant
) -> None:
    """The booking has expired already."""
    page = api.checkout(api.hold(tenant.offer(), TEN))
    api.settle(page, "pending")
    _swept(api, TEN)

    assert api.settle(page, "failed") == "unchanged"
    assert (page.row.state, page.held.row.status) == ("failed", "expired")
    assert violations(api.database, quiescent=True) == []


def test_a_result_is_asked_for_while_the_start_is_near(api: Api, tenant: Tenant) -> None:
    """However often the sweep runs, it never sets the deadline after the start.

    Cases: E-7.2
    """
    start = NOW + 50 * HOUR
    offer = tenant.offer(horizon_days=10)
    page = api.checkout(api.hold(offer, start))
    api.settle(page, "pending")
    deadlines = []
    for hours in (24, 47, 49):
        api.database.clock.set(NOW + hours * HOUR)
        api.call("expire_holds", 10)
        api.settle(page, "pending", event=False)
        deadlines.append(page.held.row.hold_expires_at)

    assert deadlines == [NOW + 48 * HOUR, start, start]


def _waiting_change(api: Api, tenant: Tenant, was: datetime, wanted: datetime) -> tuple[Held, Any]:
    held = api.paid(tenant.offer(), was).held
    api.database.execute("update core.prices set amount = amount + 1500")
    api.move(held, wanted)
    page = api.checkout(held)
    api.settle(page, "pending", amount_total=1500)
    return held, page


@pytest.mark.parametrize(("was", "wanted"), [(TEN, NOON), (NOON, TEN)])
def test_a_reschedule_with_a_delayed_payment_expires_at_the_first_start(
    api: Api, tenant: Tenant, was: datetime, wanted: datetime
) -> None:
    """The booking keeps its time, the new time is free, and the difference is refunded.

    Cases: D-2, E-7.2
    """
    held, page = _waiting_change(api, tenant, was, wanted)

    assert _swept(api, TEN - SECOND) == (0, 0)
    assert _swept(api, TEN) == (1, 0)
    assert api.database.value("select state from core.reschedules") == "expired"
    assert (held.row.status, held.row.starts_at) == ("scheduled", was)
    assert api.settle(page, "paid", amount_total=1500) == "refunding"
    assert violations(api.database) == []


def test_a_wrong_sum_for_a_begun_time_goes_back_as_such(api: Api, tenant: Tenant) -> None:
    """The reason of the refund is the one that a person must look into."""
    page = api.checkout(api.hold(tenant.offer(), TEN))
    api.database.clock.set(TEN)

    assert api.settle(page, "paid", amount_total=1) == "refunding"
    assert _reasons(api) == ["amount_mismatch"]
    assert violations(api.database) == []


def test_another_page_that_is_open_is_closed_before_the_booking_ends(
    api: Api, tenant: Tenant
) -> None:
    """Two open pages, which should not happen, and one was paid after the start: its money is
    refunded at once; the booking expires when the other can no longer be paid.

    Cases: E-2.6
    """
    offer: Offer = tenant.offer()
    first = api.checkout(api.hold(offer, TEN))
    api.database.execute("update core.checkouts set state = 'expired'")
    second = api.checkout(first.held, cancel_url="https://b.example/")
    api.database.clock.set(TEN)

    assert api.settle(first, "paid") == "refunding"
    assert first.held.row.status == "paying"
    assert _swept(api, TEN + HOUR) == (0, 1)
    assert api.settle(second, "expired") == "released"
    assert violations(api.database) == []
