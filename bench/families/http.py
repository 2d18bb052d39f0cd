"""A hold over HTTP: through the local gateway, through a bare server, and where its time goes."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import drivers, world
from bench.figures import Contestant, Goal, Line, Sample, contest, of_latencies
from bench.server import Server

_CLIENTS = 8
_SECONDS = 2
_CALLS = 40
_PARTS = ("parse", "idempotency", "store", "database", "serialise")


def lines(server: Server, rounds: int) -> Iterator[Line]:
    """Bare server against pgbench; gateway; the handler in process, split into its parts."""
    template = server.template("bench_base", world.fill_used)
    yield from contest(
        "http",
        [
            Contestant(
                "hold_pgbench",
                partial(
                    drivers.rate, server, template, "hold", role="holdfast_checkout",
                    clients=_CLIENTS, seconds=_SECONDS,
                ),
                _CLIENTS,
            ),
            Contestant(
                "hold_bare_http",
                partial(_bare, server, template),
                _CLIENTS,
                against="hold_pgbench",
                goal=Goal(">=", 0.5),
            ),
        ],
        rounds,
    )  # fmt: skip
    with _stack() as manifest:
        yield from contest(
            "http", [Contestant("http_hold", partial(_through_gateway, manifest), 1, "ms")], rounds
        )
    hold = _Handler(server, template, "hold", "holdfast_checkout")
    listing = _Handler(server, template, "listing", "holdfast_availability")

    def part(name: str, against: str | None, goal: Goal | None = None) -> Contestant:
        run = partial(hold.part, name)
        return Contestant(f"handler_{name}", run, 1, "ms", against and f"handler_{against}", goal)

    def of_listing(name: str, goal: Goal | None = None) -> Contestant:
        return Contestant(f"listing_{name}", partial(listing.part, name), 1, "ms", goal=goal)

    yield from contest(
        "http",
        [
            part("total", None),
            *(part(name, "total") for name in _PARTS),
            part("own", "total", Goal("<=", 2.5, "value")),
            of_listing("total"),
            of_listing("database"),
            of_listing("own", Goal("<=", 1, "value")),
        ],
        rounds,
    )


def _bare(server: Server, template: str) -> Sample:
    """Nothing but a socket, JSON and the stored function, in two processes."""
    with server.clone(template) as database:
        url = server.url(database, "holdfast_checkout")
        latencies = drivers.program("bench.bare", url, str(_CLIENTS), str(_SECONDS))
    return of_latencies(latencies, _SECONDS)


@contextmanager
def _stack() -> Iterator[dict[str, Any]]:
    """The local stack as `make up` starts it, in a folder of its own."""
    with TemporaryDirectory(prefix="holdfast-bench-stack-") as folder:
        from tests.stack.running import Stack  # noqa: PLC0415 only this family needs a stack

        stack = Stack(Path(folder) / "local")
        try:
            yield stack.up().manifest
        finally:
            stack.clear()


def _through_gateway(manifest: dict[str, Any]) -> Sample:
    """Client → gateway → runtime → handler → DynamoDB and PostgreSQL, one after the other."""
    venue = manifest["resources"][1]  # eight places: many holds before it is full
    connection = HTTPConnection(manifest["api"].removeprefix("http://"), timeout=30)
    start = (world.FIRST_DAY + timedelta(hours=15)).replace(microsecond=0)
    latencies = []
    for number in range(_CALLS):
        body = {
            "resource_id": venue["id"],
            "offering_id": venue["offerings"][0]["id"],
            "starts_at": (start + timedelta(days=number // 5 + 1, hours=number % 5)).isoformat(),
            "customer": {"name": "C", "email": f"bench{uuid.uuid4().hex}@example.com"},
        }
        headers = {
            "authorization": f"Bearer {manifest['publishable_key']}",
            "content-type": "application/json",
            "idempotency-key": str(uuid.uuid4()),
        }
        began = time.perf_counter()
        connection.request("POST", "/v1/holds", json.dumps(body), headers)
        answer = connection.getresponse()
        answer.read()
        latencies.append((time.perf_counter() - began) * 1000)
        if answer.status != 201:
            raise RuntimeError(f"a hold was answered {answer.status}")
    connection.close()
    ordered = sorted(latencies)
    return Sample(ordered[len(ordered) // 2], ordered[len(ordered) // 2], ordered[-1])


class _Handler:
    """A warm handler in process, its time taken apart; one run of it a round serves all parts."""

    def __init__(self, server: Server, template: str, kind: str, role: str) -> None:
        self._server = server
        self._template = template
        self._kind = kind
        self._role = role
        self._left: dict[str, float] = {}

    def part(self, name: str) -> Sample:
        """The median of one part, in ms."""
        if name not in self._left:
            self._left = self._run()
        milliseconds = self._left.pop(name)
        return Sample(milliseconds, milliseconds)

    def _run(self) -> dict[str, float]:
        with self._server.clone(self._template) as database, TemporaryDirectory() as folder:
            url = self._server.url(database, self._role)
            parts: dict[str, float] = drivers.program("bench.handler", self._kind, url, folder)
        return parts
