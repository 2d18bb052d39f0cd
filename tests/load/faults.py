"""What goes wrong in the middle of a run: killed handlers, a failing Stripe, a dead database."""

import contextlib
import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from dev.programs.processes import command_line
from tests.load.figures import Figures
from tests.stack.running import Stack, send

# By operation, the function whose process handles it.
FUNCTION_OF = {
    "listResources": "availability",
    "listSlots": "availability",
    "createHold": "checkout",
    "releaseHold": "checkout",
    "beginCheckout": "checkout",
    "getConfirmation": "confirmation",
    "getBooking": "bookings",
    "listBookings": "bookings",
}
# The supervisor notices a death, gives that process no more work, and starts another; if none is
# left, waiting callers get a failed start.
_AFTERMATH = 3.0  # seconds
# Longer than a hold, which lasts a minute here. Stripe's clock does not jump, and a session is
# looked for from five minutes before its time on, so two of them must stay below that.
_JUMP = timedelta(seconds=100)
_SESSIONS = "/v1/checkout/sessions*"
_WEATHER: tuple[dict[str, Any], ...] = (
    {"kind": "timeout_after", "path": _SESSIONS, "seconds": 5, "times": 2},
    {"kind": "timeout_after", "method": "POST", "path": "/v1/refunds", "seconds": 5},
    {"kind": "refuse", "times": 3},
    {"kind": "status", "status": 500, "times": 3},
    {"kind": "status", "status": 429, "times": 4},
    {"kind": "500_after", "method": "POST", "path": _SESSIONS, "effect": True},
    {"kind": "500_after", "method": "POST", "path": _SESSIONS, "effect": False},
    {"kind": "500_after", "method": "POST", "path": "/v1/refunds", "effect": True},
    {"kind": "slow", "path": _SESSIONS, "seconds": 1.5, "times": 2},
    {"kind": "duplicate", "times": 8},
    {"kind": "reorder", "times": 8, "seconds": 1.0},
    {"kind": "delay", "times": 5, "seconds": 4.0},
    {"kind": "drop", "event": "checkout.session.*", "times": 2},
)


@dataclass(frozen=True)
class Kill:
    """A handler process that was killed; `at` is a reading of time.monotonic()."""

    function: str
    at: float


