"""One PostgreSQL server for a whole test run, shared by its workers.

The controlling pytest process makes a folder for the run and names it in the environment. The first
worker that needs a database starts the server there, under a file lock; the others join. The
controller stops it at the end; if it is killed, a guard process that outlives it does.

With DATABASE_URL set, the databases are made on that server instead, as its superuser.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from dev.programs.postgres import Postgres
from dev.stack import demo, secrets
from holdfast.migrations import migrate

ROOT = Path(__file__).parents[3]
SQL_DIR = ROOT / "sql"
_RUN = "HOLDFAST_TEST_RUN"  # the environment variable with the run's folder
_SETTINGS = {
    "plpgsql.extra_errors": "all",  # every check that PL/pgSQL can make
    "plpgsql.extra_warnings": "all",
    "max_connections": "300",
    "deadlock_timeout": "200ms",  # a deadlock fails a test: find out soon
    # thousands of databases come and go, and none of them needs to survive
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "io_method": "sync",
    "checkpoint_timeout": "1h",
}
_MEMORY = Path("/dev/shm")  # Linux: files there never reach a disk
_ROOM = 4 << 30  # bytes that a run may need there


class Server(Protocol):
    """A server on which databases can be made."""

    def url(self, database: str = ..., user: str = ...) -> str:
        """The address of a database as that user."""

    def __hash__(self) -> int:
        """Templates are kept by server."""


class External:
    """The server that DATABASE_URL names."""

    def __init__(self, address: str) -> None:
        self._address = address

    def url(self, database: str = "holdfast", user: str = "postgres") -> str:
        """`postgres` means the user that DATABASE_URL names."""
        role = {} if user == "postgres" else {"user": user}
        return make_conninfo(self._address, dbname=database, **role)


def open_run() -> None:
    """In the controlling process: make the folder of this run, in memory if there is room."""
    place = _MEMORY if _has_room() else None
    folder = Path(tempfile.mkdtemp(prefix=f"holdfast-tests-{os.getpid()}-", dir=place))
    folder.chmod(0o755)  # as root, the server runs as another user and must reach its data
    os.environ[_RUN] = str(folder)


def _has_room() -> bool:
    return os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM


def close_run() -> None:
    """In the controlling process: leave nothing running and nothing behind."""
    folder = run_folder()
    del os.environ[_RUN]
    remove_run(folder)


def remove_run(folder: Path) -> None:
    """Stop what runs in that folder, and remove it."""
    if "DATABASE_URL" in os.environ:
        server = External(os.environ["DATABASE_URL"])
        query = "select datname from pg_database where starts_with(datname, %s)"
        found = superuser(server).execute(query, (_prefix(folder),)).fetchall()
        names = [row[0] for row in found]
        for name in names:
            drop_database(server, name)
    for data in (folder / "postgres", *folder.glob("own-*/postgres")):
        Postgres(data).clear()
    shutil.rmtree(folder, ignore_errors=True)


def run_folder() -> Path:
    """The folder for everything that the workers of this run share."""
    return Path(os.environ[_RUN])


def cluster() -> Server:
    """The server of this run; starts it if this is the first call of all workers."""
    if "DATABASE_URL" in os.environ:
        return External(os.environ["DATABASE_URL"])
    server = Postgres(run_folder() / "postgres", durable=False, settings=_SETTINGS)
    _ensure_guard()
    with _locked(run_folder()):
        server.start()
    return server


@contextmanager
def own_server_folder(*, reachable: bool = False) -> Iterator[Path]:
    """A closed folder for a test that starts servers itself; they end with the run at the latest.

    Args:
        reachable: the server's account may pass through it, so that data stay where the run is.

    Yields:
        Where the server's data may be put.
    """
    _ensure_guard()
    folder = Path(tempfile.mkdtemp(prefix="own-", dir=run_folder()))
    if reachable:
        folder.chmod(0o755)
    try:
        yield folder / "postgres"
    finally:
        Postgres(folder / "postgres").clear()
        shutil.rmtree(folder)


def _ensure_guard() -> None:
    """Start the process that cleans up if the controlling one is killed."""
    folder = run_folder()
    with _locked(folder):
        if (folder / "guarded").exists():
            return
        controller = folder.name.split("-")[2]
        subprocess.Popen(
            [sys.executable, "-m", "tests.harness.database.guard", controller, str(folder)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'layers/core'}"},
            start_new_session=True,  # Ctrl-C ends pytest, not its guard
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        (folder / "guarded").touch()


def database_name(suffix: str) -> str:
    """A name that no other run on the same server uses."""
    return f"{_prefix(run_folder())}{suffix}"


@cache
def template(server: Server) -> str:
    """The name of the migrated database to copy from; made by the first of all workers."""
    return migrated_template(server, SQL_DIR)


STORIES_BEGIN = datetime(2030, 1, 7, 6, 0, tzinfo=UTC)  # a Monday in winter, before opening


@cache
def demo_template(server: Server, begins: datetime = STORIES_BEGIN) -> str:
    """The name of the migrated database that has the demo tenant, to copy from.

    Args:
        begins: when its tests begin: the openings are compiled as if the sweep had run until then.
            At any other time they would have to be computed whenever they are asked for.
    """

    def seed(url: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            demo.seed(url, secrets.load(Path(folder) / "secrets.json"))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "select core.compile_openings(r.tenant_id, r.id, %s) from core.resources as r",
                (begins,),
            )

    name = database_name(f"demo_{begins:%Y%m%d}")
    return _template(server, name, seed, copied_from=template(server))


def migrated_template(server: Server, sql_dir: Path) -> str:
    """The name of a database migrated from that folder as it is now; made by the first call."""
    name = database_name(f"template_{_checksum(sql_dir)}")
    return _template(server, name, lambda url: migrate(url, sql_dir))


def _template(
    server: Server, name: str, fill: Callable[[str], object], *, copied_from: str | None = None
) -> str:
    with _locked(run_folder()):
        connection = superuser(server)
        query = "select datistemplate from pg_database where datname = %s"
        if connection.execute(query, (name,)).fetchone() != (True,):
            drop_database(server, name)  # half made, by a migration that failed
            create_database(server, name, copied_from)
            url = server.url(name)
            fill(url)
            # the first connection writes what every session must know of the catalogue into a file,
            # which is copied too
            psycopg.connect(url).close()
            # a template that takes no connections can be copied at any time
            statement = sql.SQL("alter database {} with is_template true allow_connections false")
            connection.execute(statement.format(sql.Identifier(name)))
    return name


def create_database(server: Server, name: str, template: str | None = None) -> None:
    """Create a database, a copy of `template` if given: of its files, which is cheapest."""
    statement = sql.SQL("create database {}").format(sql.Identifier(name))
    if template is not None:
        statement += sql.SQL(" template {} strategy file_copy").format(sql.Identifier(template))
    superuser(server).execute(statement)


def drop_database(server: Server, name: str) -> None:
    """Drop a database, disconnecting its sessions; harmless if there is none."""
    connection = superuser(server)
    query = "select datistemplate from pg_database where datname = %s"
    if connection.execute(query, (name,)).fetchone() == (True,):
        statement = sql.SQL("alter database {} with is_template false")
        connection.execute(statement.format(sql.Identifier(name)))
    statement = sql.SQL("drop database if exists {} with (force)")
    connection.execute(statement.format(sql.Identifier(name)))


def superuser(server: Server) -> psycopg.Connection[tuple[Any, ...]]:
    """This process's connection to the maintenance database; it commits each statement."""
    url = server.url("postgres")
    if url not in _superusers or _superusers[url].closed:
        _superusers[url] = psycopg.connect(url, autocommit=True)
    return _superusers[url]


_superusers: dict[str, psycopg.Connection[tuple[Any, ...]]] = {}


def _prefix(folder: Path) -> str:
    return f"holdfast_{folder.name.split('-')[2]}_"


def _checksum(sql_dir: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(sql_dir.rglob("*.sql")):
        digest.update(f"{path.relative_to(sql_dir)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Exclude the other workers; the lock ends with its holder, even a killed one."""
    with (folder / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
