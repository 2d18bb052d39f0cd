"""Races for the seats of a class, the resources of a pool, and the times of carts."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.harness.clients.calls import call
from tests.harness.clients.carts import cart, period
from tests.harness.clients.db_client import background, refusal, refusals
from tests.harness.database import guardless
from tests.harness.database.builders import NOW, Offer, Tenant, insert, sha256
from tests.harness.database.concurrency import wait_until_blocked
from tests.harness.database.migrated import Database
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]
Hold = Callable[[], Any]

HOUR = timedelta(hours=1)
TEN = NOW + 2 * HOUR


@pytest.fixture
def tenant(database: Database) -> Tenant:
    """A tenant, its clock at NOW."""
    database.clock.set(NOW)
    return Tenant(database)


@pytest.fixture
def counter(tenant: Tenant) -> Iterator["Counter"]:
    """Sessions connected before the start, so that the racers really meet."""
    with ExitStack() as open_:
        yield Counter(tenant, open_)


class Counter:
    """Sessions that hold times, each for a customer of its own."""

    def __init__(self, tenant: Tenant, open_: ExitStack) -> None:
        self._tenant = tenant
        self._open = open_

    def session(self, *, autocommit: bool = True) -> Any:
        return self._open.enter_context(
            self._tenant.database.connect("holdfast_checkout", autocommit=autocommit)
        )

    def hold(self, connection: Any, request: dict[str, Any]) -> Any:
        """Hold a time on that connection, for a new customer."""
        request = request | {"customer": {"name": "A", "email": f"{uuid4().hex}@example.com"}}
        secret_hash = sha256(uuid4().hex)
        actor = self._tenant.actor()
        return call(connection, "create_hold", actor, uuid4().hex, uuid4(), secret_hash, request)

    def racers(self, requests: list[dict[str, Any]]) -> list[Hold]:
        def action(connection: Any, request: dict[str, Any]) -> Hold:
            return lambda: self.hold(connection, request)

        return [action(self.session(), request) for request in requests]


# Seats --------------------------------------------------------------------------------------------


def _class(tenant: Tenant, size: int, **columns: Any) -> Offer:
    offer = tenant.offer(**columns)
    tenant.database.execute("update core.offerings set group_size = %s", size)
    return offer


def _seats(database: Database) -> list[tuple[int, int]]:
    rows = database.rows("select unit, seat from core.occupancies order by unit, seat")
    return [(row.unit, row.seat) for row in rows]


def test_eight_seats_have_eight_winners(tenant: Tenant, counter: Counter, race: Race) -> None:
    """Of fifty customers who join one class, eight get a seat each; the others are refused.

    Cases: D-1, E-5.1
    """
    offer = _class(tenant, 8)

    outcomes = race(counter.racers([offer.request(TEN)] * 50))

    assert refusals(outcomes) == ["KHTKN"] * 42
    assert _seats(tenant.database) == [(1, seat) for seat in range(1, 9)]
    assert violations(tenant.database) == []


def test_joiners_fill_one_unit_before_the_next(
    tenant: Tenant, counter: Counter, race: Race
) -> None:
    """Twelve at once for two rooms of eight: one room is full, the other holds the rest."""
    offer = _class(tenant, 8, capacity=2)

    outcomes = race(counter.racers([offer.request(TEN)] * 12))

    assert refusals(outcomes) == []
    assert _seats(tenant.database) == [
        *((1, seat) for seat in range(1, 9)),
        *((2, seat) for seat in range(1, 5)),
    ]
    assert violations(tenant.database) == []


def test_the_seat_stays_the_judge_when_the_lock_is_forgotten(
    tenant: Tenant, counter: Counter, race: Race
) -> None:
    """Without the day lock, no seat is given twice, and there are no more seats than the class
    has.
    """
    guardless.forget_day_lock(tenant.database)
    offer = _class(tenant, 8)

    outcomes = race(counter.racers([offer.request(TEN)] * 30))

    assert set(refusals(outcomes)) <= {"KHTKN", "40P01"}
    assert len(_seats(tenant.database)) <= 8
    assert violations(tenant.database) == []


def test_twin_without_lock_and_seats_oversells(tenant: Tenant, counter: Counter) -> None:
    """Without the day lock and the seat's constraint, two customers get the last seat."""
    guardless.forget_day_lock(tenant.database)
    tenant.database.execute("drop index core.occupancies_seat_once")
    offer = _class(tenant, 2)
    counter.hold(counter.session(), offer.request(TEN))
    first = counter.session(autocommit=False)

    counter.hold(first, offer.request(TEN))
    counter.hold(counter.session(), offer.request(TEN))
    first.commit()

    assert _seats(tenant.database) == [(1, 1), (1, 2), (1, 2)]
    assert "are one class" in violations(tenant.database)[0]


