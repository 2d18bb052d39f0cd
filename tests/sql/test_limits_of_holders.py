"""How much may be held or waited for without paying, and who is held responsible for it.

Browsers are counted by their network address, servers by the mailbox that they vouch for; never by
an address that another person typed.

Cases: P-8
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.clients import carts
from tests.harness.clients.calls import Api, Held, Refusal, refused
from tests.harness.clients.waiting import Place, wait_for
from tests.harness.database.builders import NOW, Offer, Tenant
from tests.harness.laws.invariants import violations

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
STARTS = [NOW + hours * HOUR for hours in range(1, 9)]
HOME, CAFE = "203.0.113.7", "203.0.113.8"
EVERYTHING = ["customer_periods", "customer_places", "customer_limit"]


@pytest.fixture
def offer(api: Api) -> Offer:
    """A room of a tenant that allows three periods per customer and four per network address."""
    tenant = Tenant(
        api.database,
        live_holds_per_customer=3,
        live_holds_per_address=4,
        live_holds_per_day=None,
        places_per_customer=3,
    )
    return tenant.offer(capacity=20)


def customer(email: str) -> dict[str, str]:
    return {"name": "Grace", "email": email}


def browse(api: Api, offer: Offer, start: Any, address: str = HOME, **fields: Any) -> Held:
    """A hold from a browser."""
    return api.hold(offer, start, actor=offer.tenant.actor(address=address), **fields)


def serve(api: Api, offer: Offer, start: Any, **fields: Any) -> Held:
    """A hold from the tenant's server."""
    return api.hold(offer, start, actor=offer.tenant.actor("secret"), **fields)


def queue(api: Api, offer: Offer, start: Any, address: str = HOME, **fields: Any) -> Place:
    """A waitlist entry, made by a browser."""
    return wait_for(api, offer, start, actor=offer.tenant.actor(address=address), **fields)


def line_up(api: Api, offer: Offer, start: Any, **fields: Any) -> Place:
    """A waitlist entry, made by the server."""
    return wait_for(api, offer, start, actor=offer.tenant.actor("secret"), **fields)


def series(offer: Offer, start: Any, weeks: int) -> dict[str, Any]:
    return carts.period(offer, start) | {"repeat": {"weeks": weeks}}


def limited(refusal: Refusal, retry_after: int | None, rule: str | None = None) -> bool:
    told = {"retry_after": retry_after, "rule": rule}
    wanted = {name: value for name, value in told.items() if value is not None}
    return (refusal.sqlstate, refusal.detail) == ("KHLIM", wanted)


# Browsers, by network address ---------------------------------------------------------------------


def test_one_period_more_than_allowed_is_refused(api: Api, offer: Offer) -> None:
    """Whatever addresses were typed. The refusal says when there is room; nothing was written.

    Proves: ASVS 2.3.2, API6:2023
    """
    for number, start in enumerate(STARTS[:4]):
        browse(api, offer, start, customer=customer(f"{number}@example.com"))
    api.database.clock.advance(MINUTE)

    refusal = refused(browse, api, offer, STARTS[4], customer=customer("ada@example.com"))

    assert limited(refusal, 240)
    assert api.database.value("select count(*) from core.bookings") == 4
    assert api.database.value("select count(*) from core.idempotency_keys") == 4
    assert browse(api, offer, STARTS[4], CAFE).occupies
    assert violations(api.database) == []


def test_periods_count_and_not_requests(api: Api, offer: Offer) -> None:
    """A cart of three and a series of two are five periods; three and one are allowed.

    Proves: ASVS 2.3.2
    """
    actor = offer.tenant.actor(address=HOME)
    wanted = carts.cart(*(carts.period(offer, start) for start in STARTS[:3]))
    carts.hold(api, offer.tenant, wanted, actor=actor)

    refusal = refused(
        carts.hold,
        *(api, offer.tenant, carts.cart(series(offer, STARTS[3], 2))),
        actor=actor,
    )

    assert limited(refusal, 300)
    assert browse(api, offer, STARTS[3]).occupies


def test_what_is_too_much_by_itself_has_no_retry_after(api: Api, offer: Offer) -> None:
    """Waiting does not help: it will never fit."""
    refusal = refused(browse, api, offer, STARTS[0], repeat={"weeks": 5})

    assert limited(refusal, None)


