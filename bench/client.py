"""Clients in processes of their own: `python -m bench.client KIND URL CLIENTS SECONDS NETWORK`.

NETWORK is how many seconds each round trip to the database takes longer than on this machine.
Imports little and prints one JSON object, so that a process costs what an application's would.
"""

import hashlib
import itertools
import json
import multiprocessing
import sys
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from bench.world import CUSTOMERS, FIRST_DAY, PUBLISHABLE, SECRET

_RACING_PROCESSES = 4
_PEOPLE_PER_RACER = 3  # two calls to warm up, one that counts
_WARM_UP_CALLS = 20  # until every plan of the session is made
_PATIENCE_SECONDS = 90  # a busy machine takes long to connect two hundred
ACTOR = Jsonb({"key_hash": hashlib.sha256(PUBLISHABLE.encode()).hexdigest(), "request_id": "bench"})
SERVER = Jsonb({"key_hash": hashlib.sha256(SECRET.encode()).hexdigest(), "request_id": "bench"})
_PEOPLE = itertools.count(int(time.time() * 1000) % CUSTOMERS)  # hardly any customer twice
_SECRET = hashlib.sha256(b"secret").digest()

Act = Callable[["psycopg.Connection[Any]", int, int], bool]


def hold(
    connection: "psycopg.Connection[Any]", client: int, number: int, customer: int | None = None
) -> bool:
    """One call of the stored function, as the handler makes it. False: the time was taken."""
    resource = {"resource_id": identifier(f"resource{client * 30 + number % 30}")}
    who = client * 1000 + number if customer is None else customer
    return _hold(connection, resource, [number // 30 * 30], who)


def race_hold(connection: "psycopg.Connection[Any]", client: int, number: int) -> bool:
    """The same, by another customer each time: racers for one time are not one person."""
    return hold(connection, client, number, next(_PEOPLE))


def pool_hold(connection: "psycopg.Connection[Any]", client: int, number: int) -> bool:
    """Any of ten resources; every client has a pool of its own."""
    minutes = number // 10 * 30
    return _hold(connection, {"pool_id": identifier(f"pool{client}")}, [minutes], number)


def cart_hold(connection: "psycopg.Connection[Any]", client: int, number: int) -> bool:
    """Ten periods in one hold."""
    first = number // 30 * 10
    minutes = [(first + place) * 30 for place in range(10)]
    resource = {"resource_id": identifier(f"resource{client * 30 + number % 30}")}
    return _hold(connection, resource, minutes, client * 1000 + number)


def group_join(connection: "psycopg.Connection[Any]", client: int, number: int) -> bool:
    """A seat in a class of eight."""
    resource = {"resource_id": identifier(f"class{client}")}
    offering = {"offering_id": identifier("offering_class")}
    return _hold(connection, resource | offering, [number * 60], next(_PEOPLE))


def move(connection: "psycopg.Connection[Any]", client: int, number: int) -> bool:
    """A paid booking to another time at the same price; the client's own, one after the other."""
    booking = client * 1000 + 320 + number  # the pools have the first 320 resources
    starts = FIRST_DAY + timedelta(days=200 + client, minutes=30 * number)
    connection.execute(
        "select api.reschedule_booking(%s, %s, %s, %s, null)",
        (
            SERVER,
            identifier(f"booking{booking}"),
            str(uuid.uuid4()),
            Jsonb({"resource_id": None, "starts_at": starts.isoformat(), "date": None}),
        ),
    ).fetchone()
    return True


def _hold(
    connection: "psycopg.Connection[Any]", place: dict[str, str], minutes: list[int], number: int
) -> bool:
    periods: list[dict[str, str | None]] = [
        {
            "resource_id": None,
            "pool_id": None,
            "offering_id": identifier("offering30"),
            "starts_at": (FIRST_DAY + timedelta(minutes=minute)).isoformat(),
            "date": None,
            "tier": "standard",
            "package": "single",
            "repeat": None,
        }
        | dict[str, str | None](place)
        for minute in minutes
    ]
    customer = {"name": "C", "email": f"c{number % CUSTOMERS}@example.com", "phone": None}
    request = {"customer": customer, "notes": None} | (
        periods[0] if len(periods) == 1 else {"items": periods}
    )
    try:
        connection.execute(
            "select api.create_hold(%s, %s, %s, %s, %s)",
            (ACTOR, str(uuid.uuid4()), uuid.uuid4(), _SECRET, Jsonb(request)),
        ).fetchone()
    except psycopg.Error as error:
        if error.sqlstate != "KHTKN":
            raise
        return False
    return True


def naive(connection: "psycopg.Connection[Any]", client: int, number: int) -> bool:
    """The usual way: a statement at a time, the resource's row locked, rules checked in Python."""
    resource, minutes = client * 30 + number % 30, number // 30 * 30
    starts = FIRST_DAY + timedelta(minutes=minutes)
    ends = starts + timedelta(minutes=30)
    key = str(uuid.uuid4())
    with connection.transaction():
        connection.execute(
            "select booking_id from bench.naive_keys where key = %s", (key,)
        ).fetchone()
        connection.execute(
            "select id, step from bench.naive_resources where id = %s for update", (resource,)
        ).fetchone()
        taken = connection.execute(
            "select id from bench.naive_bookings where resource_id = %s"
            " and status in ('held', 'confirmed') and starts_at < %s and ends_at > %s",
            (resource, ends, starts),
        ).fetchone()
        if taken is not None:
            return False
        row = connection.execute(
            "insert into bench.naive_bookings"
            " (resource_id, customer, starts_at, ends_at, status, amount, expires_at)"
            " values (%s, %s, %s, %s, 'held', 4500, now() + interval '5 minutes') returning id",
            (resource, f"c{number}@example.com", starts, ends),
        ).fetchone()
        assert row is not None
        connection.execute("insert into bench.naive_keys values (%s, %s)", (key, row[0]))
        connection.execute(
            "insert into bench.naive_events (booking_id, status) values (%s, 'held')", (row[0],)
        )
    return True


_ACTS: dict[str, Act] = {
    "cart_hold": cart_hold,
    "group_join": group_join,
    "hold": hold,
    "move": move,
    "naive": naive,
    "pool_hold": pool_hold,
    "race_hold": race_hold,
}


def identifier(name: str) -> str:
    """The id that SQL makes of a name: md5(name)::uuid."""
    return str(uuid.UUID(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()))


class _FarConnection(psycopg.Connection[Any]):
    """A connection through a network: each round trip takes so many seconds longer."""

    network_seconds = 0.0

    def wait(self, *arguments: Any, **options: Any) -> Any:
        if self.network_seconds:
            time.sleep(self.network_seconds)
        return super().wait(*arguments, **options)


def _keep_calling(
    act: Act, url: str, client: int, seconds: float, start: Barrier, tell: Any
) -> None:
    latencies: list[float] = []
    with _FarConnection.connect(url, autocommit=True, prepare_threshold=None) as connection:
        for number in range(_WARM_UP_CALLS):
            act(connection, client, number)
        start.wait()
        end = time.perf_counter() + seconds
        number = _WARM_UP_CALLS
        while (began := time.perf_counter()) < end:
            act(connection, client, number)
            latencies.append((time.perf_counter() - began) * 1000)
            number += 1
    tell.put(latencies)


def _race(act: Act, url: str, racers: int, first: int, start: Barrier, tell: Any) -> None:
    for _ in range(first * _PEOPLE_PER_RACER):
        next(_PEOPLE)  # no process of the race asks for a person of another
    found: list[tuple[bool, float, float, float]] = []
    together = threading.Barrier(racers + 1)

    def run(place: int) -> None:
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
            # another time, and once more refused: warm for both, as a kept environment is
            act(connection, 1, place)
            act(connection, 1, place)
            together.wait(_PATIENCE_SECONDS)
            together.wait(_PATIENCE_SECONDS)
            began = time.perf_counter()
            won = act(connection, 0, 0)  # the same time for all
            ended = time.perf_counter()
            found.append((won, (ended - began) * 1000, began, ended))

    threads = [threading.Thread(target=run, args=(first + n,)) for n in range(racers)]
    for thread in threads:
        thread.start()
    together.wait(_PATIENCE_SECONDS)
    start.wait(_PATIENCE_SECONDS)
    together.wait(_PATIENCE_SECONDS)
    for thread in threads:
        thread.join()
    tell.put(found)


def main() -> None:
    kind, url, clients, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    _FarConnection.network_seconds = float(sys.argv[5])
    context = multiprocessing.get_context("fork")
    tell: Any = context.Queue()
    if kind.startswith("race_"):
        act = _ACTS[kind.removeprefix("race_")]
        start = context.Barrier(_RACING_PROCESSES)
        share = clients // _RACING_PROCESSES
        arguments = [
            (act, url, share, share * number, start, tell) for number in range(_RACING_PROCESSES)
        ]
        workers = [context.Process(target=_race, args=each) for each in arguments]
    else:
        start = context.Barrier(clients)
        workers = [
            context.Process(
                target=_keep_calling, args=(_ACTS[kind], url, client, seconds, start, tell)
            )
            for client in range(clients)
        ]
    for worker in workers:
        worker.start()
    told = [each for _ in workers for each in tell.get(timeout=_PATIENCE_SECONDS * 2)]
    for worker in workers:
        worker.join()
    if kind.startswith("race_"):
        losers = [milliseconds for won, milliseconds, _, _ in told if not won]
        wall = max(each[3] for each in told) - min(each[2] for each in told)
        answer: dict[str, Any] = {
            "winners": sum(won for won, *_ in told),
            "latencies": losers,
            "wall_ms": wall * 1000,
        }
    else:
        answer = {"latencies": told}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
