"""What pools, carts, reschedules and classes cost, compared with a plain hold."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import psycopg

from bench import drivers, world
from bench.figures import Contestant, Line, Sample, contest
from bench.server import Server

_CHECKOUT = "holdfast_checkout"  # the role of the function that holds
_CLIENTS = 8
_RACERS, _SEATS = 200, 8


def lines(server: Server, rounds: int) -> Iterator[Line]:
    """Rates at 8 clients; and 200 customers who want eight seats of one class."""
    template = server.template("bench_scheduling", _fill)

    def contestant(kind: str, name: str, against: str | None, role: str = _CHECKOUT) -> Contestant:
        return Contestant(
            name,
            partial(drivers.processes, server, template, kind, role=role, clients=_CLIENTS),
            _CLIENTS,
            against=against,
        )

    yield from contest(
        "scheduling",
        [
            contestant("hold", "single_hold", None),
            contestant("pool_hold", "pool_hold", "single_hold"),
            contestant("cart_hold", "cart_hold_10", "single_hold"),
            contestant("move", "reschedule", "single_hold", role="holdfast_lifecycle"),
        ],
        rounds,
    )
    yield from contest(
        "scheduling",
        [Contestant("group_join_race", partial(_race, server, template), _RACERS, "ms")],
        rounds,
    )


def _race(server: Server, template: str) -> Sample:
    sample, winners = drivers.race(server, template, "group_join", role=_CHECKOUT, racers=_RACERS)
    if winners != _SEATS:
        raise RuntimeError(f"{winners} customers have one of {_SEATS} seats")
    return sample


def _fill(connection: "psycopg.Connection[Any]") -> None:
    """Bookings to be rescheduled, a pool of ten resources for each client, and classes of eight."""
    world.fill_booked(connection, 16_000, resources=1_000)
    connection.execute(
        f"""
        insert into core.pools (tenant_id, id, name, created_at, updated_at)
        select md5('tenant')::uuid, md5('pool' || n)::uuid, 'Pool ' || n, now(), now()
        from generate_series(0, 31) as n;
        insert into core.pool_resources (tenant_id, pool_id, resource_id)
        select md5('tenant')::uuid, md5('pool' || n / 10)::uuid, md5('resource' || n)::uuid
        from generate_series(0, 319) as n;
        delete from core.occupancies where resource_id in (
            select resource_id from core.pool_resources);
        delete from core.bookings
        where resource_id in (select resource_id from core.pool_resources);

        insert into core.resources (
            tenant_id, id, name, timezone, step_minutes, horizon_days, created_at, updated_at)
        select md5('tenant')::uuid, md5('class' || n)::uuid, 'Class ' || n, 'UTC', 30, 365, now(),
            now()
        from generate_series(0, 1) as n;
        insert into core.offerings (
            tenant_id, id, name, duration_minutes, group_size, created_at, updated_at)
        values (md5('tenant')::uuid, md5('offering_class')::uuid, 'Class', 60, {_SEATS}, now(),
            now());
        insert into core.resource_offerings
        select md5('tenant')::uuid, md5('class' || n)::uuid, md5('offering_class')::uuid, 'slot'
        from generate_series(0, 1) as n;
        insert into core.tiers values
            (md5('tenant')::uuid, md5('offering_class')::uuid, 'standard');
        insert into core.packages values
            (md5('tenant')::uuid, md5('offering_class')::uuid, 'standard', 'single');
        insert into core.prices (
            tenant_id, offering_id, tier, package, amount, currency, created_at, updated_at)
        values (md5('tenant')::uuid, md5('offering_class')::uuid, 'standard', 'single', 2000, 'EUR',
            now(), now());
        insert into core.weekly_hours (
            tenant_id, id, resource_id, weekday, opens, closes, created_at)
        select md5('tenant')::uuid, md5('class' || n || 'day' || day)::uuid,
            md5('class' || n)::uuid, day, '00:00', '24:00', now()
        from generate_series(0, 1) as n cross join generate_series(1, 7) as day
        """
    )
