"""What a list of free times costs: against a bare query, and against computing it in Python."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.types.json import Jsonb

from bench import world
from bench.figures import Contestant, Goal, Line, Sample, contest, typical
from bench.server import Server

_CALLS = 60
_DAYS = 30
_RESOURCE, _OFFERING = "md5('resource0')::uuid", "md5('offering30')::uuid"
_ACTOR = Jsonb(
    {"key_hash": hashlib.sha256(world.PUBLISHABLE.encode()).hexdigest(), "request_id": "bench"}
)

# The bare query: what must be read at the least, the busy ranges of one resource, as objects that
# an application can compute with. A listing is text, as the handler passes it on;
# `slots_30d_parsed` is what a caller pays who wants objects of it, too.
_BUSY = """
select range_agg(o.during) from core.occupancies as o
where o.resource_id = md5('resource0')::uuid and o.during && tstzrange(%s, %s)
"""


def lines(server: Server, rounds: int) -> Iterator[Line]:
    """One resource with 200 and with 10,000 bookings; a hundred resources as one pool."""
    few = server.template("bench_few", partial(world.fill_booked, bookings=200))
    many = server.template("bench_many", partial(world.fill_booked, bookings=10_000))
    pool = server.template("bench_pool", _fill_pool)

    def contestant(
        name: str, template: str, call: "Call", against: str | None, goal: Goal | None
    ) -> Contestant:
        return Contestant(name, partial(_calls, server, template, call), 1, "ms", against, goal)

    yield from contest(
        "slots",
        [
            contestant("busy_query", few, _busy, None, None),
            contestant("slots_30d", few, _slots, "busy_query", Goal("<=", 1.6)),
            contestant("slots_30d_parsed", few, _parsed, "busy_query", None),
            contestant("slots_python", few, _in_python, "slots_30d", None),
            contestant("slots_30d_10k", many, _slots, "slots_30d", None),
            contestant("slots_100x30d", pool, _pooled, "busy_query", Goal("<=", 40, "value")),
        ],
        rounds,
    )


Call = Callable[["psycopg.Connection[Any]"], int]


def _calls(server: Server, template: str, call: Call) -> Sample:
    latencies = []
    # templates are only read here, and by their owner: every table is visible to all contestants
    role = "postgres" if call in (_busy, _in_python) else "holdfast_availability"
    with psycopg.connect(
        server.url(template, role), autocommit=True, prepare_threshold=None
    ) as connection:
        call(connection)  # the first call makes the plans
        calls = _CALLS if call is not _pooled else _CALLS // 6
        for _ in range(calls):
            began = time.perf_counter()
            found = call(connection)
            latencies.append((time.perf_counter() - began) * 1000)
            assert found > 0
    return typical(latencies)


def _period() -> tuple[datetime, datetime]:
    return world.FIRST_DAY, world.FIRST_DAY + timedelta(days=_DAYS)


def _busy(connection: "psycopg.Connection[Any]") -> int:
    row = connection.execute(_BUSY, _period()).fetchone()
    assert row is not None
    return len(row[0])


def _slots(connection: "psycopg.Connection[Any]") -> int:
    return _listing(connection).count('"starts_at"')


def _parsed(connection: "psycopg.Connection[Any]") -> int:
    return len(json.loads(_listing(connection))["slots"])


def _listing(connection: "psycopg.Connection[Any]") -> str:
    row = connection.execute(
        f"select api.list_slots_as_text(%s, {_RESOURCE}, {_OFFERING}, %s, %s)",
        (_ACTOR, *_period()),
    ).fetchone()
    assert row is not None
    return str(row[0])


def _pooled(connection: "psycopg.Connection[Any]") -> int:
    row = connection.execute(
        f"select api.list_pool_slots_as_text(%s, md5('pool')::uuid, {_OFFERING}, %s, %s)",
        (_ACTOR, *_period()),
    ).fetchone()
    assert row is not None
    return str(row[0]).count('"starts_at"')


def _in_python(connection: "psycopg.Connection[Any]") -> int:
    """The usual way: load rules and bookings, cut the slots in the application."""
    starts, ends = _period()
    hours = connection.execute(
        "select weekday, opens, nullif(closes, '24:00') from core.weekly_hours"
        f" where resource_id = {_RESOURCE}"
    ).fetchall()
    bookings = connection.execute(
        "select starts_at, ends_at from core.bookings"
        f" where tenant_id = md5('tenant')::uuid and resource_id = {_RESOURCE}"
        " and starts_at < %s and ends_at > %s and status in ('held', 'paying', 'scheduled')",
        (ends, starts),
    ).fetchall()
    zone, length, step = ZoneInfo("UTC"), timedelta(minutes=30), timedelta(minutes=_STEP)
    free: list[tuple[datetime, datetime]] = []
    day = starts.astimezone(zone).date()
    while day <= ends.astimezone(zone).date():
        for weekday, opens, closes in hours:
            if weekday != day.isoweekday():
                continue
            at = datetime.combine(day, opens, zone).astimezone(UTC)
            until = (
                datetime.combine(day + timedelta(days=1), clock_time(), zone)
                if closes is None
                else datetime.combine(day, closes, zone)
            ).astimezone(UTC)
            while at + length <= until:
                if starts <= at < ends and not any(
                    begun < at + length and ended > at for begun, ended in bookings
                ):
                    free.append((at, at + length))
                at += step
        day += timedelta(days=1)
    return len(free)


_STEP = 30


def _fill_pool(connection: "psycopg.Connection[Any]") -> None:
    world.fill_booked(connection, 10_000, resources=100)
    connection.execute(
        "insert into core.pools (tenant_id, id, name, created_at, updated_at)"
        " values (md5('tenant')::uuid, md5('pool')::uuid, 'Any', now(), now())"
    )
    connection.execute(
        "insert into core.pool_resources (tenant_id, pool_id, resource_id)"
        " select md5('tenant')::uuid, md5('pool')::uuid, md5('resource' || n)::uuid"
        " from generate_series(0, 99) as n"
    )
