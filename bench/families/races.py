"""Two hundred customers want one time: how long until each has an answer."""

from collections.abc import Iterator

from bench import drivers, world
from bench.figures import Contestant, Goal, Line, Sample, contest
from bench.server import Server

_RACERS = 200


def lines(server: Server, rounds: int) -> Iterator[Line]:
    """The losers' 99th percentile, ours against FOR UPDATE's."""
    template = server.template("bench_base", world.fill_used)

    def run(kind: str) -> Sample:
        sample, winners = drivers.race(
            server, template, kind, role="holdfast_checkout", racers=_RACERS
        )
        if winners != 1:
            raise RuntimeError(f"{kind}: {winners} winners of one time")
        assert sample.p99_ms is not None
        return Sample(sample.p99_ms, sample.p50_ms, sample.p99_ms)

    yield from contest(
        "race",
        [
            Contestant("race_200_for_update", lambda: run("naive"), _RACERS, "ms"),
            Contestant(
                "race_200",
                lambda: run("race_hold"),
                _RACERS,
                "ms",
                "race_200_for_update",
                Goal("<=", 0.7),
            ),
        ],
        rounds,
    )
