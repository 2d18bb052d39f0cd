"""Does it stay as fast with years of past bookings?"""

import itertools
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from bench import client, world
from bench.figures import Contestant, Goal, Line, Sample, contest, typical
from bench.server import Server

_PAST = (1_000, 100_000, 1_000_000)
_CALLS = 120
_WARM = 5  # plans are made by then
_FLAT = 1.2  # what may lie between a thousand and a million past bookings

Call = Callable[["psycopg.Connection[Any]", int], None]


def lines(server: Server, rounds: int) -> Iterator[Line]:
    """Hold, slots, list of bookings and sweep, with a thousand to a million past bookings."""
    for name, (role, call) in _CALLED.items():
        contestants = [
            Contestant(
                f"growth_{name}_{past}",
                partial(_sample, server, past, role, call),
                1,
                "ms",
                None if past == _PAST[0] else f"growth_{name}_{_PAST[0]}",
                Goal("<=", _FLAT) if past == _PAST[-1] else None,
            )
            for past in _PAST
        ]
        yield from contest("growth", contestants, rounds)


def _sample(server: Server, past: int, role: str, call: Call) -> Sample:
    # one database a size for the whole run: copying a million bookings takes long
    template = server.template(
        f"bench_past_{past}", partial(world.fill_past, bookings=server.scaled(past))
    )
    latencies = []
    with psycopg.connect(
        server.url(template, role), autocommit=True, prepare_threshold=None
    ) as connection:
        for number in range(_CALLS + _WARM):
            began = time.perf_counter()
            call(connection, next(_numbers))
            if number >= _WARM:
                latencies.append((time.perf_counter() - began) * 1000)
    return typical(latencies)


_numbers = itertools.count()  # a call's own: of a time that is not held


def _hold(connection: "psycopg.Connection[Any]", number: int) -> None:
    assert client.hold(connection, 0, number)


def _slots(connection: "psycopg.Connection[Any]", number: int) -> None:
    # a resource with a long past, where nothing is held in the meantime
    row = connection.execute(
        "select api.list_slots_as_text("
        "%s, md5('resource99')::uuid, md5('offering30')::uuid, %s, %s)",
        (client.ACTOR, world.FIRST_DAY, world.FIRST_DAY + timedelta(days=30)),
    ).fetchone()
    assert row is not None
    assert '"starts_at"' in row[0]


def _list(connection: "psycopg.Connection[Any]", number: int) -> None:
    # a page in the middle of it all
    then = world.FIRST_DAY - timedelta(days=4)
    row = connection.execute(
        "select api.list_bookings(%s, %s, null, 50)",
        (client.SERVER, Jsonb({"starts_from": then.isoformat()})),
    ).fetchone()
    assert row is not None
    assert row[0]["bookings"]


def _expire(connection: "psycopg.Connection[Any]", number: int) -> None:
    row = connection.execute("select api.expire_holds(1)").fetchone()
    assert row is not None
    assert row[0]["expired"] == 1


_CALLED: dict[str, tuple[str, Call]] = {
    "hold": ("holdfast_checkout", _hold),
    "slots": ("holdfast_availability", _slots),
    "list_bookings": ("holdfast_bookings", _list),
    "expire": ("holdfast_expire_holds", _expire),
}
