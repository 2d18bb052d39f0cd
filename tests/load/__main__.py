"""`make load`: customers, killed handlers, a bad Stripe, a dying database; and then the laws."""

import argparse
import os
import random
import signal
import sys
import tempfile
from pathlib import Path

from tests.load.faults import Faults
from tests.load.figures import Figures
from tests.load.run import Plan, report, run
from tests.stack.running import Stack

_WIDTH = 24


def main() -> int:
    """Run it on its own stack; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--processes", type=int, default=32)
    parser.add_argument("--rate", type=float, default=200, help="requests a second, at most")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--handlers", type=int, default=4, help="processes for each function")
    parser.add_argument("--keep", type=Path, help="let the stack's data stay in this folder")
    options = parser.parse_args()
    plan = Plan(options.seconds, options.processes, options.rate, options.seed)
    os.environ["HOLDFAST_CONCURRENCY"] = str(options.handlers)
    with tempfile.TemporaryDirectory(prefix="holdfast-load-") as folder:
        stack = Stack(options.keep or Path(folder) / "local")
        _say(f"seed {plan.seed}; starting a stack …")
        try:
            result = run(stack.up(), plan, _show)
            _say(report(plan, result))
            if result.wrong:
                _say("\n".join(stack.said().splitlines()[-30:]))
        finally:
            if options.keep is None:
                stack.clear()
            else:
                stack.signal(signal.SIGINT)
    return 1 if result.wrong else 0


def _show(figures: Figures, faults: Faults, over: float) -> None:
    """A line that is overwritten on a terminal; elsewhere one every tenth of the run."""
    text = (
        f"{'#' * int(over * _WIDTH):<{_WIDTH}} {over:4.0%}  {figures.requests} requests,"
        f" {figures.confirmed} confirmed, {figures.count(409, 'slot_taken')} taken,"
        f" {figures.count(503)} unavailable, {len(faults.kills)} kills,"
        f" {len(figures.complaints)} complaints"
    )
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text}\x1b[K" + ("\n" if over >= 1 else ""))
        sys.stderr.flush()
    elif int(over * 10) > _shown[0]:
        _shown[0] = int(over * 10)
        sys.stderr.write(text + "\n")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


_shown = [-1]

if __name__ == "__main__":
    sys.exit(main())