# Pools --------------------------------------------------------------------------------------------


def _team(tenant: Tenant, size: int) -> tuple[list[UUID], dict[str, Any]]:
    """A pool's resources, and the arguments of a hold of it."""
    offer = tenant.offer()
    resources = [offer.resource_id]
    for _ in range(size - 1):
        resource_id = tenant.resource()
        tenant.hours(resource_id)
        insert(
            tenant.database,
            "core.resource_offerings",
            tenant_id=tenant.id,
            resource_id=resource_id,
            offering_id=offer.offering_id,
            booking_mode="slot",
        )
        resources.append(resource_id)
    request = offer.request(TEN, pool_id=str(tenant.pool(resources)))
    del request["resource_id"]
    return resources, request


def _owned(database: Database) -> list[UUID]:
    return [row.resource_id for row in database.rows("select resource_id from core.occupancies")]


def test_a_pool_has_a_winner_for_each_resource(
    tenant: Tenant, counter: Counter, race: Race
) -> None:
    """Of thirty requests for a pool of six, six get one resource each; none is refused while one is
    free.

    Cases: D-1, E-5.1
    """
    resources, request = _team(tenant, 6)

    outcomes = race(counter.racers([request] * 30))

    assert refusals(outcomes) == ["KHTKN"] * 24
    assert sorted(_owned(tenant.database)) == sorted(resources)
    assert violations(tenant.database) == []


def test_a_pool_that_suffices_refuses_none(tenant: Tenant, counter: Counter, race: Race) -> None:
    """As many racers as resources: each gets one."""
    resources, request = _team(tenant, 8)

    outcomes = race(counter.racers([request] * 8))

    assert refusals(outcomes) == []
    assert sorted(_owned(tenant.database)) == sorted(resources)


def test_a_hold_that_loses_a_resource_takes_the_next(tenant: Tenant, counter: Counter) -> None:
    """A request that loses a resource while it waits gets the next one of the pool."""
    resources, request = _team(tenant, 2)
    offer = Offer(tenant, resources[0], UUID(request["offering_id"]))
    _busy_week(tenant, Offer(tenant, resources[1], offer.offering_id))  # the first comes first
    taking, joining = counter.session(autocommit=False), counter.session()
    counter.hold(taking, offer.request(TEN))

    answer = background(lambda: counter.hold(joining, request))
    wait_until_blocked(tenant.database, joining.info.backend_pid)
    taking.commit()

    assert answer.result(10)["resource_id"] == str(resources[1])
    assert violations(tenant.database) == []


def _asks_while_the_other_changes(tenant: Tenant, counter: Counter) -> Any:
    """A pool is held while another of its resources than the first candidate is being changed."""
    resources, request = _team(tenant, 2)
    offer = Offer(tenant, resources[0], UUID(request["offering_id"]))
    _busy_week(tenant, Offer(tenant, resources[1], offer.offering_id))  # the first comes first
    joining = counter.session()
    with tenant.database.connect() as changing:
        changing.execute("select core.lock_rules(%s)", ([resources[1]],))
        answer = background(lambda: counter.hold(joining, request))
        wait_until_blocked(tenant.database, joining.info.backend_pid)
    return answer.result(10)["resource_id"], str(resources[0])


def test_a_pool_waits_for_a_change_of_any_of_its_resources(
    tenant: Tenant, counter: Counter
) -> None:
    """All rules are locked before any day: otherwise changes of two resources could deadlock."""
    given, first = _asks_while_the_other_changes(tenant, counter)

    assert given == first


def test_twin_that_shares_the_rules_one_by_one_does_not_wait(
    tenant: Tenant, counter: Counter
) -> None:
    """If only the rules of the chosen resource were locked, the hold would not wait."""
    guardless.rewrite(
        tenant.database,
        "core.named_resources",
        "p.pool_id = (i.item ->> 'pool_id')::uuid",
        "false",
    )

    with pytest.raises(TimeoutError):
        _asks_while_the_other_changes(tenant, counter)


def test_twin_that_does_not_try_the_next_refuses_although_one_is_free(
    tenant: Tenant, counter: Counter
) -> None:
    """If only the first candidate were tried, the loser would be refused although one is free."""
    guardless.rewrite(tenant.database, "core.hold_from_pools", ", 0) < 2", ", 0) < 9")
    resources, request = _team(tenant, 2)
    offer = Offer(tenant, resources[0], UUID(request["offering_id"]))
    _busy_week(tenant, Offer(tenant, resources[1], offer.offering_id))
    taking, joining = counter.session(autocommit=False), counter.session()
    counter.hold(taking, offer.request(TEN))

    answer = background(lambda: counter.hold(joining, request))
    wait_until_blocked(tenant.database, joining.info.backend_pid)
    taking.commit()

    assert refusal(answer.exception(10)) == "KHTKN"
    assert len(_owned(tenant.database)) == 2  # the busy one's booking and the winner's


