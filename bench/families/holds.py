"""How fast is a hold: against the limit, against the usual way, on one hot resource."""

from collections.abc import Iterator
from functools import partial

from bench import drivers, world
from bench.figures import Contestant, Goal, Line, contest
from bench.server import Server

_CHECKOUT = "holdfast_checkout"  # the role of the function that holds


def lines(server: Server, rounds: int) -> Iterator[Line]:
    """Limits, hold, hold on a hot resource; the usual way, on one machine and over a network."""
    template = server.template("bench_base", world.fill_used)
    for clients in (1, 8, 32):
        yield from contest("holds", _by_pgbench(server, template, clients), rounds)
    for clients in (1, 8, 32):
        yield from contest("application", _by_application(server, template, clients), rounds)
    yield from contest("application", _over_network(server, template), rounds)


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
        contestant("limit_rows", "limit"),
        contestant("hold", "limit", Goal(">=", 0.25) if clients == 8 else None),
        Contestant(
            f"hold_of_limit_rows@{clients}",
            f"hold@{clients}",
            clients,
            against=f"limit_rows@{clients}",
            goal=Goal(">=", 0.6) if clients == 8 else None,
        ),
        contestant("hold_hot", "hold", Goal(">=", 0.65) if clients == 32 else None),
        Contestant(
            f"hold_hot_spread@{clients}",
            f"hold_hot@{clients}",
            clients,
            goal=Goal("<=", 4, "spread") if clients == 32 else None,
        ),
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
            "hold", "hold_from_python", "naive_hold", Goal(">=", 1.2) if clients == 8 else None
        ),
    ]


def _over_network(server: Server, template: str) -> list[Contestant]:
    """Each round trip takes half a millisecond longer, as between two machines of one region."""

    def contestant(kind: str, name: str, against: str | None, goal: Goal | None) -> Contestant:
        run = partial(
            drivers.processes, server, template, kind, role=_CHECKOUT, clients=8, network_ms=0.5
        )
        return Contestant(name, run, 8, against=against, goal=goal)

    return [
        contestant("naive", "naive_hold_network@8", None, None),
        contestant("hold", "hold_network@8", "naive_hold_network@8", Goal(">=", 3)),
    ]