def test_a_wish_of_pools_is_counted_too(api: Api, offer: Offer) -> None:
    """By its periods, and by the share of the resource that its pool gives."""
    offer.tenant.database.execute("update core.tenants set live_holds_per_day = 2")
    pool = offer.tenant.pool([offer.resource_id])
    any_of_it = {"pool_id": str(pool), "resource_id": None}
    for start in STARTS[:2]:
        browse(api, offer, start, **any_of_it)

    too_much = refused(browse, api, offer, STARTS[2], **any_of_it)
    too_many = refused(browse, api, offer, STARTS[2] + DAY, repeat={"weeks": 3}, **any_of_it)

    assert limited(too_much, 300)
    assert limited(too_many, 300)


def test_what_ended_is_not_counted(api: Api, offer: Offer) -> None:
    """Paid, released or expired bookings are no longer holds, with or without a sweep."""
    api.settle(api.checkout(browse(api, offer, STARTS[0])), "paid")
    released = browse(api, offer, STARTS[1])
    api.call("release_hold", released.actor, released.id, None)
    for start in STARTS[2:5]:
        browse(api, offer, start + DAY)
    api.database.clock.advance(5 * MINUTE)

    for start in STARTS[2:6]:
        assert browse(api, offer, start).occupies


def test_a_hold_that_is_being_paid_is_counted(api: Api, offer: Offer) -> None:
    """Also past its deadline: it keeps its time until Stripe has answered. The sweep checks it
    every minute.
    """
    for start in STARTS[:4]:
        api.checkout(browse(api, offer, start))
    api.database.clock.advance(40 * MINUTE)

    assert limited(refused(browse, api, offer, STARTS[4]), 60)


def test_a_repeat_is_no_further_hold(api: Api, offer: Offer) -> None:
    """At the limit, a repeat of a request that succeeded is still answered.

    Cases: D-3
    """
    held = [browse(api, offer, start, key=f"key-{start:%H}") for start in STARTS[:4]]

    assert browse(api, offer, STARTS[3], key=f"key-{STARTS[3]:%H}").id == held[3].id


def test_tenants_do_not_share_a_limit(api: Api, offer: Offer) -> None:
    """An address has the limits of each tenant.

    Cases: P-7
    """
    for start in STARTS[:4]:
        browse(api, offer, start)

    other = Tenant(api.database, live_holds_per_address=1).offer()

    assert browse(api, other, STARTS[0]).occupies


# A share of one calendar --------------------------------------------------------------------------


def test_an_address_keeps_a_few_periods_of_one_day(api: Api, offer: Offer) -> None:
    """The local day of the resource; another day and another resource are not counted."""
    api.database.execute("update core.tenants set live_holds_per_day = 2")
    elsewhere = offer.tenant.offer()
    for start in STARTS[:2]:
        browse(api, offer, start)

    refusal = refused(browse, api, offer, STARTS[2])

    assert limited(refusal, 300)
    assert browse(api, offer, STARTS[0] + DAY).occupies
    assert browse(api, elsewhere, STARTS[0]).occupies


def test_a_day_is_the_resources_own(api: Api) -> None:
    """Of the four starts around midnight in Tokyo two are of one day."""
    tenant = Tenant(api.database, live_holds_per_day=1)
    offer = tenant.offer(timezone="Asia/Tokyo", opens="00:00", closes="24:00")
    midnight = NOW.replace(hour=15) + DAY  # of the 5th in Tokyo
    browse(api, offer, midnight - HOUR)

    assert browse(api, offer, midnight).occupies
    assert limited(refused(browse, api, offer, midnight + HOUR), 300)


def test_an_address_keeps_a_few_periods_of_one_resource(api: Api, offer: Offer) -> None:
    """Over all days together; another resource is not counted."""
    api.database.execute("update core.tenants set live_holds_per_resource = 2")
    elsewhere = offer.tenant.offer()
    for day in range(2):
        browse(api, offer, STARTS[0] + day * DAY)

    assert limited(refused(browse, api, offer, STARTS[0] + 2 * DAY), 300)
    assert browse(api, elsewhere, STARTS[0]).occupies


