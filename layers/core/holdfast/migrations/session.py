"""The connection of a run: which role acts, for how long, and which line of which file failed."""

import contextlib
import os
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors, pq

from holdfast.migrations.scripts import MigrationError, Script

OWNER = "holdfast_owner"
_CANCEL_SECONDS = 3.0  # how long asking the server to stop may take
_COPY = (pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH)


def lock(connection: psycopg.Connection[Any]) -> None:
    """Be the only runner in this database until the transaction ends."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended('holdfast:migrate', 0))")


def act_as_owner(connection: psycopg.Connection[Any]) -> None:
    """Let the owner of the schema own what follows."""
    connection.execute(f"set local role {OWNER}".encode())


@contextmanager
def as_connecting_user(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Act as the user of the connection, which is a member of all owners, as they are not."""
    connection.execute("set local role none")
    yield
    act_as_owner(connection)


@contextmanager
def broken_off_after(connection: psycopg.Connection[Any], seconds: float | None) -> Iterator[None]:
    """Break the connection off when the time is over: whatever was not committed is undone.

    Raises:
        TimeoutError: instead of the error that this caused.
    """
    # Not the connecting user's own limits. With ours, the server itself undoes what is open if this
    # process is frozen or killed in the middle; 0 is without limit.
    milliseconds = 0 if seconds is None else max(1, round(seconds * 1000))
    for setting in ("statement_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(f"set {setting} = {milliseconds}".encode())
    connection.commit()
    if seconds is None:
        yield
        return
    over = threading.Event()
    timer = threading.Timer(seconds, _break_off, (connection, over))
    timer.daemon = True
    timer.start()
    try:
        yield
    except (psycopg.Error, MigrationError) as error:
        if over.is_set():
            raise TimeoutError(f"not done within {seconds:.0f} s") from error
        raise
    finally:
        timer.cancel()
        if over.is_set():
            timer.join()


def _break_off(connection: psycopg.Connection[Any], over: threading.Event) -> None:
    over.set()
    with contextlib.suppress(psycopg.Error, OSError):
        connection.cancel_safe(timeout=_CANCEL_SECONDS)
    # what waits for the server, a server that fell silent included, now sees the connection's end
    with (
        contextlib.suppress(psycopg.Error, OSError),
        socket.socket(fileno=os.dup(connection.pgconn.socket)) as doubled,
    ):
        doubled.shutdown(socket.SHUT_RDWR)


def run(connection: psycopg.Connection[Any], script: Script) -> None:
    """Run a script of any number of statements in the transaction that is open.

    Sent as one simple query, so that PostgreSQL, not we, takes the statements apart. psycopg would
    hide how many of them succeeded, which locates the failing one; hence its libpq layer.

    Raises:
        MigrationError: a statement failed; with its line. The transaction must be rolled back.
        psycopg.OperationalError: the connection broke.
    """
    libpq = connection.pgconn
    libpq.send_query(script.text.encode())
    done, failed = 0, None
    while (result := _next_result(libpq)) is not None:
        if result.status in _COPY:
            connection.close()  # nothing less ends the copying
            raise MigrationError(script.name, script.statement_line(done), "COPY is not supported")
        if result.status == pq.ExecStatus.FATAL_ERROR:
            failed = failed or errors.error_from_result(result)
        done += failed is None
    if failed is not None:
        if libpq.status != pq.ConnStatus.OK:
            raise failed
        raise translate(failed, script, done) from failed
    if libpq.transaction_status != pq.TransactionStatus.INTRANS:
        raise MigrationError(script.name, None, "must not end the transaction")


def _next_result(libpq: pq.abc.PGconn) -> pq.abc.PGresult | None:
    """Wait for the next statement's result; libpq's own waiting would stop all Python threads."""
    with selectors.DefaultSelector() as selector:
        selector.register(libpq.socket, selectors.EVENT_READ)
        while libpq.is_busy():
            selector.select()
            libpq.consume_input()
    return libpq.get_result()


def translate(error: psycopg.Error, script: Script, statement: int = 0) -> MigrationError:
    """PostgreSQL's error as one that names file and line.

    The line is that of the position PostgreSQL gives, within a function's body too; without one,
    that of the statement.
    """
    diag = error.diag
    line = script.statement_line(statement)
    if diag.statement_position:
        line = script.line_at(int(diag.statement_position) - 1)
    elif diag.internal_query and diag.internal_position and diag.internal_query in script.text:
        body = script.text.index(diag.internal_query)
        line = script.line_at(body + int(diag.internal_position) - 1)
    facts = (diag.message_primary or str(error), diag.message_detail, diag.message_hint)
    return MigrationError(script.name, line, "; ".join(f for f in facts if f), error.sqlstate)
