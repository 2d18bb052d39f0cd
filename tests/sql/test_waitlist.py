"""The waitlist: a freed time is offered to those who wait for it, first come, first served.

Cases: E-5.1, E-5.2
"""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.harness.clients.calls import Api, Held, refused, utc
from tests.harness.clients.waiting import wait_for
from tests.harness.database.builders import NOW, Offer, Tenant
from tests.harness.laws.invariants import violations

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TEN = NOW + 2 * HOUR


@pytest.fixture
def offer(tenant: Tenant) -> Offer:
    """One room, an hour at a time."""
    return tenant.offer()


def release(api: Api, held: Held) -> Any:
    return api.call("release_hold", held.actor, held.id, None)


def sweep(api: Api) -> Any:
    return api.call("offer_waiting", 100)


# Joining ------------------------------------------------------------------------------------------


def test_a_taken_time_can_be_waited_for(api: Api, offer: Offer) -> None:
    """An entry shows how many wait before it, and owns no time."""
    api.hold(offer, TEN)

    first, second = wait_for(api, offer, TEN), wait_for(api, offer, TEN)

    assert (first.answer["state"], first.answer["position"]) == ("waiting", 1)
    assert (second.answer["state"], second.answer["position"]) == ("waiting", 2)
    assert api.database.value("select count(*) from core.occupancies") == 1


def test_a_free_time_is_not_waited_for(api: Api, offer: Offer) -> None:
    """A request to wait for a free time is refused, with the free period."""
    refusal = refused(wait_for, api, offer, TEN)

    assert refusal.sqlstate == "KHFRE"
    assert [utc(slot["starts_at"]) for slot in refusal.detail["alternatives"]] == [TEN]
    assert api.database.value("select count(*) from core.waitlist") == 0


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"starts_at": NOW - HOUR}, "past"),
        ({"starts_at": TEN + MINUTE}, "off_grid"),
        ({"starts_at": NOW + 12 * HOUR}, "closed"),
        ({"date": "2031-03-01"}, "closed"),
    ],
    ids=["past", "off the grid", "closed", "a day that is over"],
)
def test_a_time_that_is_not_offered_is_not_waited_for(
    api: Api, offer: Offer, wish: dict[str, Any], reason: str
) -> None:
    """Only what the rules allow can be waited for."""
    refusal = refused(wait_for, api, offer, **wish)

    assert (refusal.sqlstate, refusal.detail) == ("KHOFF", {"reason": reason})


def test_a_customer_waits_once_for_a_time(api: Api, offer: Offer) -> None:
    """A server's second entry for one customer is refused; after leaving, it is not. What browsers
    see: tests/sql/test_limits_of_holders.py.
    """
    grace = {"name": "Grace", "email": "grace@example.com"}
    server = offer.tenant.actor("secret")
    api.hold(offer, TEN)
    place = wait_for(api, offer, TEN, actor=server, customer=grace)

    refusal = refused(wait_for, api, offer, TEN, actor=server, customer=grace)
    api.call("leave_waitlist", place.actor, place.id, None)
    again = wait_for(api, offer, TEN, actor=server, customer=grace)

    assert refusal.constraint == "waitlist_once_per_customer"
    assert again.answer["position"] == 1


def test_a_repeat_answers_the_same_place(api: Api, offer: Offer) -> None:
    """One key is one entry; another request with it is refused.

    Cases: D-3
    """
    grace = {"name": "Grace", "email": "grace@example.com"}
    api.hold(offer, TEN)

    first = wait_for(api, offer, TEN, key="one", customer=grace)
    again = wait_for(api, offer, TEN, key="one", customer=grace)
    misuse = refused(wait_for, api, offer, TEN + HOUR, key="one", customer=grace)

    assert again.id == first.id
    assert misuse.sqlstate == "KHKEY"
    assert api.database.value("select count(*) from core.waitlist") == 1


# Offers -------------------------------------------------------------------------------------------


def test_the_longest_waiting_gets_the_released_time(api: Api, offer: Offer) -> None:
    """The release itself makes the offer: the entry's secret opens the new hold, a letter to its
    customer is queued, and a stranger finds the time taken.
    """
    held = api.hold(offer, TEN)
    first, second = wait_for(api, offer, TEN), wait_for(api, offer, TEN)

    release(api, held)

    offered = first.offer(api)
    (effect,) = api.claim()
    assert (first.state, second.state) == ("offered", "waiting")
    assert (offered.answer["status"], utc(offered.answer["starts_at"])) == ("held", TEN)
    assert utc(offered.answer["hold_expires_at"]) == NOW + 60 * MINUTE
    assert offered.answer["price"] == {"amount": 4500, "currency": "EUR"}
    assert (effect["kind"], effect["key"]) == ("notify_offer", f"notify_offer:{offered.id}")
    assert effect["offer"]["place_id"] == str(first.id)
    assert effect["offer"]["starts"] == "Monday, 3 March 2031, 10:00"
    assert refused(api.hold, offer, TEN).sqlstate == "KHTKN"
    assert violations(api.database) == []


