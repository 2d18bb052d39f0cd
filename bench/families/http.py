"""A hold over HTTP: through the local gateway, through a bare server, and where its time goes."""

import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bench import drivers, world
from bench.figures import Contestant, Goal, Line, Sample, contest, of_latencies
from bench.server import ROOT, Server

_CLIENTS = 8
_SECONDS = 2
_QUIET = {"POWERTOOLS_LOG_LEVEL": "CRITICAL", "POWERTOOLS_METRICS_DISABLED": "true"}


def lines(server: Server, rounds: int) -> Iterator[Line]:
    """Bare server against pgbench; gateway; the handler in process, split into its parts."""
    template = server.template("bench_base", world.fill)
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
    yield _handler(server, template)


def _bare(server: Server, template: str) -> Sample:
    """Nothing but a socket, JSON and the stored function, in two processes."""
    with server.clone(template) as database:
        url = server.url(database, "holdfast_checkout")
        ended = subprocess.run(
            [sys.executable, "-m", "bench.bare", url, str(_CLIENTS), str(_SECONDS)],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
    return of_latencies(json.loads(ended.stdout), _SECONDS)


@contextmanager
def _stack() -> Iterator[dict[str, Any]]:
    """The local stack as `make up` starts it, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-stack-") as folder:
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
    for number in range(40):
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


def _handler(server: Server, template: str) -> Line:
    """The warm handler in process: what is not the database's or DynamoDB's is its own."""
    with server.clone(template) as database, tempfile.TemporaryDirectory() as folder:
        url = server.url(database, "holdfast_checkout")
        ended = subprocess.run(
            [sys.executable, "-m", "bench.handler", url, folder],
            cwd=ROOT, capture_output=True, text=True, check=True,
            env=os.environ | _QUIET,
        )  # fmt: skip
    parts = json.loads(ended.stdout.splitlines()[-1])
    own = parts["total"] - parts["database"] - parts["dynamodb"]
    goal = Goal("<=", 3, "value")
    return Line(
        "handler_hold", "http", 1, own, "ms", goal=str(goal), met=goal.met(own, None), parts=parts
    )
