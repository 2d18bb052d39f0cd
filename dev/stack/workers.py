"""The processes of each function: started on first use, bounded in number, replaced when they end.

Everything here runs on one event loop, so no step needs a lock: an invocation waits in its pool's
queue until a process is idle, and a process is started when the queue asks for one.
"""

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path

from dev.cloudformation.template import Function
from dev.stack.console import Console
from dev.stack.invocation import Invocation, Outcome, ThrottledError
from dev.stack.runtime_api import Worker

_QUEUE_LIMIT = 512  # callers waiting for one function; Lambda would have started more processes
_QUEUE_SECONDS = 30.0
_BACKOFF_SECONDS = 0.2  # after the first failed start, doubled by each further one
_BACKOFF_LIMIT = 5.0


class SettingError(Exception):
    """An environment variable of the stack is invalid."""


def concurrency(function: Function) -> int:
    """How many processes a function may have.

    HOLDFAST_CONCURRENCY (default 2), lowered by the template's ReservedConcurrentExecutions.
    Raises SettingError if that is no positive number.
    """
    text = os.environ.get("HOLDFAST_CONCURRENCY", "2")
    if not text.isdecimal() or (limit := int(text)) < 1:
        raise SettingError(f"HOLDFAST_CONCURRENCY is {text!r}, not a positive number")
    reserved = function.reserved_concurrency
    return limit if reserved is None else min(limit, reserved)


class Pool:
    """The processes of one function."""

    def __init__(
        self,
        function: Function,
        root: Path,
        environment: Mapping[str, str],
        *,
        logs: Path,
        console: Console,
        limit: int,
    ) -> None:
        self.function = function
        self._root = root
        self._environment = environment
        self._log_path = logs / f"{function.name}.log"
        self._console = console
        self._limit = limit
        self._queue: deque[Invocation] = deque()
        self._idle: list[Worker] = []
        self._workers: dict[Worker, asyncio.Task[None]] = {}
        self._failed_starts = 0
        self._start_again_at = 0.0  # loop time
        self._last_failure: Outcome | None = None
        self._stopping = False

    async def invoke(self, payload: bytes) -> Outcome:
        """Run the function once. The caller may give up at any time; the function keeps running.

        Raises:
            ThrottledError: no process became free within 30 s, or too many callers wait already.
        """
        if self._stopping or self._limit == 0 or len(self._queue) >= _QUEUE_LIMIT:
            raise ThrottledError(self.function.name)
        loop = asyncio.get_running_loop()
        resting = not self._workers and loop.time() < self._start_again_at
        if resting and self._last_failure is not None:
            return self._last_failure  # don't start it again with each request
        invocation = Invocation(payload)
        self._queue.append(invocation)
        patience = loop.call_later(_QUEUE_SECONDS, self._throttle, invocation)
        try:
            self._dispatch()
            outcome = await invocation.outcome
        finally:
            patience.cancel()
        if outcome.error is not None and invocation.started:  # failed starts are reported once
            self._console.fault(self.function.name, outcome, self.log_name)
        return outcome

    async def warm(self) -> None:
        """Start one process if there is none, and wait until it is ready or has failed."""
        if not self._workers and not self._stopping and self._limit:
            worker = self._start()
            waits = [
                asyncio.ensure_future(event.wait()) for event in (worker.initialised, worker.ended)
            ]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()

    async def stop(self, grace: float) -> None:
        """Refuse new work, let running invocations finish for `grace` seconds, end the rest."""
        self._stopping = True
        for invocation in self._queue:
            self._throttle(invocation)
        self._queue.clear()
        deadline = asyncio.get_running_loop().time() + grace
        while any(worker.busy for worker in self._workers):
            if asyncio.get_running_loop().time() >= deadline:
                break
            await asyncio.sleep(0.02)
        for worker in self._workers:
            worker.terminate()
        tasks = list(self._workers.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=1.0)
            for worker in list(self._workers):
                worker.kill()
            if late:
                await asyncio.wait(late, timeout=2.0)

    def kill(self) -> None:
        """End all processes at once."""
        self._stopping = True
        for worker in self._workers:
            worker.kill()

    def _throttle(self, invocation: Invocation) -> None:
        if not invocation.started and not invocation.outcome.done():
            invocation.outcome.set_exception(ThrottledError(self.function.name))

    def _dispatch(self) -> None:
        """Match waiting invocations with idle processes, and start processes for the rest."""
        while self._queue and self._idle:
            invocation = self._queue.popleft()
            if not invocation.outcome.done():  # else its caller has given up waiting
                self._idle.pop().give(invocation)  # the last one idle has the warmest caches
        starting = sum(not worker.initialised.is_set() for worker in self._workers)
        wanted = min(len(self._queue) - starting, self._limit - len(self._workers))
        loop = asyncio.get_running_loop()
        if wanted > 0 and loop.time() < self._start_again_at:
            loop.call_at(self._start_again_at, self._dispatch)
            return
        for _ in range(wanted):
            self._start()

    def _start(self) -> Worker:
        self._log_path.parent.mkdir(parents=True, exist_ok=True)
        worker = Worker(
            self.function,
            self._root,
            self._environment,
            log=self._log_path,
            on_idle=self._became_idle,
            on_end=self._ended,
        )
        self._workers[worker] = asyncio.create_task(worker.run())
        return worker

    def _became_idle(self, worker: Worker) -> None:
        self._failed_starts = 0
        self._last_failure = None
        self._idle.append(worker)
        self._dispatch()

    def _ended(self, worker: Worker) -> None:
        del self._workers[worker]
        if worker in self._idle:
            self._idle.remove(worker)
        if self._stopping:
            return
        if worker.failure is not None:
            self._failed_to_start(worker.failure)
        self._dispatch()

    def _failed_to_start(self, failure: Outcome) -> None:
        """Fail all waiting callers, as Lambda does when an environment fails to start."""
        if self._last_failure is None or self._last_failure.failure != failure.failure:
            self._console.fault(self.function.name, failure, self.log_name)
        self._last_failure = failure
        pause = min(_BACKOFF_SECONDS * 2**self._failed_starts, _BACKOFF_LIMIT)
        self._failed_starts += 1
        self._start_again_at = asyncio.get_running_loop().time() + pause
        if not any(worker.initialised.is_set() for worker in self._workers):
            for invocation in self._queue:
                invocation.finish(failure)
            self._queue.clear()

    @property
    def log_name(self) -> str:
        """Where its processes write, as a person would type it."""
        with contextlib.suppress(ValueError):
            return str(self._log_path.relative_to(self._root))
        return str(self._log_path)


class Pools:
    """The pools of all functions, by logical id."""

    def __init__(self, pools: Iterable[Pool]) -> None:
        self._pools = {pool.function.logical_id: pool for pool in pools}

    async def invoke(self, function: Function, payload: bytes) -> Outcome:
        """Run a function once. Raises ThrottledError."""
        return await self._pools[function.logical_id].invoke(payload)

    async def warm(self, functions: Iterable[Function]) -> None:
        """Start one process of each, one after the other: requests come first."""
        for function in functions:
            await self._pools[function.logical_id].warm()

    async def stop(self, grace: float = 3.0) -> None:
        """End all processes, after `grace` seconds for those that are busy."""
        await asyncio.gather(*(pool.stop(grace) for pool in self._pools.values()))

    def kill(self) -> None:
        """End all processes at once."""
        for pool in self._pools.values():
            pool.kill()
