"""A durable PostgreSQL server for one run, and databases that are cloned for every sample."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from bench.results import ROOT
from dev.programs.postgres import Postgres
from holdfast.migrations import migrate

# Durable: fsync and synchronous_commit stay on, as PostgreSQL has them.
_SETTINGS = {"max_connections": "300", "shared_buffers": "256MB", "max_wal_size": "4GB"}


class Server:
    """Where databases are made from templates; each template is filled once.

    Args:
        folder: where its data may lie.
        scale: how much of what a family puts into its databases is put there, 1 for all of it.
    """

    def __init__(self, folder: Path, scale: float = 1.0) -> None:
        self._scale = scale
        self._postgres = Postgres(folder / "postgres", settings=_SETTINGS)
        self._postgres.start()
        self._numbers = itertools.count(1)
        self._templates: dict[str, str] = {}

    def close(self) -> None:
        """Stop the server and remove its data."""
        self._postgres.clear()

    def scaled(self, rows: int) -> int:
        """As many as a measurement wants, or fewer if it is only tried out."""
        return max(1, int(rows * self._scale))

    def version(self) -> str:
        """What it says it is: 18.6."""
        with psycopg.connect(self.url("postgres")) as connection:
            row = connection.execute("show server_version").fetchone()
        assert row is not None
        return str(row[0])

    def template(self, name: str, fill: Callable[[psycopg.Connection], None]) -> str:
        """The name of a migrated database that `fill` has filled, as its superuser."""
        if name not in self._templates:
            url = self._postgres.create_database(name)
            migrate(url, ROOT / "sql")
            with psycopg.connect(url) as connection:
                fill(connection)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("vacuum analyze")
                connection.execute("checkpoint")
            self._templates[name] = name
        return name

    @contextmanager
    def clone(self, template: str) -> Iterator[str]:
        """A copy of a template for one sample; yields its name."""
        name = f"{template}_{next(self._numbers)}"
        self._postgres.create_database(name, template)
        try:
            yield name
        finally:
            statement = sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
            with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
                connection.execute(statement)

    def url(self, database: str, user: str = "postgres") -> str:
        """The URL of a database as that role."""
        return self._postgres.url(database, user)

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        assert self._postgres.port is not None
        return self._postgres.port
