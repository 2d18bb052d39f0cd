"""What a cold start costs: the CPU of each function's imports; a connection and its first call."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import psycopg

from bench import client, world
from bench.figures import Contestant, Goal, Line, Sample, contest, typical
from bench.results import ROOT
from bench.server import Server

# What no function can do without; in proportion to it the imports of each are limited, because
# milliseconds are another machine's.
_BASE = "import aws_lambda_powertools, psycopg"
_READS = 2.2  # with routes and models
_BOOKINGS = 2.8  # with those of bookings, which check addresses
_POSTS = 3.5  # with idempotency, which needs boto3
_PAYS = 4.0  # with Stripe, too
_BUDGETS = {
    "blackouts": _POSTS,
    "bookings": _BOOKINGS,
    "calendars": _POSTS,
    "catalogue": _POSTS,
    "checkout": _PAYS,
    "confirmation": _POSTS,
    "expire_holds": 1.5,
    "lifecycle": _PAYS,
    "offer_waiting": 1.5,
    "openapi": 1.2,
    "pools": _POSTS,
    "schedules": _POSTS,
    "waitlist": _PAYS,
}

_IMPORT = """
import json, resource, sys
sys.path[:0] = [{folder!r}, {layer!r}]
before = resource.getrusage(resource.RUSAGE_SELF)
{statement}
after = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000))
"""


def lines(server: Server, rounds: int) -> Iterator[Line]:
    """A line a function, and the first call against a warm one."""
    functions = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))
    for name in functions:
        _imports("import app", name)  # compiled, as the layer is
    yield from contest(
        "cold",
        [
            Contestant("import_base", partial(_imports, _BASE), 1, "ms"),
            *(
                Contestant(
                    f"import_{name}",
                    partial(_imports, "import app", name),
                    1,
                    "ms",
                    "import_base",
                    Goal("<=", _BUDGETS.get(name, _READS)),
                )
                for name in functions
            ),
        ],
        rounds,
    )
    template = server.template("bench_base", world.fill_used)
    yield from contest(
        "cold",
        [
            Contestant("warm_call", partial(_call, server, template, cold=False), 1, "ms"),
            Contestant(
                "connect_and_first_call",
                partial(_call, server, template, cold=True),
                1,
                "ms",
                "warm_call",
            ),
        ],
        rounds,
    )


def _imports(statement: str, function: str = "") -> Sample:
    """CPU in ms of what a function's process does before its first event."""
    program = _IMPORT.format(
        folder=str(ROOT / "functions" / function),
        layer=str(ROOT / "layers" / "core"),
        statement=statement,
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"AWS_DEFAULT_REGION": "us-east-1"},
    )
    return Sample(float(json.loads(ended.stdout)))


def _call(server: Server, template: str, *, cold: bool) -> Sample:
    latencies = []
    with server.clone(template) as database:
        url = server.url(database, "holdfast_checkout")
        kept: psycopg.Connection[Any] | None = None
        for number in range(20):
            began = time.perf_counter()
            if kept is None:
                kept = psycopg.connect(url, autocommit=True, prepare_threshold=None)
            client.hold(kept, 0, number)
            latencies.append((time.perf_counter() - began) * 1000)
            if cold:
                kept.close()
                kept = None
        if kept is not None:
            kept.close()
    return typical(latencies)