def test_an_offer_that_is_paid_is_booked(api: Api, offer: Offer) -> None:
    """An offer is paid like any hold."""
    held = api.hold(offer, TEN)
    place = wait_for(api, offer, TEN)
    release(api, held)

    assert api.settle(api.checkout(place.offer(api)), "paid") == "confirmed"

    assert place.state == "booked"
    assert violations(api.database) == []


def test_an_offer_that_runs_out_goes_to_the_next(api: Api, offer: Offer) -> None:
    """When an offer expires, the next in line gets the time, and the first entry is over."""
    held = api.hold(offer, TEN)
    first, second = wait_for(api, offer, TEN), wait_for(api, offer, TEN)
    release(api, held)

    api.database.clock.advance(61 * MINUTE)
    api.call("expire_holds", 100)

    assert (first.state, second.state) == ("lapsed", "offered")
    assert violations(api.database) == []


def test_an_offer_that_is_turned_down_goes_to_the_next(api: Api, offer: Offer) -> None:
    """Leaving with an offer passes the time on; leaving twice is leaving once."""
    held = api.hold(offer, TEN)
    first, second = wait_for(api, offer, TEN), wait_for(api, offer, TEN)
    release(api, held)

    answers = [api.call("leave_waitlist", first.actor, first.id, None) for _ in range(2)]

    assert [answer["state"] for answer in answers] == ["left", "left"]
    assert second.state == "offered"
    assert violations(api.database) == []


def test_an_offer_that_is_being_paid_is_not_left(api: Api, offer: Offer) -> None:
    """Its checkout must be closed first, which releasing the hold does."""
    held = api.hold(offer, TEN)
    place = wait_for(api, offer, TEN)
    release(api, held)
    api.checkout(place.offer(api))

    assert refused(api.call, "leave_waitlist", place.actor, place.id, None).sqlstate == "KHSTA"
    assert place.state == "offered"


def test_a_hold_of_an_expired_holds_time_stands_in_line(api: Api, offer: Offer) -> None:
    """A stranger who asks for the time of an expired hold does not get it while others wait."""
    api.hold(offer, TEN)
    place = wait_for(api, offer, TEN)
    api.database.clock.advance(6 * MINUTE)

    assert refused(api.hold, offer, TEN).sqlstate == "KHTKN"
    sweep(api)

    assert place.state == "offered"
    assert violations(api.database) == []


def test_any_time_of_a_day_can_be_waited_for(api: Api, tenant: Tenant) -> None:
    """A day can be waited for when all of it is taken; any of it that is released is offered."""
    offer = tenant.offer(opens="09:00", closes="11:00", step_minutes=60)
    api.hold(offer, NOW + HOUR)
    ten = api.hold(offer, TEN)
    place = wait_for(api, offer, date="2031-03-03")

    release(api, ten)

    assert utc(place.offer(api).answer["starts_at"]) == TEN


def test_a_whole_date_can_be_waited_for(api: Api, tenant: Tenant) -> None:
    """A resource that is booked by date has waitlist entries for its dates.

    Cases: D-5
    """
    offer = tenant.offer(
        duration=None, opens="00:00", closes="24:00", timezone="Australia/Lord_Howe"
    )
    held = api.hold(offer, date="2031-04-06")
    place = wait_for(api, offer, date="2031-04-06")

    release(api, held)

    assert place.offer(api).answer["date"] == "2031-04-06"
    assert violations(api.database) == []


def test_a_longer_booking_frees_what_lies_within_it(api: Api, tenant: Tenant) -> None:
    """An entry waits for a period, which any booking that overlaps it may free, buffers included.

    Cases: P-3
    """
    offer = tenant.offer(buffer_after_minutes=30)
    held = api.hold(offer, TEN)
    place = wait_for(api, offer, TEN + HOUR)

    release(api, held)

    assert place.state == "offered"


def test_each_freed_unit_is_offered_once(api: Api, tenant: Tenant) -> None:
    """Of three who wait for a resource with two units, two get the two that are released."""
    offer = tenant.offer(capacity=2)
    held = [api.hold(offer, TEN) for _ in range(2)]
    places = [wait_for(api, offer, TEN) for _ in range(3)]

    for one in held:
        release(api, one)

    assert [place.state for place in places] == ["offered", "offered", "waiting"]
    assert violations(api.database) == []


def test_stale_holds_on_several_units_are_offered_in_order(api: Api, tenant: Tenant) -> None:
    """Expiring one hold may expire others too: each goes to another entry in line."""
    offer = tenant.offer(capacity=3)
    for _ in range(3):
        api.hold(offer, TEN)
    places = [wait_for(api, offer, TEN) for _ in range(4)]
    api.database.clock.advance(6 * MINUTE)

    sweep(api)

    assert [place.state for place in places] == ["offered", "offered", "offered", "waiting"]
    assert api.database.value("select count(*) from core.effects where kind = 'notify_offer'") == 3
    assert violations(api.database) == []