@dataclass
class Faults:
    """Threads that make faults from `started` to `until`, readings of time.monotonic()."""

    stack: Stack
    figures: Figures
    seed: int
    started: float
    until: float
    kills: list[Kill] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    ahead: timedelta = timedelta()  # by how much the database's clock has been moved
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begin."""
        for work in (self._kill_handlers, self._spoil_stripe, self._sweep, self._upset_database):
            thread = threading.Thread(target=self._guarded, args=(work,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def join(self) -> None:
        """Wait until all is over, and lift the faults."""
        for thread in self._threads:
            thread.join()
        send("DELETE", f"{self.stack.manifest['stripe']}/_double/faults")

    def excuses(self, operation: str, begun: float, ended: float) -> bool:
        """Whether a handler for this operation was killed while the request was under way."""
        return any(
            kill.function in ("", FUNCTION_OF[operation])
            and begun <= kill.at + _AFTERMATH
            and kill.at <= ended
            for kill in self.kills
        )

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self.figures.complain(f"{work.__name__} failed: {error!r}")

    def _chance(self, name: str) -> random.Random:
        return random.Random(f"{self.seed}/{name}")

    def _wait(self, seconds: float) -> bool:
        """Let time pass; False when the run is over."""
        left = self.until - time.monotonic()
        time.sleep(max(0.0, min(seconds, left)))
        return seconds < left

    def _wait_for(self, share: float) -> bool:
        """Wait for that share of the run."""
        return self._wait(self.started + share * (self.until - self.started) - time.monotonic())

    # handlers -----------------------------------------------------------------------------------

    def _kill_handlers(self) -> None:
        chance = self._chance("kills")
        while self._wait(chance.uniform(1.0, 4.5)):
            workers = sorted(pid for pid in self.stack.processes() if _is_worker(pid))
            if not workers:
                continue
            victim = chance.choice(workers)
            function = _function_of(victim)
            with contextlib.suppress(ProcessLookupError):
                self.kills.append(Kill(function, time.monotonic()))
                os.kill(victim, signal.SIGKILL)
                self.happened[f"killed: {function or 'a handler'}"] += 1

    # Stripe -------------------------------------------------------------------------------------

    def _spoil_stripe(self) -> None:
        chance = self._chance("weather")
        while self._wait(chance.uniform(0.5, 2.5)):
            fault = chance.choice(_WEATHER)
            answer = _post(f"{self.stack.manifest['stripe']}/_double/faults", fault)
            assert answer == 200, fault
            self.happened[f"fault: {fault['kind']}"] += 1

    # sweeps -------------------------------------------------------------------------------------

    def _sweep(self) -> None:
        """Sweeps run often, and now and then two at once."""
        chance = self._chance("sweeps")
        while self._wait(chance.uniform(0.5, 1.5)):
            sweeps = [chance.choice(("expire_holds", "deliver"))] * chance.choice((1, 1, 2))
            threads = [threading.Thread(target=self._invoke, args=(name,)) for name in sweeps]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def _invoke(self, function: str) -> None:
        """Run a sweep; it may fail while handlers are killed and the database restarts."""
        url = f"{self.stack.manifest['control']}/2015-03-31/functions/{function}/invocations"
        try:
            answer = send("POST", url, b"{}")
            failed = answer.status != 200 or "x-amz-function-error" in answer.headers
        except OSError:  # still running: many effects, each of which waits for a slow Stripe
            failed = True
        self.happened[f"sweep: {function}{', failed' if failed else ''}"] += 1

    # PostgreSQL ---------------------------------------------------------------------------------

    def _upset_database(self) -> None:
        """Time jumps past the end of holds; the server is killed; it crashes; time jumps again."""
        with psycopg.connect(self.stack.manifest["database"]) as connection:
            connection.execute(
                "update core.tenants set hold_minutes = 1, delayed_methods = 'all',"
                " delayed_method_days = 1"
            )
        if self._wait_for(0.3):
            self._jump()
        if self._wait_for(0.5):
            self._kill_server()
        if self.until - self.started >= 60 and self._wait_for(0.65):
            self._kill_backend()
        if self._wait_for(0.8):
            self._jump()

    def _jump(self) -> None:
        self.ahead += _JUMP
        set_clock(self.stack.manifest["database"], self.ahead)
        self.happened["clock moved past all holds"] += 1

    def _kill_server(self) -> None:
        pid_file = self.stack.folder / "postgres" / "postmaster.pid"
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
        self.happened["PostgreSQL killed"] += 1

    def _kill_backend(self) -> None:
        """The server ends all its backends and recovers, since shared memory may be damaged."""
        with psycopg.connect(self.stack.manifest["database"]) as connection:
            found = connection.execute(
                "select pid from pg_stat_activity where usename = 'holdfast_checkout' limit 1"
            ).fetchone()
        assert found is not None, "no handler of checkout is connected"
        os.kill(found[0], signal.SIGKILL)
        self.happened["PostgreSQL crashed"] += 1


def set_clock(address: str, ahead: timedelta) -> None:
    """Let the database's clock run that much ahead of the true time."""
    seconds = int(ahead.total_seconds())
    with psycopg.connect(address) as connection:
        connection.execute(
            "create or replace function core.clock() returns timestamptz language sql volatile as"
            f" 'select pg_catalog.clock_timestamp() + interval ''{seconds} seconds'''".encode()
        )


def _post(url: str, body: dict[str, Any]) -> int:
    return send("POST", url, json.dumps(body).encode(), content_type="application/json").status


def _is_worker(pid: int) -> bool:
    return "dev/stack/worker.py" in command_line(pid)


def _function_of(pid: int) -> str:
    """The function of a process; empty where the system does not say."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cwd").readlink().name
    return ""
