"""A PostgreSQL server of our own: started, adopted, stopped and cleared by the local stack.

The server outlives a supervisor that is killed. The next `start()` finds it through the data
folder and takes it over, so that no data is lost and nothing is started twice.
"""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from dev.programs.postgres_binaries import PostgresError, binaries, server_account, shared_folders
from dev.programs.processes import command_line, free_port, is_alive, planted_clock, wait_for_exit

__all__ = ["Postgres", "PostgresError", "create_database"]

_START_SECONDS = 60  # recovery after a crash replays the log before it answers
_ELSEWHERE = "holdfast-data-"  # names of folders in a temporary place
_STOP_SECONDS = 5
_VOLATILE = {  # a test database that a crash destroys is made again
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}


class Postgres:
    """A PostgreSQL server on 127.0.0.1, without Unix sockets, whose data live in one folder.

    Any process that can reach the port may connect as any role (trust): it is for development.

    Args:
        data: folder of the data, made if necessary. If the server's account could not reach it
    (root
            hands the server to `nobody`, and a home may be closed), the path becomes a symbolic
            link to a folder in a temporary place that it can reach.
        port: TCP port; None takes a free one, or that of a server found running.
        durable: False gives up crash safety for speed, for tests.
        settings: further server settings, `{"plpgsql.extra_errors": "all"}`.
    """

    def __init__(
        self,
        data: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.data = Path(os.path.abspath(data))  # noqa: PTH100  resolve() would follow our own link
        self.port = port
        self._wanted_port = port
        self._durable = durable
        self._settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **({} if durable else _VOLATILE),
            **(settings or {}),
        }

    def start(self) -> str:
        """Start the server, or adopt the one already running on this folder.

        A running server is kept if it answers and was started with the same settings; otherwise it
        is stopped and a new one takes its place. Calling it twice is harmless.

        Returns:
            The URL of the maintenance database `postgres`.

        Raises:
            PostgresError: no programs, no free port, or the server gave up; with the server's log.
        """
        self._prepare()
        running = self._running_port()
        if running is not None and self._as_wanted(running):
            self.port = running
            return self.url("postgres")
        self._halt(gently=running is not None)
        self._remove_stale_pid()
        self._launch()
        return self.url("postgres")

    def stop(self) -> None:
        """Disconnect all sessions, write everything to disk and stop; harmless if nothing runs."""
        self._halt(gently=True)

    def running(self) -> bool:
        """Whether a server on this folder answers queries."""
        return self._running_port() is not None

    def pid(self) -> int | None:
        """The process id of the server on this folder, or None if there is none."""
        return self._server_pid()

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self._folder() / "server.log"

    def clear(self) -> None:
        """Stop the server and remove all its data, wherever they are."""
        self.stop()
        self._unlink()
        for folder in (self.data, _unfinished(self.data)):
            if folder.exists():
                shutil.rmtree(folder)

    def url(self, database: str = "holdfast", user: str = "postgres") -> str:
        """The URL of one of its databases.

        Raises:
            PostgresError: the server has not been started, so it has no port yet.
        """
        if self.port is None:
            raise PostgresError("the PostgreSQL server has not been started")
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, template: str | None = None) -> str:
        """Create a database, a copy of `template` if given; returns its URL.

        Raises:
            psycopg.errors.DuplicateDatabase: it exists.
        """
        create_database(self.url("postgres"), name, template)
        return self.url(name)

    # the data folder --------------------------------------------------------------------------

    def _folder(self) -> Path:
        """Where the data are once links are followed."""
        return self.data.resolve()

    def _prepare(self) -> None:
        """Make the data folder, in a reachable place, and fill it if it is empty."""
        account = server_account()
        self.data.parent.mkdir(parents=True, exist_ok=True)
        if self.data.is_symlink() and not self.data.exists():
            self._unlink()  # the temporary place was cleaned: nothing is left to keep
        if not self.data.exists() and not account.reaches(self.data.parent):
            shared = next((f for f in shared_folders() if account.reaches(f)), None)
            if shared is None:
                raise PostgresError(
                    f"{self.data} lies in a closed folder and no temporary folder is open"
                )
            elsewhere = Path(tempfile.mkdtemp(prefix=_ELSEWHERE, dir=shared))
            elsewhere.chmod(0o755)  # ours alone to write; the server only passes through
            self.data.symlink_to(elsewhere / "data")
        folder = self._folder()
        version_file = folder / "PG_VERSION"
        if folder.exists() and not os.access(folder, os.R_OK | os.X_OK):
            raise PostgresError(
                f"{self.data} belongs to another user: clear it as that user (make reset)"
            )
        if not version_file.exists():
            self._initialise(folder)
            return
        account.own(folder)
        ours = self._run("postgres", "--version").split()[-1].split(".")[0]
        if version_file.read_text().strip() != ours:
            raise PostgresError(
                f"{self.data} was made by PostgreSQL {version_file.read_text().strip()}, this is "
                f"{ours}: clear the data (make reset) or use that version"
            )

    def _unlink(self) -> None:
        """Remove the link to a temporary place, and the place."""
        if self.data.is_symlink():
            elsewhere = self.data.readlink().parent
            if elsewhere.name.startswith(_ELSEWHERE):
                shutil.rmtree(elsewhere, ignore_errors=True)
            self.data.unlink()

    def _initialise(self, folder: Path) -> None:
        """Create the cluster beside its place and move it there: all or nothing, even if killed."""
        unfinished = _unfinished(folder)
        shutil.rmtree(unfinished, ignore_errors=True)
        server_account().own(unfinished)
        arguments = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale"]
        arguments += ["--no-instructions", *([] if self._durable else ["--no-sync"])]
        self._run("initdb", "-D", str(unfinished), *arguments)
        unfinished.rename(folder)  # replaces an empty folder, refuses any other

    # the process ------------------------------------------------------------------------------

    def _launch(self) -> None:
        """Start the server and wait until it answers.

        A free port may be taken before the server has it, and the children of a killed server may
        hold its shared memory for a moment: both pass, so both are tried again.
        """
        folder, log = self._folder(), self.log
        deadline = time.monotonic() + _START_SECONDS
        while True:
            port = self._wanted_port or free_port()
            options = shlex.join(self._options(port))
            arguments = ["-D", str(folder), "-l", str(log), "-o", options, "-t", "60", "-s", "-w"]
            before = log.stat().st_size if log.exists() else 0
            try:
                self._run("pg_ctl", *arguments, "start")
            except PostgresError as error:
                said = _tail(log, before)
                passing = "shared memory block" in said or (
                    "could not bind" in said and self._wanted_port is None
                )
                if not passing or time.monotonic() > deadline:
                    raise PostgresError(f"PostgreSQL did not start: {said or error}") from error
                time.sleep(0.1)
            else:
                self.port = port
                return

    def _halt(self, *, gently: bool) -> None:
        """End the server, if there is one; by force if it does not obey."""
        pid = self._server_pid()
        if pid is None:
            return
        if gently:
            with contextlib.suppress(PostgresError):
                where = ("-D", str(self._folder()))
                self._run("pg_ctl", *where, "-m", "fast", "-t", "20", "-s", "stop")
        for force in (signal.SIGQUIT, signal.SIGKILL):  # safe: the log is replayed at next start
            if not is_alive(pid):
                return
            os.kill(pid, force)
            wait_for_exit(pid, _STOP_SECONDS)

    def _options(self, port: int) -> list[str]:
        settings = {**self._settings, "port": str(port)}
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _as_wanted(self, port: int) -> bool:
        """Whether the running server has the port and settings that a new start would use."""
        if self._wanted_port not in (None, port):
            return False
        try:
            started_with = shlex.split((self._folder() / "postmaster.opts").read_text())
        except OSError:
            return False
        return started_with[-len(self._options(port)) :] == self._options(port)

    def _pid_file(self) -> list[str]:
        """Lines of postmaster.pid: process, data folder, start, port, …; empty without one."""
        try:
            return (self._folder() / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _server_pid(self) -> int | None:
        """The process that serves this folder; None if postmaster.pid is absent or stale.

        After a reboot, or in a new container, the number in a stale file may belong to any process:
        it must be a `postgres` that names this folder.
        """
        lines = self._pid_file()
        if not lines or not lines[0].strip().isdigit():
            return None
        pid = int(lines[0])
        if not is_alive(pid):
            return None
        command = command_line(pid)
        return pid if "postgres" in command and str(self._folder()) in command else None

    def _running_port(self) -> int | None:
        """The port of a server that answers and says that it serves this folder.

        Waits for one that is starting up, replaying its log, or shutting down.
        """
        deadline = time.monotonic() + _START_SECONDS
        while self._server_pid() is not None and time.monotonic() < deadline:
            lines = self._pid_file()
            if len(lines) > 3 and lines[3].strip().isdigit():
                port = int(lines[3])
                address = f"postgresql://postgres@127.0.0.1:{port}/postgres?connect_timeout=3"
                try:
                    with psycopg.connect(address, autocommit=True) as connection:
                        row = connection.execute("show data_directory").fetchone()
                    return port if row is not None and Path(row[0]) == self._folder() else None
                except psycopg.Error as error:
                    if "the database system is" not in str(error):
                        return None
            time.sleep(0.05)
        return None

    def _remove_stale_pid(self) -> None:
        """PostgreSQL itself won't start while the number in the file is a process of our user."""
        if self._server_pid() is None:
            (self._folder() / "postmaster.pid").unlink(missing_ok=True)

    def _run(self, program: str, *arguments: str) -> str:
        """Run one of PostgreSQL's programs as the server's account, in a neutral environment."""
        account = server_account()
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [binaries(account) / program, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",  # our own folder may be closed to that account
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
            | planted_clock(),
            **account.popen_arguments(),
        )
        if done.returncode:
            raise PostgresError(f"{program}: {(done.stderr or done.stdout).strip()}")
        return done.stdout


def create_database(maintenance_url: str, name: str, template: str | None = None) -> None:
    """Create a database on the server of that URL, as a copy of `template` if given.

    Copies files instead of logging every page (PostgreSQL 15+): 30 ms instead of 200.

    Raises:
        psycopg.errors.DuplicateDatabase: it exists.
    """
    statement = sql.SQL("create database {}").format(sql.Identifier(name))
    if template is not None:
        statement += sql.SQL(" template {} strategy file_copy").format(sql.Identifier(template))
    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        connection.execute(statement)


def _unfinished(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.unfinished")


def _tail(log: Path, start: int) -> str:
    """What the server wrote into its log since that position."""
    if not log.exists():
        return ""
    with log.open(errors="replace") as lines:
        lines.seek(start)
        return lines.read().strip()
