"""Worker processes that play episodes side by side."""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.harness.database import cluster
from tests.simulation.episode import Failure, Report, Visitor, run
from tests.simulation.shrink import shrink
from tests.simulation.tasks import Site
from tests.simulation.world import Cell, laboratory

EPISODE = 400  # steps
BATCH = 3  # episodes a worker plays before it reports


@dataclass
class _Worker:
    """What each worker process keeps."""

    server: cluster.Server
    cell: Cell
    folder: Path
    kept: ExitStack


_worker: _Worker | None = None


def start_worker(folder: str) -> None:
    """Prepare this process for episodes."""
    global _worker  # noqa: PLW0603 one laboratory for a process
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # metrics of thousands of requests
    os.environ["PYTEST_XDIST_WORKER"] = (
        f"crew{os.getpid()}"  # names of databases tell workers apart
    )
    server = cluster.cluster()
    kept = ExitStack()  # until this process ends
    own = Path(folder) / str(os.getpid())
    own.mkdir()
    _worker = _Worker(server, kept.enter_context(laboratory()), own, kept)


def play_batch(seeds: list[int]) -> tuple[Report, list[Failure]]:
    """Play whole episodes."""
    assert _worker is not None
    report = Report()
    failures: list[Failure] = []
    for seed in seeds:
        steps = range(EPISODE)
        failure = run(_worker.server, _worker.cell, _worker.folder, seed, tuple(steps), report)
        if failure is not None:
            failures.append(failure)
    return report, failures


def strike(site: Site, visitor: Visitor) -> tuple[Report, list[Failure]]:
    """Play a history that reached a site again, and let the first to get there die."""
    assert _worker is not None
    report = Report()
    steps = tuple(range(EPISODE))
    seed, doomed = visitor
    sites = (*doomed, site)
    failure = run(_worker.server, _worker.cell, _worker.folder, seed, steps, report, sites)
    return report, [failure] if failure else []


def shorten(failure: Failure) -> Failure:
    """The same failure with fewer steps."""
    assert _worker is not None
    worker = _worker
    return shrink(
        lambda steps: run(
            worker.server,
            worker.cell,
            worker.folder,
            failure.seed,
            steps,
            Report(),
            failure.doomed,
        ),
        failure,
    )
