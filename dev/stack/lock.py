"""One stack per data folder, from its first process to its last.

The lock is an flock that the supervisor's services inherit, so it is free only when all of them
have gone, however the supervisor ended. A new stack waits for a dying one and ends what a killed
one may have left behind.
"""

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dev.programs.processes import command_line, is_alive
from dev.stack.console import Console

_GRACE_SECONDS = 5.0  # for services that watch their supervisor
_WAIT_SECONDS = 30.0  # for a supervisor that is stopping, or PostgreSQL's last checkpoint


class LockedError(Exception):
    """Another stack uses the folder; `pid` is its supervisor's, if known."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(f"in use by process {pid}" if pid else "in use")
        self.pid = pid


class StackLock:
    """Exclusive use of a stack's data folder. Raises LockedError while another stack runs."""

    def __init__(self, folder: Path, console: Console) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "lock"
        self._services: list[int] = []
        self.descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            self._acquire(console)
            self._record(stopping=False)
        except BaseException:
            os.close(self.descriptor)
            raise

    def _acquire(self, console: Console) -> None:
        started = time.monotonic()
        told = False
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            holder = self._read()
            pid = holder.get("pid")
            alive = isinstance(pid, int) and is_alive(pid)
            waited = time.monotonic() - started
            if (alive and not holder.get("stopping")) or waited > _WAIT_SECONDS:
                raise LockedError(pid if alive else None)
            if not told:
                console.say("  waiting for the last stack to end …")
                told = True
            if not alive and waited > _GRACE_SECONDS:
                _end(holder.get("services", []))
            time.sleep(0.05)

    def _read(self) -> dict[str, Any]:
        try:
            holder = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return holder if isinstance(holder, dict) else {}

    def _record(self, *, stopping: bool) -> None:
        state = {"pid": os.getpid(), "stopping": stopping, "services": self._services}
        content = json.dumps(state).encode()
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, content, 0)

    def note_services(self, pids: Iterable[int]) -> None:
        """Record the services, so that a later stack can end them if they are left behind."""
        self._services = list(pids)
        self._record(stopping=False)

    def note_stopping(self) -> None:
        """From now on a new stack waits instead of giving up."""
        self._record(stopping=True)

    def release(self) -> None:
        """Release the folder, as soon as the services have gone too."""
        with contextlib.suppress(OSError):
            os.ftruncate(self.descriptor, 0)
            os.close(self.descriptor)


def _end(pids: Iterable[object]) -> None:
    """End recorded services that are still themselves: a number may belong to another process by
    now.
    """
    for pid in pids:
        if isinstance(pid, int) and "-m dev." in command_line(pid):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
