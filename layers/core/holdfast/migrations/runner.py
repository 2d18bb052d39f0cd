"""One run: compare the files with the ledger, apply what differs."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from holdfast.migrations import objects, session
from holdfast.migrations.scripts import (
    GRANTS,
    REPEATABLE,
    ROLES,
    MigrationError,
    NewerDatabaseError,
    Script,
    is_after,
    is_migration,
    number,
    read,
)

_CONNECT_TIMEOUT_SECONDS = 30  # a paused Aurora cluster wakes up within these
_ROLE_ATTEMPTS = 40
# what PostgreSQL raises when two databases of one cluster change the same role at the same moment
_ROLE_RACES = {"XX000", "23505", "42710", "40P01"}  # XX000: "tuple concurrently updated"

_SETTINGS = """
-- waiting for a table behind a long query would make every later query wait behind us
set local lock_timeout = '30s';
set local search_path = public;
set local check_function_bodies = off
"""

_LEDGER = """
create schema if not exists core;
create table if not exists core.migrations (
    name text not null, -- path below sql/
    checksum text not null, -- SHA-256 of the text, hexadecimal
    objects text[] not null, -- what a repeatable file defines, as `drop` wants it named
    applied_at timestamptz not null,
    constraint migrations_pkey primary key (name),
    constraint migrations_checksum_is_sha256 check (checksum ~ '^[0-9a-f]{64}$')
)
"""

_RECORD = """
insert into core.migrations as m (name, checksum, objects, applied_at)
values (%s, %s, %s, clock_timestamp())
on conflict (name) do update
set checksum = excluded.checksum, objects = excluded.objects, applied_at = excluded.applied_at
"""


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What a run did.

    Attributes:
        applied: migrations that were applied, and their second files, paths below `sql/`.
        reapplied: other files that were run, or whose objects were dropped as the file is gone.
        version: number of the newest migration, "0007"; "0000" without any.
    """

    applied: tuple[str, ...]
    reapplied: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row of the ledger."""

    checksum: str
    objects: tuple[str, ...]


def migrate(
    conninfo: str,
    sql_dir: Path,
    *,
    progress: Callable[[str], None] | None = None,
    seconds: float | None = None,
) -> MigrationReport:
    """Bring the database up to date with the files below `sql_dir`.

    Args:
        conninfo: the database, as a user who may create roles and, in it, schemas.
        sql_dir: the folder of roles.sql, migrations/, functions/, views/, triggers/, grants.sql.
        progress: called with the path of each file before it is run.
        seconds: after which the run is broken off; None is never.

    Raises:
        MigrationError: a file is wrong, missing, edited after it was applied, or failed.
        NewerDatabaseError: newer code has been here; nothing is wrong with the database.
        TimeoutError: the time was over.
        psycopg.OperationalError: the database can't be reached.
    """
    tree = read(sql_dir)
    with (
        psycopg.connect(conninfo, connect_timeout=_CONNECT_TIMEOUT_SECONDS) as connection,
        session.broken_off_after(connection, seconds),
    ):
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        run = _Run(connection, tree, progress or (lambda _name: None))
        run.ensure_roles()
        with connection.transaction():
            return run.apply()


def schema_version(conninfo: str) -> str:
    """Number of the newest migration applied, "0007"; "0000" if there is none.

    Raises:
        psycopg.OperationalError: the database can't be reached.
    """
    with psycopg.connect(conninfo, autocommit=True) as connection:
        return _version(_ledger(connection))


def _ledger(connection: psycopg.Connection[Any]) -> dict[str, _Entry]:
    """Every file that has been run, by name."""
    if connection.execute("select to_regclass('core.migrations')").fetchone() == (None,):
        return {}
    rows = connection.execute("select name, checksum, objects from core.migrations").fetchall()
    return {name: _Entry(checksum, tuple(objects)) for name, checksum, objects in rows}


def _version(ledger: dict[str, _Entry]) -> str:
    return max((number(name) for name in ledger if is_migration(name)), default="0000")


@dataclass
class _Run:
    connection: psycopg.Connection[Any]
    tree: dict[str, Script]
    tell: Callable[[str], None]
    ledger: dict[str, _Entry] = field(default_factory=dict)
    applied: list[str] = field(default_factory=list)
    reapplied: list[str] = field(default_factory=list)

    def ensure_roles(self) -> None:
        """Run roles.sql if its text is new here or the cluster does not know the owner.

        In a short transaction of its own: a role that a whole migration held would make the
        migrations of all other databases of the cluster wait. The advisory lock excludes runners
        in this database only; those in others can collide with us, so the file, which is
        idempotent, is tried again.
        """
        for attempt in range(1, _ROLE_ATTEMPTS + 1):
            try:
                with self.connection.transaction():
                    session.lock(self.connection)
                    self.ledger = _ledger(self.connection)
                    # a copied or restored database has the roles, but not what they may do in it
                    query = (
                        "select coalesce(has_database_privilege("
                        "to_regrole(%s)::oid, current_database(), 'create'), false)"
                    )
                    known = self.connection.execute(query, (session.OWNER,)).fetchone()
                    if known == (True,) and not self._differs(ROLES):
                        return
                    self.tell(ROLES)
                    session.run(self.connection, self.tree[ROLES])
            except MigrationError as error:
                if error.sqlstate not in _ROLE_RACES or attempt == _ROLE_ATTEMPTS:
                    raise
                time.sleep(random.uniform(0, 0.01 * attempt))  # noqa: S311  spreads the racers
            else:
                return

    def apply(self) -> MigrationReport:
        """Apply what differs, inside the caller's transaction."""
        session.lock(self.connection)
        self.connection.execute(_SETTINGS)
        session.act_as_owner(self.connection)
        self.connection.execute(_LEDGER)
        self.ledger = _ledger(self.connection)
        before = dict(self.ledger)
        if self._differs(ROLES):
            self._record(ROLES)
        self._apply_migrations()
        everything = False
        while not self._define(everything=everything):
            everything = True
        self._drop_removed(before)
        if self.applied or self.reapplied or self._differs(GRANTS):
            objects.check(self.connection, self._repeatable())
            self._apply_grants()
        self._apply_afters()
        return MigrationReport(
            tuple(self.applied), tuple(dict.fromkeys(self.reapplied)), _version(self.ledger)
        )

    def _apply_migrations(self) -> None:
        applied = sorted(filter(is_migration, self.ledger))
        ours = list(filter(is_migration, self.tree))
        later = [name for name in applied if ours and name > ours[-1]]
        if later and applied[: -len(later)] == ours and not any(map(self._differs, ours)):
            raise NewerDatabaseError(later[-1], None, "applied by newer code than this")
        for name in (*applied, *filter(is_after, self.ledger)):
            if name not in self.tree:
                raise MigrationError(
                    name, None, "applied to this database, but the file is gone: is the code older?"
                )
            if self._differs(name):
                raise MigrationError(
                    name, None, "edited after it was applied: restore it and add a new migration"
                )
        newest = _version(self.ledger)
        for name in ours:
            if name in self.ledger:
                continue
            if number(name) <= newest:
                raise MigrationError(name, None, f"comes before {newest}, already applied")
            self._run(name)
            self._record(name)

    def _apply_afters(self) -> None:
        """Run what needs the functions of today, and the rights that they have been given."""
        for name in filter(is_after, self.tree):
            if name not in self.ledger:
                self._run(name)
                self._record(name)

    def _define(self, *, everything: bool) -> bool:
        """Run the repeatable files that differ, or all; False if all must be run again."""
        for script in self._repeatable():
            if everything or self._differs(script.name):
                self.tell(script.name)
                if not objects.define(self.connection, script):
                    return False
                self._record(script.name)
        return True

    def _drop_removed(self, before: dict[str, _Entry]) -> None:
        """Drop what files defined at the last run and no file defines now."""
        defined = {item for script in self._repeatable() for item in script.objects}
        old = [(name, item) for name, entry in before.items() for item in entry.objects]
        objects.drop(self.connection, [pair for pair in old if pair[1] not in defined])
        for name in before:
            if name not in self.tree:
                self.connection.execute("delete from core.migrations where name = %s", (name,))
                self.reapplied.append(name)

    def _apply_grants(self) -> None:
        """Always after any change: what was created again has lost its grants."""
        with session.as_connecting_user(self.connection):
            self._run(GRANTS)
        self._record(GRANTS)

    def _repeatable(self) -> list[Script]:
        return [script for script in self.tree.values() if script.folder in REPEATABLE]

    def _differs(self, name: str) -> bool:
        return name not in self.ledger or self.ledger[name].checksum != self.tree[name].checksum

    def _run(self, name: str) -> None:
        self.tell(name)
        session.run(self.connection, self.tree[name])

    def _record(self, name: str) -> None:
        """Note in the ledger and in the report that a file was run."""
        script = self.tree[name]
        repeatable = list(script.objects) if script.folder in REPEATABLE else []
        self.connection.execute(_RECORD, (name, script.checksum, repeatable))
        self.ledger[name] = _Entry(script.checksum, tuple(repeatable))
        once = is_migration(name) or is_after(name)
        (self.applied if once else self.reapplied).append(name)
