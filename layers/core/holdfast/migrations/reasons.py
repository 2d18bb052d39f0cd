"""Why a run failed, in text that may be shown and logged: no passwords, no customer data."""

import contextlib
import re
import traceback
from collections.abc import Iterable
from urllib.parse import unquote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from holdfast.migrations.scripts import MigrationError

_LENGTH = 600  # characters


def reason(error: BaseException, conninfo: str | None = None) -> str:
    """One short line for people.

    PostgreSQL's detail is left out, because it quotes rows. Of an unforeseen error only type and
    place are given: its text could hold anything.

    Args:
        error: what was raised.
        conninfo: the database's address, whose secrets must not be in the line.
    """
    if isinstance(error, MigrationError):
        cause = error.__cause__
        primary = cause.diag.message_primary if isinstance(cause, psycopg.Error) else None
        where = error.file if error.line is None else f"{error.file}:{error.line}"
        text = f"{where}: {primary} ({error.sqlstate})" if primary else str(error)
    elif isinstance(error, TimeoutError):
        text = f"out of time, nothing was changed: {error}"
    elif isinstance(error, psycopg.OperationalError):
        text = f"the database cannot be reached: {error}"
    elif isinstance(error, psycopg.Error) and error.diag.message_primary:
        text = f"{error.diag.message_primary} ({error.sqlstate})"
    else:
        text = type(error).__name__ + _place(error)
    text = re.sub(r"\s+", " ", text).strip()
    for secret in _secrets(conninfo):
        text = text.replace(secret, "…")
    return text if len(text) <= _LENGTH else text[: _LENGTH - 1] + "…"


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""


def _secrets(conninfo: str | None) -> Iterable[str]:
    """The address itself and its password, as written and as meant; longest first."""
    if not conninfo:
        return []
    found = {conninfo}
    with contextlib.suppress(psycopg.Error):
        found.add(str(conninfo_to_dict(conninfo).get("password") or ""))
    if written := re.match(r"[a-z]+://[^/@]*?:([^@/]+)@", conninfo):
        found |= {written[1], unquote(written[1])}
    return sorted(filter(None, found), key=len, reverse=True)
