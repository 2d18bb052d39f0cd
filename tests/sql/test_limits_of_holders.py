"""How many times one customer, or one network address, may hold without paying.

Cases: P-8
"""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.harness.builders import NOW, Offer, Tenant, sha256
from tests.harness.calls import Api, Held, refused
from tests.harness.invariants import violations
from tests.harness.waiting import wait_for

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
STARTS = [NOW + hours * HOUR for hours in range(1, 9)]
HOME = "203.0.113.7"


@pytest.fixture
def offer(api: Api) -> Offer:
    """A room of a tenant that allows three holds a customer, and four a network address."""
    tenant = Tenant(api.database, live_holds_per_customer=3, live_holds_per_address=4)
    return tenant.offer(capacity=20)


def customer(email: str) -> dict[str, str]:
    return {"name": "Grace", "email": email}


def hold_from(api: Api, offer: Offer, number: int, **actor: str) -> Held:
    """The hold of another customer from one address."""
    booking_id = uuid4()
    answer = api.call(
        "create_hold",
        offer.tenant.actor(**actor),
        f"key-{number}",
        booking_id,
        sha256(f"{number}"),
        offer.request(STARTS[0], customer=customer(f"{number}@example.com")),
    )
    return Held(offer.tenant, booking_id, f"{number}", answer)


def test_one_hold_more_than_allowed_is_refused(api: Api, offer: Offer) -> None:
    """The refusal says when the first hold ends; nothing was written.

    Proves: ASVS 2.3.2, API6:2023
    """
    for start in STARTS[:3]:
        api.hold(offer, start)
    api.database.clock.advance(MINUTE)

    refusal = refused(api.hold, offer, STARTS[3])

    assert (refusal.sqlstate, refusal.detail) == ("KHLIM", {"retry_after": 240})
    assert api.database.value("select count(*) from core.bookings") == 3
    assert api.database.value("select count(*) from core.idempotency_keys") == 3
    assert violations(api.database) == []


def test_a_tag_makes_nobody_another_person(api: Api, offer: Offer) -> None:
    """Upper case and tags after a plus reach the same mailbox; other names do not."""
    for email in ("ada@example.com", "Ada+2@Example.com", "ada+x+y@example.com"):
        api.hold(offer, STARTS[0], customer=customer(email))

    refusal = refused(api.hold, offer, STARTS[0], customer=customer("ada+3@example.com"))

    assert refusal.sqlstate == "KHLIM"
    assert api.hold(offer, STARTS[0], customer=customer("ada@example.org")).occupies


def test_what_ended_is_not_counted(api: Api, offer: Offer) -> None:
    """Paid, given back, run out: none of them is a hold any more, sweep or no sweep."""
    api.settle(api.checkout(api.hold(offer, STARTS[0])), "paid")
    released = api.hold(offer, STARTS[1])
    api.call("release_hold", released.actor, released.id, None)
    for start in STARTS[2:5]:
        api.hold(offer, start)
    api.database.clock.advance(5 * MINUTE)

    for start in STARTS[2:5]:
        assert api.hold(offer, start).occupies


def test_a_hold_that_is_being_paid_is_counted(api: Api, offer: Offer) -> None:
    """Also past its deadline: it keeps its time until Stripe has said what became of it."""
    for start in STARTS[:3]:
        api.checkout(api.hold(offer, start))
    api.database.clock.advance(40 * MINUTE)

    assert refused(api.hold, offer, STARTS[3]).sqlstate == "KHLIM"


def test_a_repeat_is_no_further_hold(api: Api, offer: Offer) -> None:
    """At the limit a request that succeeded is still answered.

    Cases: D-3
    """
    held = [api.hold(offer, start, key=f"key-{start:%H}") for start in STARTS[:3]]

    assert api.hold(offer, STARTS[2], key=f"key-{STARTS[2]:%H}").id == held[2].id


def test_an_address_is_limited_too(api: Api, offer: Offer) -> None:
    """Many names at one address: the fifth is refused, another address is not."""
    for number in range(4):
        hold_from(api, offer, number, address=HOME)

    refusal = refused(hold_from, api, offer, 4, address=HOME)

    assert refusal.sqlstate == "KHLIM"
    assert hold_from(api, offer, 5, address="203.0.113.8").occupies


def test_a_servers_address_is_not_limited(api: Api, offer: Offer) -> None:
    """A tenant's own server asks for all its customers."""
    for number in range(6):
        hold_from(api, offer, number, kind="secret", address=HOME)

    assert api.database.value("select count(address_hash) from core.bookings") == 0


def test_places_in_the_waitlist_count(api: Api, offer: Offer) -> None:
    """Waiting for everything is no way round: a place counts as the hold it may become."""
    api.database.execute("update core.resources set capacity = 1")
    for number, start in enumerate(STARTS[:4]):
        api.hold(offer, start, customer=customer(f"{number}@example.com"))
    ada = customer("ada@example.com")
    for start in STARTS[:3]:
        wait_for(api, offer, start, customer=ada)

    waiting = refused(wait_for, api, offer, STARTS[3], customer=ada)
    holding = refused(api.hold, offer, STARTS[4], customer=ada)

    assert (waiting.sqlstate, holding.sqlstate) == ("KHLIM", "KHLIM")


def test_an_offer_reaches_who_has_as_much_as_is_allowed(api: Api, offer: Offer) -> None:
    """The place becomes the hold: nobody is passed over for having others."""
    api.database.execute("update core.resources set capacity = 1")
    held = api.hold(offer, STARTS[0], customer=customer("bob@example.com"))
    ada = customer("ada@example.com")
    place = wait_for(api, offer, STARTS[0], customer=ada)
    for start in STARTS[1:3]:
        api.hold(offer, start, customer=ada)

    api.call("release_hold", held.actor, held.id, None)

    assert place.state == "offered"
    assert violations(api.database) == []


def test_tenants_do_not_share_a_limit(api: Api, offer: Offer) -> None:
    """A customer of two tenants has both limits.

    Cases: P-7
    """
    for start in STARTS[:3]:
        api.hold(offer, start)

    other = Tenant(api.database, live_holds_per_customer=1).offer()

    assert api.hold(other, STARTS[0]).occupies
