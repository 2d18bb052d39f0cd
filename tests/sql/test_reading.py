"""api.get_booking, api.list_bookings, api.get_confirmation and api.health."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.harness.clients.calls import ADDRESSES, Api, Held, refused, utc
from tests.harness.database.builders import NOW, Tenant

HOUR = timedelta(hours=1)


def test_a_booking_opens_with_its_secret_or_a_secret_key(api: Api, tenant: Tenant) -> None:
    """The customer with the booking's secret and the tenant's server see the same booking."""
    held = api.hold(tenant.offer())

    by_customer = api.call("get_booking", held.actor, held.id)
    by_server = api.call("get_booking", tenant.actor("secret"), held.id)

    assert [by_customer] == [by_server] == held.answer["bookings"]


def test_out_of_reach_looks_like_absent(api: Api, tenant: Tenant) -> None:
    """No secret, a wrong one, another booking's, another tenant's key, an unknown id: one answer.

    Cases: E-3.5
    """
    offer = tenant.offer(capacity=2)
    held, other = api.hold(offer), api.hold(offer)
    stranger = Tenant(api.database)

    refusals = {
        refused(api.call, "get_booking", actor, identifier)
        for actor, identifier in [
            (tenant.actor(), held.id),
            (tenant.actor(secret="bks_wrong"), held.id),
            (other.actor, held.id),
            (stranger.actor("secret"), held.id),
            (stranger.actor(secret=held.secret), held.id),
            (tenant.actor("secret"), uuid4()),
        ]
    }

    assert [r.sqlstate for r in refusals] == ["KHNTF"]


def test_bookings_are_paged_in_order_of_their_start(api: Api, tenant: Tenant) -> None:
    """Every booking is on exactly one page, also when several start at the same time.

    Cases: P-9
    """
    offer = tenant.offer(capacity=5)
    held = [api.hold(offer, NOW + n * HOUR) for n in (1, 2, 3) for _ in range(3)]

    pages, after = [], None
    while True:
        page = api.call("list_bookings", tenant.actor("secret"), {}, after, 4)
        pages.append(page["bookings"])
        after = page["next"]
        if after is None:
            break

    listed = [booking for page in pages for booking in page]
    starts = [(booking["starts_at"], booking["id"]) for booking in listed]
    assert [len(page) for page in pages] == [4, 4, 1]
    assert starts == sorted(starts)
    assert {b["id"] for b in listed} == {str(h.id) for h in held}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, {"one", "two", "three"}),
        ({"status": "paying"}, {"two"}),
        ({"starts_from": str(NOW + 2 * HOUR)}, {"two", "three"}),
        ({"starts_before": str(NOW + 3 * HOUR)}, {"one", "two"}),
        ({"starts_from": str(NOW + 2 * HOUR), "status": "held"}, {"three"}),
    ],
)
@pytest.mark.parametrize("by_resource", [False, True])
def test_filters_narrow_the_list(
    api: Api, tenant: Tenant, filters: dict[str, Any], expected: set[str], by_resource: bool
) -> None:
    """Each filter alone and together; starts_from is included, starts_before is not."""
    offer = tenant.offer()
    names = {
        str(api.hold(offer, NOW + n * HOUR, customer=_customer(name)).id): name
        for n, name in ((1, "one"), (2, "two"), (3, "three"))
    }
    api.hold(tenant.offer(), NOW + 2 * HOUR)  # of another resource
    two = next(i for i, name in names.items() if name == "two")
    api.call("begin_checkout", tenant.actor("secret"), two, "k", ADDRESSES, None)
    wanted = filters | ({"resource_id": str(offer.resource_id)} if by_resource else {})

    page = api.call("list_bookings", tenant.actor("secret"), wanted, None, 50)

    assert {names[b["id"]] for b in page["bookings"] if b["id"] in names} == expected
    assert not by_resource or len(page["bookings"]) == len(expected)


def test_browsers_do_not_list_bookings(api: Api, tenant: Tenant) -> None:
    """KHDEN for a publishable key."""
    refusal = refused(lambda: api.call("list_bookings", tenant.actor(), {}, None, 10))

    assert refusal.sqlstate == "KHDEN"
    assert refusal.message == "a publishable key cannot be used for this"


def test_the_confirmation_tells_what_has_become_of_a_booking(api: Api, tenant: Tenant) -> None:
    """held, processing, confirmed: the state follows the booking; ask names the session.

    Cases: E-2.8
    """
    held = api.hold(tenant.offer())
    told = [_confirmation(api, held)]
    checkout = api.checkout(held)
    told.append(_confirmation(api, held))
    api.settle(checkout, "paid")
    told.append(_confirmation(api, held))

    assert [(t["status"], t["ask"]) for t in told] == [
        ("held", None),
        ("processing", checkout.session_id),
        ("confirmed", None),
    ]


def test_the_confirmation_of_a_hold_that_ran_out(api: Api, tenant: Tenant) -> None:
    """Expired at its deadline, with or without a sweep.

    Cases: E-2.8
    """
    held = api.hold(tenant.offer())
    api.database.clock.advance(timedelta(minutes=5))

    unswept = _confirmation(api, held)["status"]
    api.call("expire_holds", 10)
    swept = _confirmation(api, held)["status"]

    assert [unswept, swept] == ["expired", "expired"]


def test_the_confirmation_of_money_on_its_way_back(api: Api, tenant: Tenant) -> None:
    """refunding while the refund is queued or pending, refunded once it succeeded, with the reason.

    Cases: D-2, E-2.8
    """
    offer = tenant.offer()
    checkout = api.checkout(api.hold(offer))
    api.settle(checkout, "expired")
    api.hold(offer)
    api.settle(checkout, "paid")

    told = [_confirmation(api, checkout.held)]
    (effect,) = api.claim()
    api.finish(effect, "done", status="pending", refund={"id": "re_1"})
    told.append(_confirmation(api, checkout.held))
    api.finish(effect, "done", status="succeeded", refund={"id": "re_1"})
    told.append(_confirmation(api, checkout.held))

    assert [t["status"] for t in told] == ["refunding", "refunding", "refunded"]
    assert {t["reason"] for t in told} == {"time_lost"}


def test_the_confirmation_needs_the_bookings_secret(api: Api, tenant: Tenant) -> None:
    """KHNTF without the booking's secret."""
    held = api.hold(tenant.offer())

    refusal = refused(lambda: api.call("get_confirmation", tenant.actor(), held.id))

    assert refusal.sqlstate == "KHNTF"


def test_health_tells_clock_and_schema(api: Api) -> None:
    """The database's clock and the newest migration; no key is needed.

    Cases: E-6.3
    """
    health = api.call("health")

    newest = "select max(substr(name, 12, 4)) from core.migrations where name ~ '^migrations/'"
    assert utc(health["now"]) == NOW
    assert health["schema_version"] == api.database.value(newest)


def _customer(name: str) -> dict[str, str]:
    return {"name": name, "email": f"{name}@example.com"}


def _confirmation(api: Api, held: Held) -> Any:
    return api.call("get_confirmation", held.actor, held.id)