def test_a_cart_counts_its_own_periods(api: Api, offer: Offer) -> None:
    """Three periods of one day in one request are three, where two are allowed."""
    api.database.execute("update core.tenants set live_holds_per_day = 2")
    wanted = carts.cart(*(carts.period(offer, start) for start in STARTS[:3]))

    refusal = refused(carts.hold, api, offer.tenant, wanted, actor=offer.tenant.actor(address=HOME))

    assert limited(refusal, None)


# The pace -----------------------------------------------------------------------------------------


def test_periods_of_an_hour_are_counted_whatever_became_of_them(api: Api, offer: Offer) -> None:
    """Releasing makes no room: an hour after the first hold there is room again."""
    api.database.execute("update core.tenants set holds_per_hour = 3")
    for start in STARTS[:3]:
        held = browse(api, offer, start)
        api.call("release_hold", held.actor, held.id, None)
        api.database.clock.advance(10 * MINUTE)

    refusal = refused(browse, api, offer, STARTS[3])
    api.database.clock.advance(30 * MINUTE)

    assert limited(refusal, 30 * 60)
    assert browse(api, offer, STARTS[3]).occupies


def test_a_pause_grows_with_what_ended_unpaid(api: Api, offer: Offer) -> None:
    """Two are free. Then 10 s after the last hold, 20 s, 40 s, …, and Retry-After is exact: a
    second earlier it is refused, then it is not.

    Proves: ASVS 2.4.1, API6:2023
    """
    api.database.execute("update core.tenants set free_lapses = 2, holds_per_hour = null")
    pauses = []
    for _ in range(9):
        held = browse(api, offer, STARTS[0])
        api.call("release_hold", held.actor, held.id, None)
        refusal = _next_is_refused(api, offer)
        pauses.append(0 if refusal is None else int(refusal.detail["retry_after"]))
        if pauses[-1]:
            api.database.clock.advance(timedelta(seconds=pauses[-1] - 1))
            assert limited(refused(browse, api, offer, STARTS[1]), 1)
            api.database.clock.advance(timedelta(seconds=1))

    assert pauses == [0, 0, 10, 20, 40, 80, 160, 320, 600]


def _next_is_refused(api: Api, offer: Offer) -> Refusal | None:
    connection = api.connection("create_hold")
    connection.execute("begin")
    try:
        return refused(browse, api, offer, STARTS[1])
    except AssertionError:
        return None
    finally:
        connection.execute("rollback")


def test_what_ran_out_counts_without_a_sweep(api: Api, offer: Offer) -> None:
    """A hold past its deadline counts as unpaid, with or without a sweep; a paid one does not
    count.
    """
    api.database.execute("update core.tenants set free_lapses = 0")
    api.settle(api.checkout(browse(api, offer, STARTS[0], CAFE)), "paid")
    browse(api, offer, STARTS[1])
    api.database.clock.advance(5 * MINUTE)
    browse(api, offer, STARTS[2])  # the pause of ten seconds is long over

    assert limited(refused(browse, api, offer, STARTS[3]), 10)
    assert browse(api, offer, STARTS[3], CAFE).occupies


def test_an_hour_later_all_is_forgotten(api: Api, offer: Offer) -> None:
    """Expired holds count for an hour from when they were held."""
    api.database.execute("update core.tenants set free_lapses = 0")
    held = browse(api, offer, STARTS[0])
    api.call("release_hold", held.actor, held.id, None)
    assert limited(refused(browse, api, offer, STARTS[1]), 10)

    api.database.clock.advance(HOUR)

    for start in STARTS[2:5]:
        assert browse(api, offer, start).occupies


# Another customer's limits ------------------------------------------------------------------------


def _holds(api: Api, offer: Offer, email: str) -> None:
    for number, start in enumerate(STARTS[:4]):
        for address in (HOME, CAFE, "2001:db8::"):
            browse(api, offer, start + number * DAY, address, customer=customer(email))


def _waits(api: Api, offer: Offer, email: str) -> None:
    for start in STARTS:
        for address in (HOME, CAFE):
            queue(api, _taken(api, offer), start, address, customer=customer(email))


def _taken(api: Api, offer: Offer) -> Offer:
    """Another room, which other customers have all day."""
    room = offer.tenant.offer()
    for start in STARTS:
        serve(api, room, start, customer=customer(f"{start:%H}-{room.resource_id}@example.com"))
    return room


def _pays_little(api: Api, offer: Offer, email: str) -> None:
    """Checkouts in the victim's name, begun and abandoned."""
    for start in STARTS[:4]:
        api.checkout(browse(api, offer, start, customer=customer(email)))


