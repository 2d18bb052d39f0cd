"""api.release_hold: release a held time before it is paid."""

from datetime import timedelta
from uuid import uuid4

from tests.harness.clients.calls import Api, refused
from tests.harness.database.builders import Tenant


def test_a_held_time_is_free_at_once(api: Api, tenant: Tenant) -> None:
    """Without a payable checkout, the time is free in the same transaction."""
    held = api.hold(tenant.offer())

    answer = api.call("release_hold", held.actor, held.id, None)

    assert (answer["released"], answer["effect"]) == (True, None)
    assert (answer["booking"]["status"], held.occupies) == ("expired", False)


def test_releasing_twice_is_one_release(api: Api, tenant: Tenant) -> None:
    """The repeat gets the same answer and writes nothing."""
    held = api.hold(tenant.offer())

    answers = [api.call("release_hold", held.actor, held.id, None) for _ in range(2)]

    assert answers[0] == answers[1]


def test_a_payable_checkout_is_closed_first(api: Api, tenant: Tenant) -> None:
    """The time is kept, and the answer contains the leased effect that closes the checkout."""
    checkout = api.checkout(api.hold(tenant.offer()))

    answer = api.call("release_hold", checkout.held.actor, checkout.held.id, None)
    again = api.call("release_hold", checkout.held.actor, checkout.held.id, None)

    effect = answer["effect"]
    assert (answer["released"], again["released"]) == (False, False)
    assert checkout.held.occupies
    assert effect["kind"] == "expire_session"
    assert effect["checkout"]["session_id"] == checkout.session_id
    assert again["effect"] is None  # the caller has leased it
    assert checkout.row.close_reason == "released"


def test_the_providers_answer_releases_the_time(api: Api, tenant: Tenant) -> None:
    """Once Stripe says that it cannot be paid any more, the time is free."""
    checkout = api.checkout(api.hold(tenant.offer()))
    answer = api.call("release_hold", checkout.held.actor, checkout.held.id, None)

    finished = api.finish(answer["effect"], "done", outcome="expired", session=checkout.session())

    reason = "select reason from audit.booking_events order by version desc limit 1"
    assert finished["result"] == "released"
    assert (checkout.held.row.status, checkout.held.occupies) == ("expired", False)
    assert api.database.value(reason) == "released by the customer"


def test_a_delayed_payment_forbids_the_release(api: Api, tenant: Tenant) -> None:
    """KHSTA while a delayed method's result is awaited: the money may still come."""
    checkout = api.checkout(api.hold(tenant.offer()))
    api.settle(checkout, "pending")

    refusal = refused(lambda: api.call("release_hold", checkout.held.actor, checkout.held.id, None))

    assert refusal.sqlstate == "KHSTA"
    assert refusal.hint == "wait for its result: GET /v1/bookings/{booking_id}/confirmation"


def test_a_confirmed_booking_is_no_hold(api: Api, tenant: Tenant) -> None:
    """KHSTA: a paid booking is cancelled, not released."""
    held = api.paid(tenant.offer()).held

    refusal = refused(lambda: api.call("release_hold", held.actor, held.id, None))

    assert refusal.sqlstate == "KHSTA"
    assert refusal.hint == "cancel a confirmed booking instead"
    assert held.occupies


def test_a_stale_screen_releases_nothing(api: Api, tenant: Tenant) -> None:
    """KHVER when the booking has changed since the version the client saw.

    Cases: D-4, E-7.1
    """
    held = api.hold(tenant.offer())
    api.begin(held)

    refusal = refused(lambda: api.call("release_hold", held.actor, held.id, 1))

    assert refusal.sqlstate == "KHVER"
    assert refusal.message == "the current version is 2, not 1"


def test_a_hold_that_ran_out_can_be_released(api: Api, tenant: Tenant) -> None:
    """Past its deadline but not swept yet: the release expires it."""
    held = api.hold(tenant.offer())
    api.database.clock.advance(timedelta(minutes=6))

    answer = api.call("release_hold", held.actor, held.id, None)

    assert answer["released"] is True


def test_an_unknown_booking_is_not_found(api: Api, tenant: Tenant) -> None:
    """KHNTF with the advice to send the booking's secret."""
    refusal = refused(lambda: api.call("release_hold", tenant.actor("secret"), uuid4(), None))

    assert refusal.sqlstate == "KHNTF"
    assert refusal.hint is None  # the error has the hint
