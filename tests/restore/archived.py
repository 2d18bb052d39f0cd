"""A PostgreSQL server with a base backup and archived WAL, and servers restored from the two.

Source: PostgreSQL's documentation, "Continuous Archiving and Point-in-Time Recovery".
"""

import contextlib
import itertools
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping

import psycopg

from dev.programs.postgres import Postgres
from dev.programs.postgres_binaries import binaries, server_account
from dev.programs.processes import wait_for_exit
from holdfast.migrations import migrate
from tests.harness.database.cluster import SQL_DIR, own_server_folder

_MIGRATED = "migrated"
_RECOVERY_SECONDS = 30
_numbers = itertools.count(1)


class Archived:
    """A server whose every commit can be restored: from its backup and its archive."""

    def __init__(self, places: contextlib.ExitStack) -> None:
        self._places = places
        data = places.enter_context(own_server_folder(reachable=True))
        self.archive, self._backups = data.parent / "archive", data.parent / "backups"
        for folder in (self.archive, self._backups):
            server_account().own(folder)
        # as in the documentation: never overwrites an existing segment
        kept = f"{shlex.quote(str(self.archive))}/%f"
        self.server = Postgres(
            data,
            settings={
                "wal_level": "replica",
                "archive_mode": "on",
                "archive_command": f"test ! -f {kept} && cp %p {kept}",
                "max_wal_senders": "2",
            },
        )
        self.server.start()
        migrate(self.server.create_database(_MIGRATED), SQL_DIR)
        self._back_up()

    def database(self) -> str:
        """A migrated database, which is in no backup: all of it is in the archive alone."""
        name = f"shop_{next(_numbers)}"
        self.server.create_database(name, _MIGRATED)
        return name

    def _back_up(self) -> None:
        """Take a base backup without the WAL that belongs to it: that is in the archive, too."""
        program = str(binaries(server_account()) / "pg_basebackup")
        where = ("-D", str(self._backups / "base"), "-d", self.server.url("postgres"))
        _run(program, *where, "-X", "none", "-c", "fast", "--no-sync")

    def value(self, query: str) -> str:
        """Ask the server, as its superuser."""
        with psycopg.connect(self.server.url("postgres"), autocommit=True) as connection:
            row = connection.execute(query.encode()).fetchone()
            assert row is not None
            return str(row[0])

    def archive_all(self) -> None:
        """Close the current segment, and wait until the archiver has it: what archive_timeout does
        in five minutes, and Aurora at once.
        """
        segment = self.value("select pg_walfile_name(pg_switch_wal())")
        deadline = time.monotonic() + _RECOVERY_SECONDS
        while not (self.archive / segment).exists():
            assert time.monotonic() < deadline, "the archiver does not work"
            time.sleep(0.02)

    def destroy(self) -> None:
        """Lose the machine: no shutdown, no last segment, no folder."""
        pid = self.server.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_for_exit(pid)
        shutil.rmtree(self.server.data.resolve(), ignore_errors=True)
        self.server.clear()

    def restore(self, target: Mapping[str, str]) -> Postgres:
        """Another server, from backup and archive, as the database was at the target.

        Args:
            target: settings `recovery_target…`; none restores all that was archived.
        """
        data = self._places.enter_context(own_server_folder(reachable=True))
        restored = Postgres(
            data,
            settings={
                "restore_command": f"cp {shlex.quote(str(self.archive))}/%f %p",
                "recovery_target_action": "promote",
                "archive_mode": "off",  # it must not write into the archive it comes from
                **target,
            },
        )
        server_account().own(data)
        _run("cp", "-R", f"{self._backups / 'base'}/.", str(data))
        _run("touch", str(data / "recovery.signal"))
        restored.start()
        _wait_until_promoted(restored)
        return restored


@contextlib.contextmanager
def archived() -> Iterator[Archived]:
    """A server for a test; it and those restored from it end with the test."""
    with contextlib.ExitStack() as places:
        yield Archived(places)


def _run(*command: str) -> None:
    """As the account that owns the data."""
    arguments = server_account().popen_arguments()
    subprocess.run(command, check=True, capture_output=True, cwd="/", **arguments)


def _wait_until_promoted(server: Postgres) -> None:
    """It answers while it still replays; it is restored once it accepts writes."""
    deadline = time.monotonic() + _RECOVERY_SECONDS
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        while connection.execute("select pg_is_in_recovery()").fetchone() != (False,):
            assert time.monotonic() < deadline, server.log.read_text()
            time.sleep(0.02)