ATTACKS: dict[str, Callable[[Api, Offer, str], None]] = {
    "holds": _holds,
    "waitlist entries": _waits,
    "checkouts": _pays_little,
}
SPELLINGS = ("victim@example.com", "victim+1@example.com", "Victim+shop@Example.com")


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_stranger_cannot_use_up_a_limit(
    api: Api, offer: Offer, attack: Callable[[Api, Offer, str], None], spelling: str
) -> None:
    """Whatever browsers do in a victim's name, the victim can hold and wait as before: in a browser
    at another address, at the shop's own server, and where a resource limits its customers.

    Proves: ASVS 2.4.1
    """
    victim = customer("victim@example.com")
    api.database.execute("update core.resources set customer_limit = 4")
    api.database.execute("update core.tenants set place_days = 1")
    attack(api, offer, spelling)
    later = STARTS[0] + 7 * DAY

    assert browse(api, offer, later, "192.0.2.1", customer=victim).occupies
    for hours in range(3):
        assert serve(api, offer, later + hours * HOUR, customer=victim).occupies
    room = _taken(api, offer)
    assert line_up(api, room, STARTS[0], customer=victim).state == "waiting"
    assert queue(api, room, STARTS[0], "192.0.2.1", customer=victim).state == "waiting"
    assert violations(api.database) == []


# Servers, by mailbox ------------------------------------------------------------------------------


def test_a_server_is_limited_by_the_mailbox_it_vouches_for(api: Api, offer: Offer) -> None:
    """Upper case and tags after a plus reach the same mailbox; other names do not. The refusal
    names the rule that a server may override.
    """
    for email in ("ada@example.com", "Ada+2@Example.com", "ada+x+y@example.com"):
        serve(api, offer, STARTS[0], customer=customer(email))

    refusal = refused(serve, api, offer, STARTS[0], customer=customer("ada+3@example.com"))

    assert limited(refusal, 300, "customer_periods")
    assert serve(api, offer, STARTS[0], customer=customer("ada@example.org")).occupies
    assert browse(api, offer, STARTS[0], customer=customer("ada@example.com")).occupies
    assert violations(api.database) == []


def test_a_servers_address_is_not_limited(api: Api, offer: Offer) -> None:
    """A tenant's own server asks for all its customers."""
    actor = offer.tenant.actor("secret", address=HOME)
    for number in range(6):
        api.hold(offer, STARTS[0], actor=actor, customer=customer(f"{number}@example.com"))

    assert api.database.value("select count(address_hash) from core.bookings") == 0
    assert api.database.value("select count(*) from core.bookings where vouched") == 6


def test_places_are_counted_apart_from_holds(api: Api, offer: Offer) -> None:
    """A customer of servers has waitlist entries and holds, each up to its own limit; entries that
    end make room, and Retry-After says when.
    """
    api.database.execute(
        "update core.tenants set places_per_customer = 2; update core.resources set capacity = 1"
    )
    ada = customer("ada@example.com")
    for start in STARTS[:3]:
        serve(api, offer, start, customer=customer(f"{start:%H}@example.com"))
    for start in STARTS[:2]:
        line_up(api, offer, start, customer=ada)

    refusal = refused(line_up, api, offer, STARTS[2], customer=ada)

    assert limited(refusal, 3600, "customer_places")  # when the first of the times has begun
    for start in STARTS[3:6]:
        assert serve(api, offer, start, customer=ada).occupies
    assert violations(api.database) == []


@pytest.mark.parametrize("rule", ["customer_periods", "customer_places", "customer_limit"])
def test_a_server_overrides_a_rule_that_it_names(api: Api, offer: Offer, rule: str) -> None:
    """No other rule is overridden; the reason is stored."""
    api.database.execute(
        "update core.tenants set places_per_customer = 1;"
        " update core.resources set capacity = 1, customer_limit = 10"
    )
    if rule == "customer_limit":
        api.database.execute("update core.resources set customer_limit = 1")
    if rule == "customer_periods":
        api.database.execute("update core.tenants set live_holds_per_customer = 1")
    ada = customer("ada@example.com")
    act = line_up if rule == "customer_places" else serve
    starts = STARTS[:2]
    if act is line_up:
        for start in starts:
            serve(api, offer, start, customer=customer(f"{start:%H}@example.com"))
    act(api, offer, starts[0], customer=ada)
    others = [each for each in EVERYTHING if each != rule]

    for override in (None, {"rules": others, "reason": "a regular guest"}):
        refusal = refused(act, api, offer, starts[1], customer=ada, override=override)
        assert refusal.sqlstate in ("KHLIM", "KHOFF")
    act(
        *(api, offer, starts[1]),
        customer=ada,
        override={"rules": [rule], "reason": "a regular guest"},
    )

    kept = api.database.value(
        "select override_reason from core.waitlist where override_reason is not null"
        if act is line_up
        else "select reason from audit.booking_events where reason like 'held;%%'"
    )
    assert kept.endswith("a regular guest")


