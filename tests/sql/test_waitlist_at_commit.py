"""The waitlist is served when the transaction that frees a time commits, by the trigger
occupancies_900_serve_waitlist.

Cases: E-5.1, E-5.2
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.clients.calls import Api, call, refused
from tests.harness.clients.carts import hold_cart, period
from tests.harness.clients.waiting import Place, wait_for
from tests.harness.database import guardless
from tests.harness.database.builders import NOW, Offer, Tenant
from tests.harness.laws.invariants import violations

HOUR = timedelta(hours=1)
STALE = timedelta(minutes=6)
TEN = NOW + 2 * HOUR
SETTINGS = ("tenant_id", "actor_role", "actor_key_id", "request_id", "reason")


@pytest.fixture
def offer(tenant: Tenant) -> Offer:
    """One room, an hour at a time."""
    return tenant.offer()


def lines_of_two_tenants(api: Api) -> list[Place]:
    """Expired holds of two tenants, and one entry waiting for each."""
    offers = [Tenant(api.database).offer() for _ in range(2)]
    for offer in offers:
        api.hold(offer, TEN)
    places = [wait_for(api, offer, TEN) for offer in offers]
    api.database.clock.advance(STALE)
    return places


def test_each_tenants_line_is_served(api: Api) -> None:
    """One sweep frees times of two tenants; when it commits, each is offered to its own line."""
    places = lines_of_two_tenants(api)

    api.call("expire_holds", 10)

    assert [place.state for place in places] == ["offered", "offered"]
    assert violations(api.database) == []


def test_twin_serves_the_last_tenant_alone(api: Api) -> None:
    """Without the tenant of the row, the first tenant's line is not seen."""
    guardless.rewrite(
        api.database, "core.serve_waitlist", "old.tenant_id, 'sweep'", "v_tenant::uuid, 'sweep'"
    )
    places = lines_of_two_tenants(api)

    api.call("expire_holds", 10)

    assert sorted(place.state for place in places) == ["offered", "waiting"]


def actors(api: Api, place: Place) -> list[tuple[str, Any]]:
    """The actors of offers in the audit trail."""
    query = "select actor_role, actor_key_id from audit.booking_events where booking_id = %s"
    return [tuple(row) for row in api.database.rows(query, place.row.booking_id)]


def test_freeing_a_time_is_not_making_the_offer(api: Api, offer: Offer) -> None:
    """The audit trail of an offer does not name the customer or server that released the time."""
    held = api.hold(offer, TEN)
    place = wait_for(api, offer, TEN)

    api.call("release_hold", held.actor, held.id, None)

    assert set(actors(api, place)) == {("sweep", None)}


def test_twin_names_the_actor_of_the_release(api: Api, offer: Offer) -> None:
    """Without an actor of its own, the offer has the actor of the release."""
    guardless.rewrite(
        api.database,
        "core.serve_waitlist",
        "old.tenant_id, 'sweep', null",
        "old.tenant_id, v_role, v_key::uuid",
    )
    held = api.hold(offer, TEN)
    place = wait_for(api, offer, TEN)

    api.call("release_hold", held.actor, held.id, None)

    assert ("sweep", None) not in actors(api, place)


def test_the_settings_are_as_they_were(api: Api, offer: Offer) -> None:
    """Other triggers at commit find the tenant, the actor and the reason of the call."""
    held = api.hold(offer, TEN)
    place = wait_for(api, offer, TEN)
    connection = api.connection("release_hold")
    settings = "select array[{}]".format(
        ", ".join(f"current_setting('holdfast.{name}', true)" for name in SETTINGS)
    ).encode()

    with connection.transaction():
        call(connection, "release_hold", held.actor, held.id, None)
        before = connection.execute(settings).fetchone()
        connection.execute("set constraints all immediate")
        after = connection.execute(settings).fetchone()

    assert before is not None
    assert before[0][0] == str(offer.tenant.id)
    assert (after, place.state) == (before, "offered")


def test_all_that_a_transaction_frees_is_served(api: Api, tenant: Tenant) -> None:
    """Each period of a released cart goes to the first in line for it."""
    offers = [tenant.offer() for _ in range(3)]
    held = hold_cart(api, tenant, *(period(offer, TEN) for offer in offers))
    lines = [[wait_for(api, offer, TEN) for _ in range(2)] for offer in offers]

    api.call("release_hold", held.actor, held.id, None)

    assert [[place.state for place in line] for line in lines] == [["offered", "waiting"]] * 3
    assert violations(api.database) == []


def test_a_time_that_has_passed_is_not_served(api: Api, offer: Offer) -> None:
    """Deleting past bookings, as retention does, does not even look at the waitlist."""
    held = api.paid(offer, TEN).held
    place = wait_for(api, offer, TEN)
    api.database.clock.advance(4 * HOUR)
    looked = "select seq_scan + idx_scan from pg_stat_xact_user_tables where relname = 'waitlist'"

    with api.database.connect() as connection:
        before = connection.execute(looked).fetchone()
        connection.execute("delete from core.occupancies where booking_id = %s", (held.id,))
        connection.execute("set constraints all immediate")
        after = connection.execute(looked).fetchone()

    assert before == after
    assert place.state == "waiting"


# Requests for the time of an expired hold ---------------------------------------------------------


def stale(api: Api, offer: Offer, wish: Offer | None = None, **fields: Any) -> Place:
    """An expired hold, and an entry waiting for its start."""
    api.hold(offer, TEN)
    place = wait_for(api, wish or offer, TEN, **fields)
    api.database.clock.advance(STALE)
    return place


def test_a_waiting_customers_address_does_not_jump_the_queue(api: Api, offer: Offer) -> None:
    """A hold with the address of a waiting customer is refused too: otherwise it would show that
    this address waits, and any person can type it.
    """
    customer = {"name": "Emmy Noether", "email": "emmy@example.com"}
    place = stale(api, offer, customer=customer)

    assert refused(api.hold, offer, TEN, customer=customer).sqlstate == "KHTKN"
    api.call("expire_holds", 10)

    assert place.state == "offered"


@pytest.mark.parametrize(
    "spoil",
    [
        "update core.waitlist set ends_at = core.clock()",
        "update core.waitlist set starts_at = starts_at + interval '2 hours'",
    ],
    ids=["is over", "is for another time"],
)
def test_a_stranger_is_not_refused_without_need(api: Api, offer: Offer, spoil: str) -> None:
    """An entry that cannot have the freed time blocks no one."""
    stale(api, offer)
    api.database.execute(spoil)

    assert api.hold(offer, TEN).occupies


def test_what_does_not_fit_is_not_kept_for_a_longer_wish(api: Api, offer: Offer) -> None:
    """An entry for two hours, the second of which stays taken, does not block the first."""
    two_hours = offer.tenant.offering(offer.resource_id, duration_minutes=120)
    offer.tenant.price(two_hours)
    api.paid(offer, TEN + HOUR)
    stale(api, offer, replace(offer, offering_id=two_hours))

    assert api.hold(offer, TEN).occupies
