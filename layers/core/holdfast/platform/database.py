"""The only module that talks to PostgreSQL: one stored function, one transaction, one round trip.

A connection to each place is kept for the life of the execution environment: a place is a cell, one
of our databases, and either its writer or its readers. There is one cell today.

Nothing we do makes a pooling proxy pin a connection to a session: every statement commits by
itself, none is prepared, nothing is `set`. What a session needs (time limits, search path, time
zone) is a property of its role, in sql/roles.sql; what one call needs is passed as arguments, and
the request's id in a comment.
"""

import random
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Jsonb

from holdfast.platform import database_errors, errors
from holdfast.platform.observability import comment, count, count_trouble, logger
from holdfast.platform.settings import FIRST_CELL, settings

_CONNECT_TIMEOUT_SECONDS = 3
_ATTEMPTS = 3
_TRY_AGAIN = {"40001", "40P01"}  # serialization_failure, deadlock_detected
_READ_ONLY = "25006"  # read_only_sql_transaction: our server has become the standby
_SETTINGS: dict[str, Any] = {
    "autocommit": True,
    "prepare_threshold": None,
    "connect_timeout": _CONNECT_TIMEOUT_SECONDS,
    # devices between us and the server forget silent connections; a frozen environment keeps its
    # own for minutes, and a vanished server must be noticed before the caller's time-out
    "keepalives": 1,
    "keepalives_idle": 30,  # seconds
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,  # ms
}


class Place(NamedTuple):
    """Where a call goes: a cell, and whether a reader, which may be a moment behind, is enough."""

    cell: str = FIRST_CELL
    reads: bool = False


WRITER, READER = Place(), Place(reads=True)

_connections: dict[Place, psycopg.Connection[Any]] = {}


def call(function: str, *arguments: Any, where: Place = WRITER) -> Any:
    """Call `api.<function>` and return its result.

    Dictionaries and lists are sent as jsonb. A call that lost its connection is repeated once, one
    that lost to another transaction up to twice, and connecting is tried twice: every function of
    schema api may be repeated without harm.

    Args:
        where: a reader only for a function that writes nothing. The writer does it if there is
            no reader, and if the reader could not.

    Raises:
        HoldfastError: the database refused, or cannot be reached in time (Unavailable).
        psycopg.Error: a fault of ours.
    """
    holes = ", ".join(["%s"] * len(arguments))
    query = f"select api.{function}({holes}){comment()}"
    values = [Jsonb(a) if isinstance(a, Mapping | list) else a for a in arguments]

    if where.reads and not settings().has_readers(where.cell):
        where = where._replace(reads=False)
    repeated: set[tuple[str, Place]] = set()
    for attempt in range(1, _ATTEMPTS + 1):
        connection: psycopg.Connection[Any] | None = None
        try:
            connection = _connected(where)
            row = connection.execute(query.encode(), values).fetchone()
        except psycopg.Error as error:
            count_trouble(error.sqlstate)
            if connection is None:
                settings().forget_database()  # its password or its place may have changed
            elif error.sqlstate == _READ_ONLY and not where.reads:
                connection.close()  # at a reader it is a fault of ours: the function writes
            trouble = "connecting" if connection is None else "calling"
            lost = connection is None or connection.closed
            passing = error.sqlstate in _TRY_AGAIN or (lost and (trouble, where) not in repeated)
            if passing and attempt < _ATTEMPTS:
                repeated.add((trouble, where))
                where = where._replace(reads=False)
                time.sleep(random.uniform(0.005, 0.02) * attempt)  # noqa: S311 spreads the racers
                continue
            known = _translated(error, lost=lost)
            if known is None:
                raise
            raise known from error
        else:
            return None if row is None else row[0]
    raise AssertionError("unreachable: the last attempt returns or raises")


def disconnect() -> None:
    """Close the kept connections: before a snapshot of the environment, and between tests."""
    for connection in _connections.values():
        connection.close()
    _connections.clear()


def _connected(where: Place) -> psycopg.Connection[Any]:
    connection = _connections.get(where)
    if connection is None or connection.closed:
        connection = psycopg.connect(
            settings().database_at(where.cell, reads=where.reads),
            application_name=settings().function_name,
            **_SETTINGS,
        )
        _connections[where] = connection
    return connection


def _translated(error: psycopg.Error, *, lost: bool) -> errors.HoldfastError | None:
    diagnosis = error.diag
    known = database_errors.from_database(
        error.sqlstate,
        diagnosis.constraint_name,
        diagnosis.message_primary or "",
        diagnosis.message_detail,
        diagnosis.message_hint,
    )
    if lost:
        count("DatabaseUnavailable")
        known = known or errors.Unavailable()
    if isinstance(known, errors.Unavailable):
        logger().warning("database unavailable", sqlstate=error.sqlstate)
    return known
