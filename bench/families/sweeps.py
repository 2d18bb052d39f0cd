"""How fast is a backlog of expired holds cleared, and what does it delay?"""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import psycopg

from bench import drivers, world
from bench.figures import Contestant, Goal, Line, Sample, contest, of_latencies
from bench.server import Server
from holdfast.platform.sweeps import rest

_EXPIRED = 100_000
_BATCH = 500  # as the function's own
_CLIENTS = 4
_SECONDS = 3


def lines(server: Server, rounds: int) -> Iterator[Line]:
    """Rows a second alone; and the rate of holds beside a sweep against the rate without one."""
    expired = server.scaled(_EXPIRED)
    template = server.template("bench_expired", partial(world.fill_expired, holds=expired))

    def sweep_alone() -> Sample:
        with server.clone(template) as database:
            began = time.perf_counter()
            cleared = _sweep(server, database, lambda: False)
            seconds = time.perf_counter() - began
        if cleared != expired:
            raise RuntimeError(f"{cleared} of {expired} holds were expired")
        return Sample(cleared / seconds)

    def holds(*, beside_a_sweep: bool) -> Sample:
        with server.clone(template) as database:
            over = threading.Event()
            sweeper = threading.Thread(target=_sweep, args=(server, database, over.is_set))
            if beside_a_sweep:
                sweeper.start()
            latencies = drivers.pgbench(
                server,
                database,
                "hold",
                role="holdfast_checkout",
                clients=_CLIENTS,
                seconds=_SECONDS,
            )
            over.set()
            if beside_a_sweep:
                sweeper.join()
        return of_latencies(latencies, _SECONDS)

    yield from contest(
        "sweep",
        [Contestant("sweep", sweep_alone, 1, "rows/s", None, Goal(">=", 5_000, "value"))],
        max(1, rounds // 2),
    )
    yield from contest(
        "sweep",
        [
            Contestant("hold_without_sweep", partial(holds, beside_a_sweep=False), _CLIENTS),
            Contestant(
                "hold_beside_sweep",
                partial(holds, beside_a_sweep=True),
                _CLIENTS,
                against="hold_without_sweep",
                goal=Goal(">=", 0.8),
            ),
        ],
        rounds,
    )


def _sweep(server: Server, database: str, over: Callable[[], bool]) -> int:
    """Batch after batch, at the pace of the function's own."""
    cleared = 0
    url = server.url(database, "holdfast_expire_holds")
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        while not over():
            began = time.perf_counter()
            row = connection.execute("select api.expire_holds(%s)", (_BATCH,)).fetchone()
            assert row is not None
            cleared += row[0]["expired"]
            if not row[0]["more"]:
                break
            time.sleep(rest(time.perf_counter() - began))
    return cleared
