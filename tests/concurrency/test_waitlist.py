"""Races at the waitlist: a freed time is offered to one customer, however it was freed.

Cases: E-5.1, E-7.2
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from tests.harness.clients.calls import Api, Held, call
from tests.harness.clients.waiting import Place, wait_for
from tests.harness.database import guardless
from tests.harness.database.builders import NOW, Offer, Tenant, sha256
from tests.harness.database.migrated import Database
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

TEN = NOW + timedelta(hours=2)
WAITING = 6


@pytest.fixture
def api(database: Database) -> Iterator[Api]:
    """The stored functions; the clock stands at NOW."""
    database.clock.set(NOW)
    caller = Api(database)
    yield caller
    caller.close()


@pytest.fixture
def offer(api: Api) -> Offer:
    """A resource with three units."""
    return Tenant(api.database).offer(capacity=3)


def crowd(api: Api, offer: Offer) -> tuple[list[Held], list[Place]]:
    """Three customers who have the time, and six who wait for it."""
    held = [api.hold(offer, TEN) for _ in range(3)]
    return held, [wait_for(api, offer, TEN) for _ in range(WAITING)]


def session(api: Api, function: str) -> Any:
    """Another connection that may call a function."""
    return api.database.connect(api.database.logins[function], autocommit=True)


def racer(api: Api, function: str, *arguments: object) -> Callable[[], Any]:
    """A call on a connection of its own, connected before the start."""
    connection = session(api, function)
    return lambda: call(connection, function, *arguments)


def hold_arguments(offer: Offer, start: datetime) -> tuple[Any, ...]:
    """The arguments of a stranger's hold."""
    return offer.tenant.actor(), str(uuid4()), uuid4(), sha256("stranger"), offer.request(start)


def offers(api: Api) -> int:
    """How many offers the waitlist has made."""
    count: int = api.database.value(
        "select count(*) from audit.booking_events where reason like 'offered%%'"
    )
    return count


def test_releases_and_sweeps_offer_each_unit_once(api: Api, offer: Offer, race: Race) -> None:
    """Three units released while eight sweeps run: three offers and three effects, to the first
    three in line once a quiet sweep has run.
    """
    held, places = crowd(api, offer)
    actions = [racer(api, "release_hold", one.actor, one.id, None) for one in held]
    actions += [racer(api, "offer_waiting", 100) for _ in range(8)]

    outcomes = race(actions)
    api.database.clock.advance(timedelta(seconds=31))
    api.call("offer_waiting", 100)

    assert [one for one in outcomes if isinstance(one, Exception)] == []
    assert offers(api) == 3
    assert [place.state for place in places] == ["offered"] * 3 + ["waiting"] * 3
    assert api.database.value("select count(*) from core.effects") == 3
    assert violations(api.database) == []


def test_a_stranger_does_not_jump_the_queue(api: Api, offer: Offer) -> None:
    """While a release is open, a stranger's hold of its time waits, and is refused as taken."""
    (first, *_), places = crowd(api, offer)
    release = session(api, "release_hold")
    with release.transaction():
        call(release, "release_hold", first.actor, first.id, None)
        assert "KHTKN" in str(_refusal(api, offer))

    assert places[0].state == "offered"
    assert "KHTKN" in str(_refusal(api, offer))


def test_twin_offers_after_the_release(api: Api, offer: Offer) -> None:
    """Without the offer in the release's own transaction, the stranger gets the time."""
    api.database.execute("drop trigger occupancies_900_serve_waitlist on core.occupancies")
    (first, *_), places = crowd(api, offer)
    api.call("release_hold", first.actor, first.id, None)

    assert api.hold(offer, TEN).occupies
    api.call("offer_waiting", 100)
    assert places[0].state == "waiting"


def test_a_release_never_waits_for_a_busy_day(api: Api, offer: Offer) -> None:
    """A release holds its booking's row already, so it leaves a busy day to the sweep."""
    (first, *_), places = crowd(api, offer)
    other = session(api, "create_hold")
    with other.transaction():  # another transaction has the day
        call(other, "create_hold", *hold_arguments(offer, TEN + timedelta(hours=3)))
        began = monotonic()
        released = api.call("release_hold", first.actor, first.id, None)
        seconds = monotonic() - began
        states = [place.state for place in places]
    api.call("offer_waiting", 100)

    assert (released["released"], set(states)) == (True, {"waiting"})
    assert seconds < 2  # lock_timeout is 3 s
    assert places[0].state == "offered"


def test_two_sweeps_offer_one_time_once(api: Api, offer: Offer) -> None:
    """A second sweep skips what the first one is offering."""
    _, places = crowd(api, offer)
    api.database.execute("update core.resources set capacity = 4")
    first = session(api, "offer_waiting")
    with first.transaction():
        call(first, "offer_waiting", 100)
        assert api.call("offer_waiting", 100)["offered"] == 0

    assert offers(api) == 1
    assert places[0].state == "offered"
    assert violations(api.database) == []


def hold_and_offer(api: Api, offer: Offer) -> None:
    """A fourth unit, which a stranger is taking while the sweep looks for something to offer."""
    api.database.execute("update core.resources set capacity = 4")
    stranger = session(api, "create_hold")
    with stranger.transaction():
        call(stranger, "create_hold", *hold_arguments(offer, TEN))
        api.call("offer_waiting", 100)


def test_a_hold_and_an_offer_share_no_unit(api: Api, offer: Offer) -> None:
    """A unit that a stranger is taking is not offered.

    Cases: D-1
    """
    _, places = crowd(api, offer)

    hold_and_offer(api, offer)

    assert {place.state for place in places} == {"waiting"}
    assert violations(api.database) == []


def test_twin_offers_what_a_stranger_takes(api: Api, offer: Offer) -> None:
    """Without the day lock and the constraint, one unit is both held and offered."""
    _, places = crowd(api, offer)
    guardless.forget_day_lock(api.database)
    guardless.rewrite(
        api.database, "core.make_offers", "not core.try_lock_days(p_resource.id, v_range)", "false"
    )
    guardless.forget_overlap_constraint(api.database)

    hold_and_offer(api, offer)

    assert places[0].state == "offered"
    assert "I1: no two bookings own" in violations(api.database)[0]


def test_leaving_meets_the_offer(api: Api, offer: Offer, race: Race) -> None:
    """A customer who leaves during the offer either is removed before it, or releases the offer."""
    held, places = crowd(api, offer)
    actions = [racer(api, "release_hold", one.actor, one.id, None) for one in held]
    actions += [racer(api, "leave_waitlist", place.actor, place.id, None) for place in places[:4]]

    outcomes = race(actions)

    failed = [getattr(one, "sqlstate", one) for one in outcomes if isinstance(one, Exception)]
    api.database.clock.advance(timedelta(seconds=31))
    api.call("offer_waiting", 100)
    assert set(failed) <= {"40001"}  # `database.call` repeats it
    assert violations(api.database) == []
    left = [place for place in places if place.state == "left"]
    assert len(left) == 4 - len(failed)
    assert sum(place.state == "offered" for place in places) == min(3, WAITING - len(left))


def _refusal(api: Api, offer: Offer) -> str:
    try:
        api.hold(offer, TEN)
    except Exception as error:
        return f"{getattr(error, 'sqlstate', '')}"
    return "held"
