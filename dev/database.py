"""The stack's database: a PostgreSQL of its own or one that DATABASE_URL names, migrated."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit, urlunsplit

from dev import ports
from dev.services import guard

if TYPE_CHECKING:
    from dev.postgres import Postgres

_NAME = "holdfast"


class DatabaseError(Exception):
    """The database did not start or could not be migrated."""


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
        self._owner_url = os.environ.get("DATABASE_URL", "")

    def url(self, role: str = "") -> str:
        """The address of the database for a role; "" is the owner's."""
        if not role:
            return self._owner_url
        parts = urlsplit(self._owner_url)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{quote(role, safe='')}@{host}"))

    async def start(self) -> None:
        """Start the server, or adopt what a killed stack left; make the database if need be."""
        if self._owner_url:
            return
        from dev.postgres import Postgres  # noqa: PLC0415 - slow, while the others start

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
        """Bring the schema up to date; returns what happened, for people."""
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

    async def stop(self) -> None:
        """Stop the server if it is ours."""
        if self._starting is not None:
            with contextlib.suppress(Exception):  # it was reported where it was awaited
                await self._starting
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)
        if self._guard is not None:
            assert self._guard.stdin is not None
            self._guard.stdin.close()
            await self._guard.wait()