def test_a_browser_overrides_nothing(api: Api, offer: Offer) -> None:
    """It is refused: its key may not override."""
    override = {"rules": EVERYTHING, "reason": "because"}

    for act in (browse, queue):
        assert refused(act, api, offer, STARTS[0], override=override).sqlstate == "KHDEN"
    assert api.database.value("select count(*) from core.bookings") == 0


def test_a_time_that_is_taken_is_not_overridden(api: Api, offer: Offer) -> None:
    """Limits can be overridden; capacity and overlap never."""
    api.database.execute("update core.resources set capacity = 1")
    serve(api, offer, STARTS[0])
    override = {"rules": EVERYTHING, "reason": "please"}

    assert refused(serve, api, offer, STARTS[0], override=override).sqlstate == "KHTKN"
    assert refused(serve, api, offer, NOW - HOUR, override=override).sqlstate == "KHOFF"


# The waitlist of browsers -------------------------------------------------------------------------


@pytest.fixture
def full(api: Api) -> Offer:
    """A room that is taken for eight hours, of a tenant with small limits of waitlist entries."""
    tenant = Tenant(api.database, places_per_address=3, places_per_hour=5, place_days=2)
    offer = tenant.offer()
    for start in STARTS:
        serve(api, offer, start, customer=customer(f"{start:%H}@example.com"))
    return offer


def test_an_address_has_a_few_places(api: Api, full: Offer) -> None:
    """Whatever addresses were typed; an entry that is left, or whose time has begun, makes room."""
    places = [queue(api, full, start) for start in STARTS[:3]]
    refusal = refused(queue, api, full, STARTS[3])
    api.call("leave_waitlist", places[1].actor, places[1].id, None)

    assert limited(refusal, 3600)
    assert queue(api, full, STARTS[3]).state == "waiting"
    assert queue(api, full, STARTS[3], CAFE).state == "waiting"


def test_an_address_takes_a_few_places_an_hour(api: Api, full: Offer) -> None:
    """Leaving makes no room for these."""
    for start in STARTS[:5]:
        place = queue(api, full, start)
        api.call("leave_waitlist", place.actor, place.id, None)

    assert limited(refused(queue, api, full, STARTS[5]), 3600)


def test_a_browsers_place_ends_after_some_days(api: Api, full: Offer) -> None:
    """By itself, at a time that the answer shows; a server's lasts until its time begins."""
    start = STARTS[0] + 5 * DAY
    held = serve(api, full, start)
    ends, lasts = queue(api, full, start), line_up(api, full, start)

    api.database.clock.advance(2 * DAY)
    swept = api.call("offer_waiting", 10)
    api.call("release_hold", held.actor, held.id, None)

    assert ends.answer["ends_at"] == "2031-03-05T08:00:00Z"
    assert lasts.answer["ends_at"] == "2031-03-08T09:00:00Z"
    assert swept["lapsed"] >= 1
    assert (ends.state, lasts.state) == ("lapsed", "offered")


def test_a_place_that_is_over_is_offered_nothing(api: Api, full: Offer) -> None:
    """Also in the minute before the sweep runs."""
    start = STARTS[0] + 5 * DAY
    held = serve(api, full, start)
    place = queue(api, full, start)
    api.database.clock.advance(2 * DAY)
    api.database.execute(  # still held
        "update core.bookings set hold_expires_at = 'infinity' where status = 'held'"
    )

    api.call("release_hold", held.actor, held.id, None)

    assert place.state == "waiting"
    assert violations(api.database) == []


