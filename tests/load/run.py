"""A run: customer processes against a stack, faults in the middle, a check at the end."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.load.aftermath import Verdict, judge
from tests.load.faults import Faults
from tests.load.figures import Figures
from tests.stack.running import ROOT, Stack

_LAST_STORY_SECONDS = 90.0  # a story under way at the end is finished


@dataclass(frozen=True)
class Plan:
    """How much of it. `rate` is the requests a second that all customers together may begin."""

    seconds: float
    processes: int
    rate: float
    seed: int


@dataclass(frozen=True)
class Result:
    """The result of a run."""

    figures: Figures
    faults: Faults
    verdict: Verdict
    seconds: float
    wrong: list[str]


Progress = Callable[[Figures, Faults, float], None]


def run(stack: Stack, plan: Plan, progress: Progress) -> Result:
    """Load a running stack, which stays up.

    Args:
        progress: called twice a second with the share of the run that is over.
    """
    figures = Figures()
    started = time.monotonic()
    faults = Faults(stack, figures, plan.seed, started, started + plan.seconds)
    customers = [_customer(stack, plan, number, started) for number in range(plan.processes)]
    readers = [
        threading.Thread(target=_listen, args=(customer, figures), daemon=True)
        for customer in customers
    ]
    try:
        for reader in readers:
            reader.start()
        faults.start()
        while (over := (time.monotonic() - started) / plan.seconds) < 1:
            progress(figures, faults, over)
            time.sleep(0.5)
        faults.join()
        deadline = time.monotonic() + _LAST_STORY_SECONDS
        for reader in readers:
            reader.join(max(0.0, deadline - time.monotonic()))
    finally:
        for customer in customers:
            customer.kill()
            customer.wait()
    seconds = time.monotonic() - started
    progress(figures, faults, 1.0)
    verdict = judge(stack, figures, faults)
    return Result(figures, faults, verdict, seconds, _wrong(plan, figures, faults, verdict))


def _customer(stack: Stack, plan: Plan, number: int, started: float) -> subprocess.Popen[str]:
    order = {
        "manifest": stack.manifest,
        "seed": plan.seed,
        "number": number,
        "started": started,
        "until": started + plan.seconds,
        "rate": plan.rate / plan.processes,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.load.stories"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()
    return process


def _listen(customer: subprocess.Popen[str], figures: Figures) -> None:
    assert customer.stdout is not None
    for line in customer.stdout:
        told: dict[str, Any] = json.loads(line)
        figures.take(told)


def _wrong(plan: Plan, figures: Figures, faults: Faults, verdict: Verdict) -> list[str]:
    wrong = [*figures.complaints, *verdict.wrong]
    wrong += [
        f"{each.operation} got 500 although no handler of it was killed"
        for each in figures.lost
        if not faults.excuses(each.operation, each.begun, each.ended)
    ]
    if figures.finished < plan.processes:
        wrong.append(f"{plan.processes - figures.finished} customers did not come to an end")
    return wrong


def report(plan: Plan, result: Result) -> str:
    """The figures, for people."""
    figures, faults, verdict = result.figures, result.faults, result.verdict
    happened = ", ".join(f"{what} {n}" for what, n in sorted(faults.happened.items()))
    bookings = ", ".join(f"{kind}: {n}" for kind, n in verdict.bookings.items())
    lines = [
        "",
        f"{figures.requests} requests of {plan.processes} processes in {result.seconds:.0f} s:"
        f" {figures.requests / result.seconds:.1f} a second (seed {plan.seed})",
        "",
        *figures.table(result.seconds),
        "",
        f"trouble      {happened}",
        f"kills        {len(faults.kills)} handlers; {len(figures.lost)} requests lost by them",
        f"conflicts    {figures.count(409, 'slot_taken')} times taken by another customer,"
        f" {figures.count(409, 'request_in_progress')} twins met",
        f"unavailable  {figures.count(503)}; given up {figures.gave_up.total()}",
        f"confirmed    {figures.confirmed} reported to customers",
        f"bookings     {bookings}",
        f"captured     {verdict.captured}, refunded {verdict.refunded} (minor units)",
        f"judged       in {verdict.seconds:.1f} s: {len(result.wrong)} things wrong",
    ]
    return "\n".join([*lines, *(f"  {each}" for each in result.wrong[:40])])
