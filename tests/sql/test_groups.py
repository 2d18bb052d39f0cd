"""Group offerings: several customers share one unit and period, each with a seat."""

from datetime import timedelta
from typing import Any

from tests.harness.clients.calls import Api, refused
from tests.harness.clients.carts import places
from tests.harness.database.builders import NOW, Offer, Tenant
from tests.harness.database.digests import digests
from tests.harness.laws.invariants import violations

HOUR = timedelta(hours=1)
TEN = NOW + 2 * HOUR


def _class(tenant: Tenant, size: int = 3, **columns: Any) -> Offer:
    offer = tenant.offer(**columns)
    tenant.database.execute("update core.offerings set group_size = %s", size)
    return offer


def test_customers_share_a_unit_up_to_the_size_of_the_group(api: Api, tenant: Tenant) -> None:
    """A class is filled before the next unit is opened; after the last seat the time is taken."""
    offer = _class(tenant, 3, capacity=2)

    held = [api.hold(offer, TEN) for _ in range(6)]
    before = digests(api.database)
    refusal = refused(api.hold, offer, TEN)

    seats = [(place.unit, place.seat) for one in held for place in places(one)]
    assert seats == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    assert refusal.sqlstate == "KHTKN"
    assert digests(api.database) == before
    assert violations(api.database) == []


def test_an_open_session_is_joined_before_a_new_one_is_opened(api: Api, tenant: Tenant) -> None:
    """With unit 1 free again, the next customer still joins the class on unit 2."""
    offer = _class(tenant, 2, capacity=2)
    first, second, third = (api.hold(offer, TEN) for _ in range(3))
    for one in (first, second):
        api.call("release_hold", one.actor, one.id, None)

    fourth = api.hold(offer, TEN)

    assert [(place.unit, place.seat) for place in places(third) + places(fourth)] == [
        (2, 1),
        (2, 2),
    ]
    assert violations(api.database) == []


def test_a_seat_given_back_is_taken_by_the_next(api: Api, tenant: Tenant) -> None:
    """Releasing one seat of a full class makes room for one customer, in that seat."""
    offer = _class(tenant, 3)
    held = [api.hold(offer, TEN) for _ in range(3)]
    api.call("release_hold", held[1].actor, held[1].id, None)

    again = api.hold(offer, TEN)

    assert [place.seat for place in places(again)] == [2]
    assert refused(api.hold, offer, TEN).sqlstate == "KHTKN"
    assert violations(api.database) == []


def test_a_stale_seat_is_free(api: Api, tenant: Tenant) -> None:
    """An expired hold does not keep its seat from the next customer."""
    offer = _class(tenant, 2)
    stale = api.hold(offer, TEN)
    api.database.clock.advance(timedelta(minutes=3))
    kept = api.hold(offer, TEN)
    api.database.clock.advance(timedelta(minutes=3))

    taken = api.hold(offer, TEN)

    assert (stale.row.status, kept.row.status) == ("expired", "held")
    assert taken.occupies
    assert violations(api.database) == []


def test_sessions_do_not_overlap(api: Api, tenant: Tenant) -> None:
    """Another period of the same offering is another class, and needs its own unit."""
    offer = _class(tenant, 8)
    api.hold(offer, TEN)

    refusal = refused(api.hold, offer, TEN + HOUR / 2)

    assert refusal.sqlstate == "KHTKN"
    assert api.hold(offer, TEN + HOUR).occupies
    assert violations(api.database) == []


def test_a_private_booking_and_a_group_never_share(api: Api, tenant: Tenant) -> None:
    """A room with a class in it is not given to a single customer, nor the other way round."""
    room = _class(tenant, 8)
    private = Offer(tenant, room.resource_id, tenant.offering(room.resource_id))
    tenant.price(private.offering_id)
    api.hold(room, TEN)
    api.hold(private, TEN + 2 * HOUR)

    assert refused(api.hold, private, TEN).sqlstate == "KHTKN"
    assert refused(api.hold, room, TEN + 2 * HOUR).sqlstate == "KHTKN"
    assert violations(api.database) == []


def test_joining_takes_the_buffers_of_the_class(api: Api, tenant: Tenant) -> None:
    """The range that a class owns was frozen when it was opened, for all who join.

    Cases: P-3
    """
    offer = _class(tenant, 3, buffer_after_minutes=30)
    first = api.hold(offer, TEN)
    api.database.execute("update core.resources set buffer_after_minutes = 60")

    second = api.hold(offer, TEN)

    (one,), (other,) = places(first), places(second)
    assert (one.class_id, one.during, one.unit) == (other.class_id, other.during, other.unit)
    assert second.row.buffer_after_minutes == 30
    assert second.answer["version"] == second.row.version
    assert violations(api.database) == []


def test_a_listing_tells_the_seats_that_are_left(api: Api, tenant: Tenant) -> None:
    """`remaining` counts seats, and listing and holding agree down to the last one."""
    offer = _class(tenant, 3)
    left = []
    for _ in range(4):
        slots = api.call(
            "list_slots_as_text",
            tenant.actor(),
            offer.resource_id,
            offer.offering_id,
            TEN,
            TEN + HOUR / 2,
        )["slots"]
        left.append([slot["remaining"] for slot in slots])
        if slots:
            api.hold(offer, TEN)

    assert left == [[3], [2], [1], []]


def test_a_paid_seat_is_kept_when_others_leave(api: Api, tenant: Tenant) -> None:
    """Each customer pays and leaves alone; the class lasts as long as one of them has a seat."""
    offer = _class(tenant, 3)
    paid = api.paid(offer, TEN).held
    left = api.hold(offer, TEN)
    api.call("release_hold", left.actor, left.id, None)

    assert (paid.row.status, paid.occupies, left.occupies) == ("scheduled", True, False)
    assert violations(api.database) == []
