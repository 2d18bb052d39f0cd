"""How fast is a hold: against the limit, against the usual way, on one hot resource."""

from collections.abc import Iterator
from functools import partial

from bench import drivers, world
from bench.figures import Contestant, Goal, Line, contest
from bench.server import Server

_CHECKOUT = "holdfast_checkout"  # the role of the function that holds


def lines(server: Server, rounds: int) -> Iterator[Line]:
    """Limit, hold, hold on a hot resource; at 1, 8 and 32 clients; and the usual way at 8."""
    template = server.template("bench_base", world.fill_used)
    for clients in (1, 8, 32):
        yield from contest("holds", _by_pgbench(server, template, clients), rounds)
    for clients in (1, 8, 32):
        yield from contest("application", _by_application(server, template, clients), rounds)


def _by_pgbench(server: Server, template: str, clients: int) -> list[Contestant]:
    def contestant(script: str, against: str | None, goal: Goal | None = None) -> Contestant:
        return Contestant(
            f"{script}@{clients}",
            partial(drivers.rate, server, template, script, role=_CHECKOUT, clients=clients),
            clients,
            against=against and f"{against}@{clients}",
            goal=goal,
        )

    return [
        contestant("limit", None),
        contestant("hold", "limit", Goal(">=", 0.5) if clients == 8 else None),
        contestant("hold_hot", "hold", Goal(">=", 0.65) if clients == 32 else None),
        contestant("hold_same_day", "hold"),
    ]


def _by_application(server: Server, template: str, clients: int) -> list[Contestant]:
    def contestant(kind: str, name: str, against: str | None, goal: Goal | None) -> Contestant:
        return Contestant(
            f"{name}@{clients}",
            partial(drivers.processes, server, template, kind, role=_CHECKOUT, clients=clients),
            clients,
            against=against and f"{against}@{clients}",
            goal=goal,
        )

    return [
        contestant("naive", "naive_hold", None, None),
        contestant(
            "hold", "hold_from_python", "naive_hold", Goal(">=", 3) if clients == 8 else None
        ),
    ]
