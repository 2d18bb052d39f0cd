"""The only module that speaks to PostgreSQL: one stored function, one transaction, one round trip.

The connection is kept for the life of the execution environment. Autocommit and no prepared
statements, so that a pooling proxy never has to pin it.
"""

import random
import time
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from holdfast import errors, refusals
from holdfast.observability import logger
from holdfast.settings import settings

_CONNECT_TIMEOUT_SECONDS = 3
_ATTEMPTS = 3
_TRY_AGAIN = {"40001", "40P01"}  # serialization_failure, deadlock_detected

_connection: psycopg.Connection[Any] | None = None


def call(function: str, *arguments: Any) -> Any:
    """Call `api.<function>` and answer its result.

    Dictionaries and lists are sent as jsonb. A call that lost its connection is repeated once, one
    that lost to another transaction up to twice: every function of schema api may be repeated
    without harm.

    Raises:
        HoldfastError: the database refused, or cannot be reached in time (Unavailable).
        psycopg.Error: a fault of ours.
    """
    holes = ", ".join(["%s"] * len(arguments))
    query = f"select api.{function}({holes})"
    values = [Jsonb(a) if isinstance(a, Mapping | list) else a for a in arguments]

    for attempt in range(1, _ATTEMPTS + 1):
        connection: psycopg.Connection[Any] | None = None
        try:
            connection = _connected()
            row = connection.execute(query.encode(), values).fetchone()
        except psycopg.Error as error:
            lost = connection is None or connection.closed
            if attempt < _ATTEMPTS and (error.sqlstate in _TRY_AGAIN or (lost and attempt == 1)):
                time.sleep(random.uniform(0.005, 0.02) * attempt)  # noqa: S311 spreads the racers
                continue
            raise _translated(error, lost=lost) from error
        else:
            return None if row is None else row[0]
    raise AssertionError("unreachable: the last attempt returns or raises")


def disconnect() -> None:
    """Close the kept connection: before a snapshot of the environment, and between tests."""
    global _connection  # noqa: PLW0603 one connection for an execution environment
    if _connection is not None:
        _connection.close()
        _connection = None


def _connected() -> psycopg.Connection[Any]:
    global _connection  # noqa: PLW0603 one connection for an execution environment
    if _connection is None or _connection.closed:
        _connection = psycopg.connect(
            settings().database_url,
            autocommit=True,
            prepare_threshold=None,
            connect_timeout=_CONNECT_TIMEOUT_SECONDS,
            application_name=settings().function_name,
            tcp_user_timeout=10_000,  # ms: a vanished peer is noticed before the caller gives up
        )
    return _connection


def _translated(error: psycopg.Error, *, lost: bool) -> Exception:
    diagnosis = error.diag
    known = refusals.from_database(
        error.sqlstate,
        diagnosis.constraint_name,
        diagnosis.message_primary or "",
        diagnosis.message_detail,
        diagnosis.message_hint,
    )
    if known is None and lost:
        known = errors.Unavailable()
    if isinstance(known, errors.Unavailable):
        logger().warning("database unavailable", sqlstate=error.sqlstate)
    return known or error
