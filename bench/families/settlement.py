"""What a payment event costs: the first time, and every time after it."""

from collections.abc import Iterator
from functools import partial

from bench import drivers, world
from bench.figures import Contestant, Goal, Line, Sample, contest, of_latencies, typical
from bench.server import Server

_CLIENTS = 8
_BOOKINGS = 48_000
_SECONDS = 2


def lines(server: Server, rounds: int) -> Iterator[Line]:
    """A payment against the limit; a repeated event against the first."""
    base = server.template("bench_base", world.fill_used)
    paying = server.template("bench_paying", partial(world.fill_paying, bookings=_BOOKINGS))

    def settle(script: str) -> list[float]:
        with server.clone(paying) as database:
            return drivers.pgbench(
                server,
                database,
                script,
                role="holdfast_webhook",
                clients=_CLIENTS,
                seconds=_SECONDS,
                share=_BOOKINGS // _CLIENTS,
            )

    def rows() -> Sample:
        return of_latencies(settle("limit_settle_rows"), _SECONDS)

    def first() -> Sample:
        return of_latencies(settle("settle"), _SECONDS)

    def duplicate() -> Sample:
        return typical(settle("settle_duplicate"))

    yield from contest(
        "settlement",
        [
            Contestant(
                "limit_settle",
                partial(
                    drivers.rate, server, base, "limit", role="holdfast_webhook",
                    clients=_CLIENTS, seconds=_SECONDS,
                ),
                _CLIENTS,
            ),
            Contestant("limit_settle_rows", rows, _CLIENTS, "/s", "limit_settle"),
            Contestant("settle", first, _CLIENTS, "/s", "limit_settle", Goal(">=", 0.35)),
            Contestant(
                "settle_of_limit_rows", "settle", _CLIENTS, against="limit_settle_rows"
            ),
        ],
        rounds,
    )  # fmt: skip
    yield from contest(
        "settlement",
        [
            Contestant("settle_first", lambda: typical(settle("settle")), _CLIENTS, "ms"),
            Contestant(
                "settle_duplicate", duplicate, _CLIENTS, "ms", "settle_first", Goal("<=", 0.5)
            ),
        ],
        rounds,
    )
