"""EventBridge Scheduler: runs functions at their schedules' times.

Like the real one it does not wait for a run to end before the next; unlike it, it limits the runs
of one schedule that overlap and does not retry: the next run does the work of a failed one.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from dev.cloudformation.intrinsics import ACCOUNT, REGION
from dev.cloudformation.template import Schedule, Template
from dev.stack.console import Console
from dev.stack.cron import Cron, Once, Rate, parse
from dev.stack.invocation import ThrottledError
from dev.stack.workers import Pools

_OVERLAP = 4  # runs of one schedule at a time
_FIRST_RUN_SECONDS = 3.0  # a rate fires soon after the start: leftovers of the last run wait
_SPREAD_SECONDS = 0.5  # between the first runs of different schedules


class Scheduler:
    """Fires the schedules of a template until it is stopped."""

    def __init__(
        self,
        template: Template,
        pools: Pools,
        console: Console,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._template = template
        self._pools = pools
        self._console = console
        self._now = now
        self._parsed = [
            (each, parse(each.expression, each.timezone)) for each in template.schedules
        ]
        self._loops: list[asyncio.Task[None]] = []
        self._runs: dict[str, set[asyncio.Task[None]]] = {}

    def start(self) -> None:
        """Begin to fire. Runs that find nothing to do are not printed: they are almost all."""
        if self._parsed:
            text = f"{len(self._parsed)} sweeps run in the background; shown if they do something"
            self._console.schedule(text, "")
        for position, (schedule, timing) in enumerate(self._parsed):
            delay = _FIRST_RUN_SECONDS + position * _SPREAD_SECONDS
            self._loops.append(asyncio.create_task(self._repeat(schedule, timing, delay)))

    async def stop(self) -> None:
        """Fire no more and forget the runs in progress; their functions are stopped elsewhere."""
        tasks = [*self._loops, *(run for runs in self._runs.values() for run in runs)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _repeat(self, schedule: Schedule, timing: Rate | Cron | Once, delay: float) -> None:
        due = self._now()
        if isinstance(timing, Rate):
            await asyncio.sleep(delay)
            due = self._now()
            self.fire(schedule, due)
        while (following := timing.after(due)) is not None:
            # a machine that slept must not fire all it missed, one after the other
            due = max(following, self._now()) if isinstance(timing, Rate) else following
            while (wait := (due - self._now()).total_seconds()) > 0:
                await asyncio.sleep(min(wait, 1.0))  # the clock may be set while we sleep
            self.fire(schedule, due)
            due = max(due, self._now())

    def fire(self, schedule: Schedule, due: datetime) -> None:
        """Start one run, unless too many runs of this schedule are still going."""
        runs = self._runs.setdefault(schedule.name, set())
        if len(runs) >= _OVERLAP:
            self._console.schedule(
                schedule.name, "skipped: earlier runs still go on", 0, failed=True
            )
            return
        task = asyncio.create_task(self._run(schedule, due))
        runs.add(task)
        task.add_done_callback(runs.discard)

    async def _run(self, schedule: Schedule, due: datetime) -> None:
        started = time.perf_counter()
        function = self._template.functions[schedule.function]
        try:
            outcome = await self._pools.invoke(function, payload(schedule, due))
        except ThrottledError:
            failed, text = True, "throttled"
        else:
            failed = outcome.error is not None
            text = "failed" if failed else effect(outcome.payload)
        if not failed and not text:
            return  # a run that found nothing to do, as almost all do
        ms = (time.perf_counter() - started) * 1000
        self._console.schedule(function.name, text, ms, failed=failed)


def effect(answer: bytes) -> str:
    """What a run has done, in the sweep's own words: the counts in its answer that are not zero."""
    try:
        told = json.loads(answer)
    except ValueError:
        return ""
    counts = told.items() if isinstance(told, dict) else ()
    return ", ".join(f"{name} {count}" for name, count in counts if type(count) is int and count)


def payload(schedule: Schedule, due: datetime) -> bytes:
    """What the function gets: the schedule's input or Scheduler's default, whose detail is text."""
    arn = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{schedule.name}"
    stamp = due.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if schedule.input is not None:
        text = schedule.input
        for name, value in {
            "schedule-arn": arn,
            "scheduled-time": stamp,
            "execution-id": str(uuid.uuid4()),
            "attempt-number": "1",
        }.items():
            text = text.replace(f"<aws.scheduler.{name}>", value)
        return text.encode()
    event: dict[str, Any] = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": stamp,
        "region": REGION,
        "resources": [arn],
        "detail": "{}",
    }
    return json.dumps(event).encode()