def test_the_sweep_of_holds_frees_each_once(api: Api, tenant: Tenant) -> None:
    """Two expired together, and freeing the first freed the second, which was offered: it is not
    freed again.

    The simulation found it: seed 2000 of 21 November 2026.
    """
    offer = tenant.offer(capacity=2)
    held = [api.hold(offer, TEN) for _ in range(2)]
    wait_for(api, offer, TEN)
    api.database.clock.advance(16 * MINUTE)

    api.call("expire_holds", 100)

    trail = (
        "select to_status from audit.booking_events where booking_id = any (%s) order by version"
    )
    events = api.database.rows(trail, [each.id for each in held])
    assert [event.to_status for event in events] == ["held", "held", "expired", "expired"]
    assert violations(api.database) == []


def test_what_is_not_sold_any_more_is_not_offered(api: Api, offer: Offer) -> None:
    """An entry for an archived offering waits, and the next in line is served.

    Cases: E-8.1
    """
    held = api.hold(offer, TEN)
    place = wait_for(api, offer, TEN)
    api.database.execute("update core.offerings set archived_at = core.clock()")

    release(api, held)

    assert place.state == "waiting"


def test_a_changed_price_is_the_price_of_the_offer(api: Api, offer: Offer) -> None:
    """The price is frozen when the offer is made.

    Cases: E-10.5
    """
    held = api.hold(offer, TEN)
    place = wait_for(api, offer, TEN)
    api.database.execute("update core.prices set amount = 5000")

    release(api, held)

    assert place.offer(api).answer["price"]["amount"] == 5000


# The sweep ----------------------------------------------------------------------------------------


def test_the_sweep_offers_what_became_free_in_another_way(api: Api, offer: Offer) -> None:
    """More units or longer hours: nothing was released, and yet there is time."""
    api.hold(offer, TEN)
    place = wait_for(api, offer, TEN)
    api.database.execute("update core.resources set capacity = 2")

    swept = sweep(api)

    assert swept == {"offered": 1, "lapsed": 0, "more": False}
    assert place.state == "offered"


def test_the_sweep_ends_what_can_come_no_more(api: Api, offer: Offer) -> None:
    """Once its time has begun an entry is over."""
    api.paid(offer, TEN)
    place = wait_for(api, offer, TEN)
    api.database.clock.set(TEN + MINUTE)

    assert sweep(api) == {"offered": 0, "lapsed": 1, "more": False}
    assert place.state == "lapsed"


def test_the_sweep_looks_at_each_place_once_in_a_while(api: Api, offer: Offer) -> None:
    """Batches continue where the one before ended, so that no entry is left out for ever."""
    api.hold(offer, TEN)
    for _ in range(3):
        wait_for(api, offer, TEN)

    batches = [api.call("offer_waiting", 2)["more"] for _ in range(3)]

    assert batches == [True, False, False]
    assert api.database.value("select count(*) from core.waitlist where looked_at is null") == 0


# Reach --------------------------------------------------------------------------------------------


def test_a_place_opens_to_its_own_secret_only(api: Api, offer: Offer) -> None:
    """To a stranger the entry does not exist; to the tenant's server it does.

    Cases: E-3.5
    """
    api.hold(offer, TEN)
    place = wait_for(api, offer, TEN)
    stranger = offer.tenant.actor(secret="bks_other")
    other = Tenant(api.database).actor("secret")

    for function, rest in (("get_waitlist_entry", ()), ("leave_waitlist", (None,))):
        for actor in (stranger, offer.tenant.actor(), other):
            assert refused(api.call, function, actor, place.id, *rest).sqlstate == "KHNTF"
    assert refused(api.call, "get_waitlist_entry", place.actor, uuid4()).sqlstate == "KHNTF"
    assert api.call("get_waitlist_entry", offer.tenant.actor("secret"), place.id)["id"] == str(
        place.id
    )


def test_a_stale_version_leaves_nothing(api: Api, offer: Offer) -> None:
    """If-Match guards leaving.

    Cases: D-4
    """
    api.hold(offer, TEN)
    place = wait_for(api, offer, TEN)

    assert refused(api.call, "leave_waitlist", place.actor, place.id, 7).sqlstate == "KHVER"
    assert place.state == "waiting"


def test_the_tenant_lists_its_places_by_pages(api: Api, offer: Offer) -> None:
    """Each entry once, the oldest first; refused for a publishable key."""
    api.hold(offer, TEN)
    places = [wait_for(api, offer, TEN) for _ in range(3)]
    server = offer.tenant.actor("secret")

    first = api.call("list_waitlist", server, {"state": "waiting"}, None, 2)
    second = api.call("list_waitlist", server, {"state": "waiting"}, first["next"], 2)
    none = api.call("list_waitlist", server, {"resource_id": str(uuid4())}, None, 2)

    listed = [place["id"] for place in first["places"] + second["places"]]
    assert listed == sorted(str(place.id) for place in places)
    assert (second["next"], none["places"]) == (None, [])
    assert refused(api.call, "list_waitlist", offer.tenant.actor(), {}, None, 2).sqlstate == "KHDEN"