def test_twin_without_lock_and_constraint_gives_a_resource_twice(
    tenant: Tenant, counter: Counter
) -> None:
    """Without both guards, two holds of a pool of one both get its resource."""
    guardless.forget_day_lock(tenant.database)
    guardless.forget_overlap_constraint(tenant.database)
    _, request = _team(tenant, 1)
    first = counter.session(autocommit=False)

    counter.hold(first, request)
    counter.hold(counter.session(), request)
    first.commit()

    assert "I1: no two bookings own" in violations(tenant.database)[0]


def _busy_week(tenant: Tenant, offer: Offer) -> None:
    """A booking later in the week: the fair order puts this resource last."""
    with tenant.database.connect("holdfast_checkout", autocommit=True) as connection:
        call(
            connection,
            "create_hold",
            tenant.actor(),
            uuid4().hex,
            uuid4(),
            sha256("x"),
            offer.request(TEN + timedelta(days=1)),
        )


# Carts --------------------------------------------------------------------------------------------


def _opposed(tenant: Tenant) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two carts with the same two times, in opposite orders."""
    one, other = tenant.offer(), tenant.offer()
    wishes = [period(one, TEN), period(other, TEN + timedelta(days=1))]
    return cart(*wishes), cart(*reversed(wishes))


def test_carts_in_opposite_order_have_one_winner(
    tenant: Tenant, counter: Counter, race: Race
) -> None:
    """One cart gets both times, the others neither, and there is no deadlock.

    Cases: D-1, E-5.1
    """
    carts = _opposed(tenant)

    outcomes = race(counter.racers([*carts] * 12))

    assert refusals(outcomes) == ["KHTKN"] * 23
    rows = tenant.database.rows(
        "select count(*) as n from core.occupancies as o join core.bookings as b"
        " on b.id = o.booking_id group by b.cart_id"
    )
    assert [row.n for row in rows] == [2]
    assert violations(tenant.database) == []


def test_a_cart_waits_for_the_one_before_it(tenant: Tenant, counter: Counter) -> None:
    """A cart with the same times in the other order waits for the first, and is refused."""
    one, other = _opposed(tenant)
    first, second = counter.session(autocommit=False), counter.session()
    counter.hold(first, one)

    answer = background(lambda: counter.hold(second, other))
    wait_until_blocked(tenant.database, second.info.backend_pid)
    first.commit()

    assert refusal(answer.exception(10)) == "KHTKN"
    assert violations(tenant.database) == []


def _meet_head_on(tenant: Tenant, counter: Counter) -> list[Any]:
    """Let both carts wait for the day that each names first, then let both continue."""
    one, other = _opposed(tenant)
    days = [(each["resource_id"], each["starts_at"]) for each in one["items"]]
    sessions = [counter.session(), counter.session()]
    with tenant.database.connect() as gate:
        for resource_id, starts_at in days:
            gate.execute(
                "select core.lock_days(%s, tstzrange(%s::timestamptz, %s::timestamptz + '1 hour'))",
                (resource_id, starts_at, starts_at),
            )
        answers = [
            background(partial(counter.hold, session, wish))
            for session, wish in zip(sessions, (one, other), strict=True)
        ]
        for session in sessions:
            wait_until_blocked(tenant.database, session.info.backend_pid)
    return [answer.exception(10) for answer in answers]


def test_carts_that_meet_head_on_do_not_deadlock(tenant: Tenant, counter: Counter) -> None:
    """Both lock the days in one order, whatever the order of their items: one gets all of it.

    Cases: D-1
    """
    errors = _meet_head_on(tenant, counter)

    assert refusals([error for error in errors if error]) == ["KHTKN"]
    assert len(_owned(tenant.database)) == 2
    assert violations(tenant.database) == []


def test_twin_that_locks_in_the_order_of_the_cart_deadlocks(
    tenant: Tenant, counter: Counter
) -> None:
    """If days were locked in the order of the cart, PostgreSQL would end one of the two."""
    guardless.rewrite(tenant.database, "core.lock_requested_days", "        order by 1, 2\n", "")

    errors = _meet_head_on(tenant, counter)

    assert refusals([error for error in errors if error]) == ["40P01"]


def test_twin_without_lock_and_constraint_gives_a_time_to_two_carts(
    tenant: Tenant, counter: Counter
) -> None:
    """Without both guards, each cart gets both times."""
    guardless.forget_day_lock(tenant.database)
    guardless.forget_overlap_constraint(tenant.database)
    one, other = _opposed(tenant)
    first = counter.session(autocommit=False)

    counter.hold(first, one)
    counter.hold(counter.session(), other)
    first.commit()

    assert len([line for line in violations(tenant.database) if "I1: no two" in line]) == 2
