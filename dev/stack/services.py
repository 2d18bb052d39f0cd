"""Programs that run beside the gateway: the Stripe double, DynamoDB, and PostgreSQL's guard.

None of them outlives the supervisor: they watch its process (`processes.exit_with_parent`), and
PostgreSQL, which cannot, has a guard that does it instead. All of them hold the stack's lock, so a
new stack starts only once the last of them has gone.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from dev.stack.console import Console

_READY_SECONDS = 60.0
_STOP_SECONDS = 3.0
_RESTARTS, _RESTART_WINDOW = 3, 60.0  # so many within that many seconds, then the stack stops

# Reads until the supervisor's end of the pipe closes, asks the server on this data folder for a
# fast shutdown and waits for it. After an orderly stop there is no postmaster.pid, and no work.
_GUARD = """
cat >/dev/null
read -r pid <"$1/postmaster.pid" || exit 0
kill -INT "$pid" || exit 0
while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
"""


class ServiceError(Exception):
    """A program of the stack did not start or does not stay up."""


class Service:
    """A Python program that is started, watched, restarted when it dies, and stopped.

    Args:
        name: what people call it, and the name of its log.
        arguments: what follows `python`.
        ready: returns once it answers; raises OSError while it does not.
        lock: file descriptor of the stack's lock, which it inherits.
        prepare: done after each time it has become ready.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        root: Path,
        logs: Path,
        lock: int,
        ready: Callable[[], Awaitable[None]],
        prepare: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.name = name
        self._arguments = arguments
        self._root = root
        self._log = logs / f"{name}.log"
        self._lock = lock
        self._ready = ready
        self._prepare = prepare
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """Its process id, once it has been started."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start it and wait until it answers. Raises ServiceError with the end of its log."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._log.write_bytes(b"")
        with self._log.open("ab") as log:  # so that what follows a rotation begins at the start
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._arguments,
                cwd=self._root,
                stdin=asyncio.subprocess.PIPE,  # for programs that watch their input for its end
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(self._lock,),
            )
        try:
            async with asyncio.timeout(_READY_SECONDS):
                while True:
                    if self._process.returncode is not None:
                        raise ServiceError(f"{self.name} ended while starting:\n{self._said()}")
                    with contextlib.suppress(OSError, EOFError):
                        await self._ready()
                        break
                    await asyncio.sleep(0.03)
        except TimeoutError:
            raise ServiceError(f"{self.name} does not answer:\n{self._said()}") from None
        if self._prepare is not None:
            await self._prepare()

    async def watch(self, console: Console) -> None:
        """Restart it whenever it dies. Raises ServiceError when that happens too often."""
        deaths: deque[float] = deque(maxlen=_RESTARTS)
        while True:
            assert self._process is not None
            status = await self._process.wait()
            if self._stopping:
                return
            now = time.monotonic()
            if len(deaths) == _RESTARTS and now - deaths[0] < _RESTART_WINDOW:
                raise ServiceError(f"{self.name} keeps ending ({status}):\n{self._said()}")
            deaths.append(now)
            console.say(f"  {self.name} ended ({status}), starting it again")
            await self.start()

    async def stop(self) -> None:
        """Ask it to end, then make it."""
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        _signal(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            _signal(process, signal.SIGKILL)
            await process.wait()

    def kill(self) -> None:
        """End it at once."""
        self._stopping = True
        if self._process is not None and self._process.returncode is None:
            _signal(self._process, signal.SIGKILL)

    def _said(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-15:]
        return "\n".join(f"    {line}" for line in lines)


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


async def guard(data: Path, lock: int) -> asyncio.subprocess.Process:
    """Start the guard of a PostgreSQL server; it acts when this process has gone, in whatever way.

    Its standard input is our end of the pipe: close it after an orderly stop.
    """
    return await asyncio.create_subprocess_exec(
        "sh",
        "-c",
        _GUARD,
        "holdfast-guard",
        str(data),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=(lock,),
    )


async def answers(port: int, path: str, status: int = 200) -> None:
    """Return if an HTTP server on 127.0.0.1 answers a GET with that status, else raise OSError."""
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode())
            line = await reader.readline()
        finally:
            writer.close()
    if line.split(b" ")[1:2] != [str(status).encode()]:
        raise ConnectionError(f"answered {line!r}")
