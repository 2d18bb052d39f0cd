"""One PostgreSQL server for a whole test run, shared by its workers.

The controlling pytest process makes a folder for the run and names it in the environment. The first
worker that needs a database starts the server there, under a file lock; the others join. The
controller stops it at the end; should it be killed, a guard process that outlives it does.

With DATABASE_URL set, the databases are made on that server instead, as its superuser.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from dev.postgres import Postgres, create_database
from holdfast.migrations import migrate

ROOT = Path(__file__).parents[2]
SQL_DIR = ROOT / "sql"
_RUN = "HOLDFAST_TEST_RUN"  # the environment variable that tells the workers the run's folder
_SETTINGS = {
    "plpgsql.extra_errors": "all",  # every check that PL/pgSQL can make
    "plpgsql.extra_warnings": "all",
    "max_connections": "300",
    "deadlock_timeout": "200ms",  # a deadlock fails a test: find out soon
}


class Server(Protocol):
    """Where databases can be made."""

    def url(self, database: str = ..., user: str = ...) -> str:
        """The address of a database as that user."""

    def create_database(self, name: str, template: str | None = None) -> str:
        """Create a database, as a copy of `template` if given; returns its address."""


class External:
    """The server that DATABASE_URL names."""

    def __init__(self, address: str) -> None:
        self._address = address

    def url(self, database: str = "holdfast", user: str = "postgres") -> str:
        """`postgres` stands for whoever DATABASE_URL names."""
        role = {} if user == "postgres" else {"user": user}
        return make_conninfo(self._address, dbname=database, **role)

    def create_database(self, name: str, template: str | None = None) -> str:
        """As a superuser, else the roles' rights could not be tried."""
        create_database(self.url("postgres"), name, template)
        return self.url(name)


def open_run() -> None:
    """In the controlling process: make the folder of this run."""
    folder = Path(tempfile.mkdtemp(prefix=f"holdfast-tests-{os.getpid()}-"))
    folder.chmod(0o755)  # as root, the server runs as another user and must reach its data
    os.environ[_RUN] = str(folder)


def close_run() -> None:
    """In the controlling process: leave nothing running and nothing behind."""
    folder = run_folder()
    del os.environ[_RUN]
    remove_run(folder)


def remove_run(folder: Path) -> None:
    """Stop what runs in that folder, and remove it."""
    if "DATABASE_URL" in os.environ:
        server = External(os.environ["DATABASE_URL"])
        with superuser(server) as connection:
            query = "select datname from pg_database where starts_with(datname, %s)"
            names = [row[0] for row in connection.execute(query, (_prefix(folder),)).fetchall()]
        for name in names:
            drop_database(server, name)
    for data in (folder / "postgres", *folder.glob("own-*/postgres")):
        Postgres(data).clear()
    shutil.rmtree(folder, ignore_errors=True)


def run_folder() -> Path:
    """Where this run keeps what all its workers share."""
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
def own_server_folder() -> Iterator[Path]:
    """A closed folder for a test that starts servers itself; they end with the run at the latest.

    Yields:
        Where the server's data may be put.
    """
    _ensure_guard()
    folder = Path(tempfile.mkdtemp(prefix="own-", dir=run_folder()))
    try:
        yield folder / "postgres"
    finally:
        Postgres(folder / "postgres").clear()
        shutil.rmtree(folder)


def _ensure_guard() -> None:
    """Start the process that cleans up should the controlling one be killed."""
    folder = run_folder()
    with _locked(folder):
        if (folder / "guarded").exists():
            return
        controller = folder.name.split("-")[2]
        subprocess.Popen(
            [sys.executable, "-m", "tests.harness.guard", controller, str(folder)],
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


def template(server: Server, sql_dir: Path = SQL_DIR) -> str:
    """The name of a migrated database to copy from; migrates it if this is the first call."""
    name = database_name(f"template_{_checksum(sql_dir)}")
    with _locked(run_folder()), superuser(server) as connection:
        query = "select datistemplate from pg_database where datname = %s"
        if connection.execute(query, (name,)).fetchone() != (True,):
            drop_database(server, name)  # half made, by a migration that failed
            migrate(server.create_database(name), sql_dir)
            # a template that takes no connections can be copied at any time
            statement = sql.SQL("alter database {} with is_template true allow_connections false")
            connection.execute(statement.format(sql.Identifier(name)))
    return name


def drop_database(server: Server, name: str) -> None:
    """Drop a database, disconnecting whoever still uses it; harmless if there is none."""
    with superuser(server) as connection:
        query = "select datistemplate from pg_database where datname = %s"
        if connection.execute(query, (name,)).fetchone() == (True,):
            statement = sql.SQL("alter database {} with is_template false")
            connection.execute(statement.format(sql.Identifier(name)))
        statement = sql.SQL("drop database if exists {} with (force)")
        connection.execute(statement.format(sql.Identifier(name)))


def superuser(server: Server) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection to the maintenance database that commits each statement."""
    return psycopg.connect(server.url("postgres"), autocommit=True)


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
