"""Long runs and replays: `make torture OPS=50000`, `make replay SEED=7 STEPS=1,5,9`."""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from tests.harness.database import cluster
from tests.simulation.episode import Failure, Report, run
from tests.simulation.tasks import Site
from tests.simulation.workers import BATCH, EPISODE, play_batch, shorten, start_worker, strike
from tests.simulation.world import laboratory


def main() -> int:
    """Play, show progress, report; 1 if a law was broken or a call site was never struck."""
    arguments = _arguments()
    with _run_folder() as folder:
        if arguments.steps is not None:
            return _replay(arguments, folder)
        return _torture(arguments, folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--operations", type=int, default=50_000, help="steps in all")
    parser.add_argument("--seed", type=int, default=1, help="of the first episode")
    parser.add_argument("--steps", help="replay: the numbers of the steps, 1,5,9 or all")
    parser.add_argument(
        "--strike",
        default=[],
        type=Site.named,
        action="append",
        help="replay: a site that was struck, too",
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--report", type=Path, help="where to write the figures as JSON")
    return parser.parse_args()


@contextmanager
def _run_folder() -> Iterator[str]:
    cluster.open_run()
    try:
        with tempfile.TemporaryDirectory() as folder:
            yield folder
    finally:
        cluster.close_run()


def _torture(arguments: argparse.Namespace, folder: str) -> int:
    seeds = itertools.count(arguments.seed)
    report = Report()
    failures: list[Failure] = []
    started = time.monotonic()
    cluster.template(cluster.cluster())
    with ProcessPoolExecutor(
        arguments.workers, get_context("spawn"), start_worker, (folder,)
    ) as workers:
        running: set[Future[tuple[Report, list[Failure]]]] = set()
        while not failures and report.operations < arguments.operations:
            while len(running) < arguments.workers * 2:
                running.add(workers.submit(play_batch, list(itertools.islice(seeds, BATCH))))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for each in done:
                part, broken = each.result()
                report.add(part)
                failures += broken
            _progress(report, arguments.operations, started)
        for each in running:
            each.cancel()
        failures += _strike_rest(workers, report) if not failures else []
        shrunk = [workers.submit(shorten, failure).result() for failure in failures[:1]]
    seconds = time.monotonic() - started
    for failure in shrunk:
        _tell(failure)
    never = sorted(f"{site} (of {report.sites[site]} times)" for site in _missed(report))
    _summarise(report, seconds, never)
    if arguments.report is not None:
        _write(arguments, report, seconds, never)
    return 1 if failures or never else 0


def _strike_rest(workers: ProcessPoolExecutor, report: Report) -> list[Failure]:
    """Some sites are rarely reached: the histories that reached them are played again and struck
    there.
    """
    failures: list[Failure] = []
    left: set[Site] = set()
    while not failures and (missed := _missed(report)) != left:
        left = missed
        struck = [
            workers.submit(strike, site, report.visitors[site]) for site in sorted(left, key=str)
        ]
        for each in struck:
            part, broken = each.result()
            report.add(part)
            failures += broken
    return failures


def _missed(report: Report) -> set[Site]:
    return report.sites.keys() - report.crashes.keys()


def _replay(arguments: argparse.Namespace, folder: str) -> int:
    seed, listed = arguments.seed, arguments.steps
    steps = range(EPISODE) if listed == "all" else [int(step) for step in listed.split(",")]
    server = cluster.cluster()
    with laboratory() as cell:
        failure = run(server, cell, Path(folder), seed, tuple(steps), Report(), arguments.strike)
    if failure is None:
        print(f"Seed {seed}: every invariant holds through {len(steps)} steps.")
        return 0
    _tell(failure)
    return 1


def _progress(report: Report, wanted: int, started: float) -> None:
    share = min(1.0, report.operations / wanted)
    bar = "█" * round(share * 30)
    rate = report.operations / (time.monotonic() - started)
    faults = sum(report.faults.values())
    line = f"{bar:░<30} {report.operations:>7} operations, {faults} faults, {rate:.0f}/s"
    print(f"\r{line}" if sys.stderr.isatty() else line, file=sys.stderr, end="\r", flush=True)


def _tell(failure: Failure) -> None:
    print(f"\nSeed {failure.seed} breaks this, in {len(failure.steps)} steps:\n")
    for broken in failure.broken:
        print(f"  {broken}")
    print("\nWhat happened (step, clock, action):\n")
    for line in failure.log:
        print(f"  {line}")
    steps = ",".join(map(str, failure.steps))
    options = "".join(f" --strike '{site}'" for site in failure.doomed)
    strike = f' STRIKE="{options}"' if options else ""
    print(f"\nReplay it:  make replay SEED={failure.seed} STEPS={steps}{strike}\n")


def _summarise(report: Report, seconds: float, never: list[str]) -> None:
    covered = len(report.sites) - len(never)
    print(
        f"\n{report.operations} operations in {seconds:.0f} s, {report.checks} checks of all laws"
    )
    print(f"{sum(report.faults.values())} faults:")
    for name, number in report.faults.most_common():
        print(f"  {number:>7}  {name}")
    print(f"crashes at {covered} of {len(report.sites)} call sites:")
    for site, number in sorted(report.crashes.items(), key=lambda item: str(item[0])):
        print(f"  {number:>7}  {site} (of {report.sites[site]} times)")
    for missed in never:
        print(f"        0  {missed}: never struck")
    print("bookings at the end: " + ", ".join(f"{n} {name}" for name, n in report.ends.items()))


def _write(arguments: argparse.Namespace, report: Report, seconds: float, never: list[str]) -> None:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], check=False, capture_output=True, text=True
    ).stdout.strip()
    figures = {
        "commit": commit,
        "command": f"make torture OPS={arguments.operations} SEED={arguments.seed}",
        "processors": os.cpu_count(),
        "seconds": round(seconds),
        "operations": report.operations,
        "operations_per_second": round(report.operations / seconds),
        "checks": report.checks,
        "faults": dict(report.faults.most_common()),
        "crashes": _by_site(report.crashes),
        "call_sites": len(report.sites),
        "never_struck": never,
        "bookings": dict(report.ends),
    }
    arguments.report.parent.mkdir(parents=True, exist_ok=True)
    arguments.report.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _by_site(crashes: dict[Site, int]) -> dict[str, int]:
    return {str(site): number for site, number in sorted(crashes.items(), key=lambda i: str(i[0]))}


if __name__ == "__main__":
    sys.exit(main())
