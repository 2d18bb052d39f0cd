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
from bench.server import ROOT, Server

# CPU of imports in ms on this kind of machine, Python 3.11; the cloud's Graviton differs, the
# proportions hardly do.
_BUDGET_MS = {"default": 700.0}

_IMPORT = """
import json, resource, sys
sys.path[:0] = [%r, %r]
before = resource.getrusage(resource.RUSAGE_SELF)
import app
after = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000))
"""


def lines(server: Server, rounds: int) -> Iterator[Line]:
    """A line a function, and the first call against a warm one."""
    functions = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))
    yield from contest(
        "cold",
        [
            Contestant(
                f"import_{name}",
                partial(_imports, name),
                1,
                "ms",
                None,
                Goal("<=", _BUDGET_MS.get(name, _BUDGET_MS["default"]), "value"),
            )
            for name in functions
        ],
        rounds,
    )
    template = server.template("bench_base", world.fill)
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


def _imports(function: str) -> Sample:
    paths = (str(ROOT / "functions" / function), str(ROOT / "layers" / "core"))
    environment = {
        **os.environ,
        "AWS_DEFAULT_REGION": "us-east-1",
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
        "POWERTOOLS_METRICS_DISABLED": "true",
    }
    ended = subprocess.run(
        [sys.executable, "-c", _IMPORT % paths],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
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
