"""A migrated database for one test, with a clock that the test moves."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import namedtuple_row

from dev.stack import demo
from dev.stack.secrets import LocalSecrets
from holdfast.access.actors import digest
from tests.harness.database import cluster

_numbers = itertools.count(1)

# Stays volatile: as with the real clock, a session in the middle of a transaction sees at its next
# call how far time has advanced. Any role may ask.
_CLOCK = """
create schema if not exists harness; -- a restored database has it already
create table if not exists harness.clock (frozen_at timestamptz, shift interval not null);
insert into harness.clock select null, '0' where not exists (select from harness.clock);
grant usage on schema harness to public;
grant select on harness.clock to public;
create or replace function core.clock() returns timestamptz
language sql volatile
as $$
    select coalesce(c.frozen_at, pg_catalog.clock_timestamp()) + c.shift from harness.clock as c
$$
"""


class Clock:
    """`core.clock()` of one database: real until it is set or advanced."""

    def __init__(self, database: "Database") -> None:
        self._database = database

    @cached_property
    def _replaced(self) -> bool:
        self._database.execute(_CLOCK)
        return True

    def _change(self, assignments: str, *parameters: object) -> None:
        assert self._replaced
        self._database.execute(f"update harness.clock set {assignments}", *parameters)

    def set(self, instant: datetime) -> None:
        """Stop the clock at an instant, which must name its zone."""
        assert instant.tzinfo is not None, "an instant without a zone is no instant"
        self._change("frozen_at = %s, shift = '0'", instant)

    def freeze(self) -> datetime:
        """Stop the clock where it is; returns where."""
        instant = self.now()
        self.set(instant)
        return instant

    def advance(self, duration: timedelta) -> None:
        """Move a stopped or a running clock; it stays stopped or running."""
        self._change("shift = shift + %s", duration)

    def real(self) -> None:
        """Let the clock show the true time again."""
        self._change("frozen_at = null, shift = '0'")

    def now(self) -> datetime:
        """What the database takes for the time."""
        instant: datetime = self._database.value("select core.clock()")
        return instant


_LOGINS = """
select p.proname, min(r.rolname)
from pg_proc as p
join pg_roles as r on r.rolcanlogin and starts_with(r.rolname, 'holdfast_')
    and has_function_privilege(r.oid, p.oid, 'execute')
where p.pronamespace = 'api'::regnamespace
group by p.proname
"""


class Database:
    """One database of the run's server. Statements run here commit at once, as superuser."""

    def __init__(self, server: cluster.Server, name: str) -> None:
        self.server = server
        self.name = name
        self.clock = Clock(self)

    def url(self, user: str = "postgres") -> str:
        """Its address as that user: `holdfast_checkout`, … or the superuser."""
        return self.server.url(self.name, user)

    def connect(
        self, user: str = "postgres", *, autocommit: bool = False
    ) -> psycopg.Connection[NamedTuple]:
        """A connection for the caller, who closes it; rows have names."""
        return psycopg.connect(self.url(user), autocommit=autocommit, row_factory=namedtuple_row)

    @cached_property
    def _connection(self) -> psycopg.Connection[NamedTuple]:
        return self.connect(autocommit=True)

    @cached_property
    def logins(self) -> dict[str, str]:
        """For each function of schema api, a login role that sql/grants.sql allows."""
        return dict(self.rows(_LOGINS))

    def execute(self, statement: str, *parameters: object) -> None:
        """Run a statement, or without parameters a script of them."""
        self._connection.execute(statement.encode(), parameters or None)

    def rows(self, query: str, *parameters: object) -> list[Any]:
        """All rows, as named tuples."""
        return list(self._connection.execute(query.encode(), parameters or None).fetchall())

    def one(self, query: str, *parameters: object) -> Any:
        """The only row, as a named tuple."""
        rows = self.rows(query, *parameters)
        assert len(rows) == 1, f"{len(rows)} rows instead of one: {query}"
        return rows[0]

    def value(self, query: str, *parameters: object) -> Any:
        """The only column of the only row."""
        (value,) = self.one(query, *parameters)
        return value

    def close(self) -> None:
        """Close the connection behind `execute` and its like."""
        if "_connection" in self.__dict__:
            self._connection.close()


@contextmanager
def fresh_database(server: cluster.Server) -> Iterator[Database]:
    """A copy of the migrated template, dropped at the end."""
    with _temporary(server, cluster.template(server)) as database:
        yield database


@contextmanager
def demo_database(
    server: cluster.Server, begins: datetime = cluster.STORIES_BEGIN
) -> Iterator[Database]:
    """A migrated database with the demo tenant, dropped at the end; see `demo_tenant`.

    Args:
        begins: where its clock will be set; see `cluster.demo_template`.
    """
    with _temporary(server, cluster.demo_template(server, begins)) as database:
        yield database


def demo_tenant(database: Database, keys: LocalSecrets) -> demo.DemoTenant:
    """The demo tenant of a database, which only these keys open.

    It is made if the database has none: copying one that has it costs a tenth of that.
    """
    if not database.value("select exists (select from core.tenants)"):
        return demo.seed(database.url(), keys)
    database.execute(
        "update core.api_keys set key_hash = case kind when 'secret' then %s::bytea else %s end"
        " where label = 'local stack'",
        digest(keys.secret_key),
        digest(keys.publishable_key),
    )
    return demo.described()


@contextmanager
def empty_database(server: cluster.Server) -> Iterator[Database]:
    """A database with nothing in it, dropped at the end."""
    with _temporary(server, None) as database:
        yield database


@contextmanager
def _temporary(server: cluster.Server, template: str | None) -> Iterator[Database]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = cluster.database_name(f"{worker}_{next(_numbers)}")
    cluster.create_database(server, name, template)
    database = Database(server, name)
    try:
        yield database
    finally:
        database.close()
        cluster.drop_database(server, name)
