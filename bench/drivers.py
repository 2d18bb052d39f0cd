"""What drives the database: pgbench for its own limit, psycopg for an application's."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.figures import Sample, of_latencies, typical
from bench.results import ROOT
from bench.server import Server
from bench.world import FIRST_DAY
from dev.programs.postgres_binaries import binaries

_SCRIPTS = Path(__file__).parent / "sql"
_THREADS = 2
_WARM_UP = 1.0  # seconds in which sessions make their plans; not counted


def pgbench(
    server: Server,
    database: str,
    script: str,
    *,
    role: str = "postgres",
    clients: int,
    seconds: int = 2,
    transactions: int | None = None,
    **variables: int,
) -> list[float]:
    """Latencies in ms of every transaction of `sql/<script>.sql`, after sessions have warmed up.

    The script's own expressions are prepared, so that arguments cost the server next to nothing.

    Args:
        transactions: so many for each client instead of so many seconds, all of them counted.
        variables: further numbers for the script; `n` counts from 0 in every client.

    Raises:
        RuntimeError: a transaction failed.
    """
    known = {"n": 0, "clients": clients, "first_day": int(FIRST_DAY.timestamp())} | variables
    warm_up = _WARM_UP if transactions is None else 0.0
    length = (
        ["-T", str(seconds + round(warm_up))] if transactions is None else ["-t", str(transactions)]
    )
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        command = [
            *(str(binaries() / "pgbench"), "-n", "-M", "prepared", "-l"),
            *("--log-prefix", f"{folder}/log", "-h", "127.0.0.1", "-p", str(server.port)),
            *("-U", role, "-c", str(clients), "-j", str(min(_THREADS, clients)), *length),
            *(part for name, value in known.items() for part in ("-D", f"{name}={value}")),
            *("-f", str(_SCRIPTS / f"{script}.sql"), database),
        ]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise RuntimeError(f"{script}: {ended.stderr.strip()[-2000:]}")
        # client, number, µs, script, and when it ended: seconds, µs
        entries = [
            (int(fields[4]) + int(fields[5]) / 1e6, int(fields[2]) / 1000)
            for log in Path(folder).glob("log*")
            for line in log.read_text(encoding="ascii").splitlines()
            for fields in (line.split(),)
        ]
        counted_from = min(ended for ended, _ in entries) + warm_up
        return [taken for ended, taken in entries if ended >= counted_from]


def rate(
    server: Server, template: str, script: str, *, role: str, clients: int, seconds: int = 2
) -> Sample:
    """Transactions a second in a fresh copy of a template."""
    with server.clone(template) as database:
        latencies = pgbench(server, database, script, role=role, clients=clients, seconds=seconds)
    return of_latencies(latencies, seconds)


def processes(
    server: Server,
    template: str,
    kind: str,
    *,
    role: str,
    clients: int,
    seconds: int = 2,
    network_ms: float = 0,
) -> Sample:
    """Calls a second of that many processes of `bench.client`, in a fresh copy of a template.

    Args:
        network_ms: what a network would add to each round trip.
    """
    with server.clone(template) as database:
        url = server.url(database, role)
        said = program(
            "bench.client", kind, url, str(clients), str(seconds), str(network_ms / 1000)
        )
    return of_latencies(said["latencies"], seconds)


def race(server: Server, template: str, kind: str, *, role: str, racers: int) -> tuple[Sample, int]:
    """That many connections want one time at the same moment.

    Returns:
        The time in ms until all had their answer, with the losers' percentiles; and the winners.
    """
    with server.clone(template) as database:
        url = server.url(database, role)
        said = program("bench.client", f"race_{kind}", url, str(racers), "0", "0")
    losers = typical(said["latencies"])
    return Sample(said["wall_ms"], losers.p50_ms, losers.p99_ms), said["winners"]


def program(module: str, *arguments: str) -> Any:
    """What a module, run as a program of its own, prints last, as JSON.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    ended = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        raise RuntimeError(f"{module} {arguments[0]}: {ended.stderr.strip()[-2000:]}")
    return json.loads(ended.stdout.splitlines()[-1])
