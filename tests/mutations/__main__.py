"""Remove every guard, one at a time, and see a test fail: `make mutations [GUARDS="name …"]`.

First the tests named as killers must pass with everything in place. Then each guard is removed in a
copy of the checkout, two copies at a time, and at least one of its killers must fail: not because
the program is broken, but because it does something wrong. A guard whose removal no test notices is
a failure of this run.
"""

import argparse
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from tests.harness.database import cluster
from tests.mutations.bench import Bench, Misfit, Verdict
from tests.mutations.guard import Guard
from tests.mutations.guards import ALL

_BENCHES = 2


class Result(NamedTuple):
    """The result of removing a guard."""

    guard: Guard
    verdict: Verdict

    @property
    def is_missed(self) -> bool:
        return self.verdict.how == "failed"

    @property
    def line(self) -> str:
        """One line of the report: the result, how long it took, and which test failed."""
        words = {"failed": "killed", "passed": "SURVIVED", "broken": "BROKEN"}
        said = (self.verdict.says.splitlines() or [""])[0 if self.is_missed else -1]
        shown = said.removeprefix("tests/")[:110]
        word = words[self.verdict.how]
        return f"{word:<9}{self.verdict.seconds:5.1f} s  {self.guard.name:<30}{shown}"


def main() -> int:
    """Run; 0 if a test fails for every guard."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("guard", nargs="*", help="names of guards; all of them if none is given")
    options = parser.parse_args()
    names = options.guard
    known = {guard.name: guard for guard in ALL}
    unknown = [name for name in names if name not in known]
    if unknown:
        parser.error(f"no such guard: {', '.join(unknown)}; there are {', '.join(known)}")
    guards = [known[name] for name in names] or list(ALL)

    began = time.monotonic()
    cluster.open_run()
    try:
        url = cluster.cluster().url("postgres")
        with tempfile.TemporaryDirectory(prefix="holdfast-mutations-") as folder:
            benches = [_bench(Path(folder, str(number)), url) for number in range(_BENCHES)]
            try:
                if not _killers_pass(benches, guards):
                    return 1
                results = _results(benches, guards)
            finally:
                for bench in benches:
                    bench.close()
    finally:
        cluster.close_run()
    return _reported(results, time.monotonic() - began)


def _bench(folder: Path, url: str) -> Bench:
    folder.mkdir()
    return Bench(folder, url)


def _killers_pass(benches: list[Bench], guards: list[Guard]) -> bool:
    killers = sorted({killer for guard in guards for killer in guard.killers})
    # one test may be all there is; pytest without a test runs every one
    shares = [killers[number :: len(benches)] for number in range(min(len(benches), len(killers)))]
    began = time.monotonic()
    with ThreadPoolExecutor(len(benches)) as pool:
        verdicts = list(pool.map(Bench.run, benches, shares))
    bad = [verdict for verdict in verdicts if verdict.how != "passed"]
    print(f"{len(killers)} killers with all guards in place:", end=" ")
    print(f"{bad[0].how if bad else 'passed'}, {time.monotonic() - began:.1f} s", flush=True)
    for verdict in bad:
        print(verdict.says)
    return not bad


def _results(benches: list[Bench], guards: list[Guard]) -> list[Result]:
    """In the order of the guards; each is printed as soon as it is known."""
    free: SimpleQueue[Bench] = SimpleQueue()
    for bench in benches:
        free.put(bench)

    def result(guard: Guard) -> Result:
        bench = free.get()
        try:
            with bench.without(guard):
                verdict = bench.run(guard.killers)
        except Misfit as misfit:
            verdict = Verdict("broken", f"misfit: {misfit}", 0)
        finally:
            free.put(bench)
        found = Result(guard, verdict)
        print(found.line, flush=True)
        return found

    with ThreadPoolExecutor(len(benches)) as pool:
        return list(pool.map(result, guards))


def _reported(results: list[Result], seconds: float) -> int:
    kept = [result for result in results if not result.is_missed]
    for result in kept:
        print(f"\n{result.guard.name}: {result.guard.guards}\n{result.verdict.says}")
    print(f"\n{len(results) - len(kept)} of {len(results)} guards are missed by a test,", end=" ")
    print(f"{seconds:.0f} s on {os.cpu_count()} CPUs")
    return 1 if kept else 0


if __name__ == "__main__":
    sys.exit(main())
