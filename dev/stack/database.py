"""The stack's database: our own PostgreSQL or one that DATABASE_URL names, migrated."""

import asyncio
import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit, urlunsplit

from dev.programs.processes import wait_for_exit
from dev.stack import ports
from dev.stack.console import Console
from dev.stack.services import guard

if TYPE_CHECKING:
    from dev.programs.postgres import Postgres

_NAME = "holdfast"
_RESTARTS, _RESTART_WINDOW = 3, 60.0  # so many within that many seconds, then the stack stops


class DatabaseError(Exception):
    """The database did not start, could not be migrated, or does not stay up."""


class Database:
    """The database `holdfast` of our own server, or that of DATABASE_URL.

    The role in DATABASE_URL must be able to create roles, and its server must let these in without
    a password, as ours does.

    Args:
        folder: of the stack; the data lie in `postgres` below it.
        sql: the folder with the migrations.
        lock: file descriptor of the stack's lock, for PostgreSQL's guard.
    """

    def __init__(self, folder: Path, sql: Path, *, api_port: int, lock: int) -> None:
        self._folder = folder
        self._sql = sql
        self._api_port = api_port
        self._lock = lock
        self._server: Postgres | None = None
        self._guard: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Future[str] | None = None
        self._stopping = False
        self._owner_url = os.environ.get("DATABASE_URL", "")

    def url(self, role: str = "") -> str:
        """The address of the database for a role; "" is the owner's."""
        if not role:
            return self._owner_url
        parts = urlsplit(self._owner_url)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{quote(role, safe='')}@{host}"))

    async def start(self) -> None:
        """Start the server, or adopt what a killed stack left; make the database if necessary."""
        if self._owner_url:
            return
        from dev.programs.postgres import Postgres  # noqa: PLC0415 - slow, while the others start

        data = self._folder / "postgres"
        self._server = Postgres(data, port=await asyncio.to_thread(self._port))
        self._starting = asyncio.ensure_future(asyncio.to_thread(self._server.start))
        await asyncio.shield(self._starting)
        self._guard = await guard(data, self._lock)
        self._owner_url = await asyncio.to_thread(self._create)

    def _port(self) -> int | None:
        """Our usual port if it is free. If a server left behind has it, None adopts that one."""
        wanted = ports.preferred(self._api_port, "postgres")
        return wanted if wanted and ports.choose(self._api_port, "postgres") == wanted else None

    def _create(self) -> str:
        from psycopg import errors  # noqa: PLC0415

        assert self._server is not None
        with contextlib.suppress(errors.DuplicateDatabase):
            self._server.create_database(_NAME)
        return self._server.url(_NAME)

    async def migrate(self) -> str:
        """Bring the schema up to date; returns what was done, for people."""
        from psycopg import Error  # noqa: PLC0415

        from holdfast.migrations import MigrationError, migrate  # noqa: PLC0415

        try:
            report = await asyncio.to_thread(migrate, self._owner_url, self._sql)
        except (Error, MigrationError) as error:
            raise DatabaseError(f"migration failed: {error}") from error
        ran = len(report.applied) + len(report.reapplied)
        return f"schema {report.version}, " + (f"{ran} files ran" if ran else "up to date")

    async def seed(self, seed: Callable[[str], Any]) -> Any:
        """Run the demo data's function with the owner's address."""
        return await asyncio.to_thread(seed, self._owner_url)

    @property
    def log(self) -> Path | None:
        """Where our server writes; None if it is not ours."""
        return None if self._server is None else self._server.log

    async def watch(self, console: Console) -> None:
        """Restart our server whenever it ends; returns at once if it is not ours.

        A backend that dies makes the server restart itself; this is for the server's own death. It
        keeps its port, since the handlers know it by that.

        Raises:
            DatabaseError: it ends too often.
            PostgresError: it cannot be restarted.
        """
        if self._server is None:
            return
        from dev.programs.postgres import Postgres  # noqa: PLC0415

        server = self._server = Postgres(self._folder / "postgres", port=self._server.port)
        deaths: deque[float] = deque(maxlen=_RESTARTS)
        while True:
            if (pid := await asyncio.to_thread(server.pid)) is not None:
                await _exit_of(pid)
            if self._stopping:
                return
            now = time.monotonic()
            if len(deaths) == _RESTARTS and now - deaths[0] < _RESTART_WINDOW:
                raise DatabaseError(f"PostgreSQL keeps ending; see {server.log}")
            deaths.append(now)
            console.say("  postgres ended, starting it again")
            self._starting = asyncio.ensure_future(asyncio.to_thread(server.start))
            await asyncio.shield(self._starting)

    async def stop(self) -> None:
        """Stop the server if it is ours."""
        self._stopping = True
        if self._starting is not None:
            with contextlib.suppress(Exception):  # it was reported where it was awaited
                await self._starting
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)
        if self._guard is not None:
            assert self._guard.stdin is not None
            self._guard.stdin.close()
            await self._guard.wait()


async def _exit_of(pid: int) -> None:
    """Wait until a process has gone. In a thread that can be left behind at the end."""
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()

    def wait() -> None:
        wait_for_exit(pid)
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(gone.set)

    threading.Thread(target=wait, name="watch-postgres", daemon=True).start()
    await gone.wait()
