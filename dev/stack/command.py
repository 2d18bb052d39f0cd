"""`make up`: the whole system on one machine, from nothing to ready in seconds.

    python -m dev.stack --port 8080

One process supervises: it is the gateway, the Runtime API, the scheduler and the starter of
everything else. Beside it run PostgreSQL, DynamoDB, the Stripe double and the functions' processes.
Ctrl-C stops it all; a second one stops it at once. The data stay in `.local/stack-<port>`.
"""

import argparse
import asyncio
import contextlib
import errno
import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from dev.cloudformation.intrinsics import TemplateError
from dev.programs.postgres_binaries import PostgresError
from dev.programs.processes import wait_for_exit
from dev.stack import ports, summary
from dev.stack.assembly import Settings, Stack
from dev.stack.console import Console
from dev.stack.cron import ScheduleError
from dev.stack.database import DatabaseError
from dev.stack.lock import LockedError, StackLock
from dev.stack.secrets import LiveKeyError
from dev.stack.services import ServiceError
from dev.stack.workers import SettingError

ROOT = Path(__file__).resolve().parents[2]

_EXPECTED = (
    DatabaseError,
    LiveKeyError,
    PostgresError,
    ScheduleError,
    ServiceError,
    SettingError,
    TemplateError,
)


def main(arguments: list[str] | None = None) -> int:
    """Run a stack until it must stop, or clear one's data. Returns the exit status."""
    options = _options(arguments)
    sys.path.insert(0, str(ROOT / "layers" / "core"))  # the migration runner is shared code
    console = Console()
    local = options.data.resolve()
    folder = local / f"stack-{options.port}"
    try:
        lock = StackLock(folder, console)
    except LockedError as error:
        console.say(_already_running(options.port, error, reset=options.reset))
        return 1
    try:
        if options.reset:
            return _reset(folder, lock, console)
        return _up(options, local, folder, lock, console)
    finally:
        lock.release()


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dev.stack", description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=8080, help="port of the API (default 8080)")
    parser.add_argument("--data", type=Path, default=ROOT / ".local", help="where stacks keep data")
    parser.add_argument("--template", type=Path, default=ROOT / "template.yaml")
    parser.add_argument("--reset", action="store_true", help="clear this port's data and exit")
    parser.add_argument("--no-schedules", action="store_true", help="run sweeps on demand only")
    parser.add_argument("--no-warm", action="store_true", help="start functions on first use only")
    parser.add_argument(
        "--parent", type=int, help="stop when that process has gone, as if asked to"
    )
    options = parser.parse_args(arguments)
    if not 1 <= options.port <= 65_535:
        parser.error(f"--port {options.port} is no port")
    return options


def _already_running(port: int, error: LockedError, *, reset: bool) -> str:
    who = f" (process {error.pid})" if error.pid else ""
    advice = "stop it first" if reset else f"stop it, or start another: make up PORT={port + 1}"
    return f"The stack on port {port} is running{who}: {advice}."


def _reset(folder: Path, lock: StackLock, console: Console) -> int:
    """Remove the data of a stack that does not run. Its lock file goes last."""
    from dev.programs.postgres import Postgres  # noqa: PLC0415 - not before it is needed

    Postgres(folder / "postgres").clear()
    lock.note_stopping()
    shutil.rmtree(folder)
    console.say(f"Cleared {_shown(folder)}.")
    return 0


def _up(
    options: argparse.Namespace, local: Path, folder: Path, lock: StackLock, console: Console
) -> int:
    try:
        api = ports.doors(options.port)
    except OSError as error:
        console.say(_port_problem(options.port, error))
        return 1
    settings = Settings(
        root=ROOT,
        local=local,
        folder=folder,
        template=options.template.resolve(),
        schedules=not options.no_schedules,
        warm=not options.no_warm,
    )
    try:
        return asyncio.run(_supervise(settings, api, lock, console, options.parent))
    except _EXPECTED as error:
        console.say(f"\n{console.paint('The stack stopped:', 'red')} {error}")
        return 1
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        console.say(_port_problem(options.port, error))
        return 1


async def _supervise(
    settings: Settings,
    api: Sequence[socket.socket],
    lock: StackLock,
    console: Console,
    parent: int | None,
) -> int:
    """Start the stack, run it until a signal, stop it. A second signal ends it at once."""
    loop = asyncio.get_running_loop()
    started = time.monotonic()
    stop = asyncio.Event()
    stack = Stack(settings, api, lock, console)

    def signalled() -> None:
        if stop.is_set():
            stack.kill()
            os._exit(130)  # everything else watches this process
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, signalled)
    if parent is not None:
        _watch(parent, lambda: loop.call_soon_threadsafe(stop.set))

    async def live() -> None:
        described = await stack.start()
        summary.show(console, described, settings.folder, time.monotonic() - started)
        await stack.run()

    life = asyncio.ensure_future(live())
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({life, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            console.say("\nStopping … (Ctrl-C again to stop at once)")
    finally:
        life.cancel()
        stopped.cancel()
        await asyncio.gather(life, stopped, return_exceptions=True)
        await stack.stop()
    if not life.cancelled() and (error := life.exception()) is not None:
        raise error
    console.say("Stopped.")
    return 0


def _watch(process: int, gone: Callable[[], object]) -> None:
    """Call back when a process has gone: `make`, killed, must not leave its stack behind.

    Its id is given to us, since asking for our parent's would name another if it died early.
    """

    def watch() -> None:
        wait_for_exit(process)
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            gone()

    threading.Thread(target=watch, name="watch-parent", daemon=True).start()


def _port_problem(port: int, error: OSError) -> str:
    if error.errno == errno.EACCES:
        return f"Port {port} needs privileges: choose one above 1023, make up PORT=8080."
    return f"Port {port} is in use by another program: free it, or choose another, make up PORT=…"


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


if __name__ == "__main__":
    sys.exit(main())