def test_an_address_has_two_offers_at_a_time(api: Api, full: Offer) -> None:
    """Of three released times the third goes to the next in line; when an offer has ended, the
    skipped entry gets its turn.
    """
    held = [serve(api, full, start + DAY) for start in STARTS[:3]]
    mine = [queue(api, full, start + DAY) for start in STARTS[:3]]
    other = queue(api, full, STARTS[2] + DAY, CAFE)

    for each in held:
        api.call("release_hold", each.actor, each.id, None)

    assert [place.state for place in mine] == ["offered", "offered", "waiting"]
    assert other.state == "offered"
    assert violations(api.database) == []

    for place in (mine[0], other):
        api.call("leave_waitlist", place.actor, place.id, None)
    api.database.clock.advance(MINUTE)
    api.call("offer_waiting", 10)

    assert mine[2].state == "offered"


def test_a_second_entry_gets_no_second_offer(api: Api, full: Offer) -> None:
    """The second entry looks like any other, but gets no offer while the first has one. Another
    network address with the same mailbox counts as another customer.
    """
    api.database.execute("update core.resources set capacity = 3")
    start = STARTS[0] + DAY
    held = [serve(api, full, start, customer=customer(f"{n}@example.com")) for n in range(3)]
    ada = customer("ada@example.com")
    first, second = (queue(api, full, start, customer=ada) for _ in range(2))
    bob, elsewhere = queue(api, full, start), queue(api, full, start, CAFE, customer=ada)

    for each in held:
        api.call("release_hold", each.actor, each.id, None)

    assert second.answer.keys() == bob.answer.keys()
    assert [second.answer[name] for name in ("state", "position")] == ["waiting", 2]
    assert [place.state for place in (first, second, bob, elsewhere)] == [
        *("offered", "waiting", "offered", "offered")
    ]


def test_a_server_learns_that_its_customer_waits(api: Api, full: Offer) -> None:
    """It knows its customers; entries that browsers made in their names do not count."""
    ada = customer("ada@example.com")
    queue(api, full, STARTS[0], customer=ada)
    line_up(api, full, STARTS[0], customer=ada)

    refusal = refused(line_up, api, full, STARTS[0], customer=ada)

    assert refusal.constraint == "waitlist_once_per_customer"


def test_an_offer_reaches_a_customer_at_the_limit(api: Api, offer: Offer) -> None:
    """The entry becomes the hold: other holds are no reason to skip it."""
    api.database.execute("update core.resources set capacity = 1")
    held = browse(api, offer, STARTS[0], CAFE)
    place = queue(api, offer, STARTS[0])
    for start in STARTS[1:5]:
        browse(api, offer, start)

    api.call("release_hold", held.actor, held.id, None)

    assert place.state == "offered"
    assert violations(api.database) == []


# What browsers see --------------------------------------------------------------------------------


def test_no_answer_tells_of_a_mailbox(api: Api, full: Offer) -> None:
    """Whether a mailbox books, waits, or is unknown: a browser gets the same answers to the same
    requests, also for a resource that limits its customers.

    Proves: ASVS 8.2.2
    """
    room = full.tenant.offer(capacity=9, customer_limit=1)
    api.database.execute(
        "update core.tenants set live_holds_per_customer = 1, places_per_customer = 1"
    )
    known, unknown = customer("known@example.com"), customer("unknown@example.com")
    api.settle(api.checkout(browse(api, room, STARTS[0], "192.0.2.9", customer=known)), "paid")
    serve(api, full, STARTS[0] + DAY, customer=known)
    line_up(api, full, STARTS[0], customer=known)
    queue(api, full, STARTS[0], customer=known)
    queue(api, full, STARTS[0], customer=customer("stranger@example.com"))

    told = [
        (
            _shape(browse(api, room, STARTS[0] + DAY, customer=who).answer),
            _shape(queue(api, full, STARTS[0], address, customer=who).answer),
            refused(browse, api, full, STARTS[0] + 3 * DAY, customer=who, repeat={"weeks": 30}),
            refused(queue, api, full, STARTS[0] + 3 * DAY, customer=who),
        )
        for who, address in ((known, HOME), (unknown, CAFE))
    ]

    assert told[0] == told[1]


def _shape(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without its own values: ids, and the position in the line."""
    own = {"id", "reference", "customer", "position", "bookings"}
    return {name: value for name, value in answer.items() if name not in own}
