"""After a leak of a booking key: every booking and entry gets a secret of the newest key.

For operators: no client can reach this. It may be interrupted and run again; rows that have their
new secret are skipped.
"""

import time
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from holdfast.access import booking_secrets
from holdfast.access.actors import digest

_CONNECT_TIMEOUT_SECONDS = 30
_BATCH = 200


def replace(conninfo: str, seconds: float) -> dict[str, Any]:
    """Replace all secrets that are of another key than the newest; revoke such calendar feeds.

    Args:
        conninfo: the database, as the user that migrates it.
        seconds: after which no further batch is begun.

    Returns:
        How many were replaced and revoked, and whether all were looked at (`done`).

    Raises:
        psycopg.OperationalError: the database can't be reached, or a lock was not available.
    """
    ends_at = time.monotonic() + seconds
    key_id = booking_secrets.newest_key()
    replaced, after, done = 0, None, False
    with psycopg.connect(
        conninfo, connect_timeout=_CONNECT_TIMEOUT_SECONDS, autocommit=True
    ) as connection:
        connection.execute("set role holdfast_system")  # the only one that sees all tenants
        revoked = _value(connection, "select core.revoke_old_feeds(%s)", key_id)
        while not done and time.monotonic() < ends_at:
            rows = _value(
                connection,
                "select core.old_secrets(%s, %s, %s)",
                key_id,
                None if after is None else Jsonb(after),
                _BATCH,
            )
            done = not rows
            for row in rows:
                row["hash"] = digest(_secret(row)).hex()
            if rows:
                replaced += _value(
                    connection, "select core.replace_secrets(%s, %s)", key_id, Jsonb(rows)
                )
                after = {name: rows[-1][name] for name in ("kind", "tenant_id", "id")}
    return {"key": key_id, "replaced": replaced, "revoked_feeds": revoked, "done": done}


def _secret(row: dict[str, Any]) -> str:
    """As letters and repeats derive it: an entry's offer has the entry's secret."""
    if row["place_id"] is not None:
        return booking_secrets.waitlist_secret(row["place_id"])
    return booking_secrets.client_secret(row["id"])


def _value(connection: psycopg.Connection[Any], query: str, *values: Any) -> Any:
    row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return row[0]
