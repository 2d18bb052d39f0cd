"""A database as older code left it, with rows in every state; see `tests/upgrades`."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.harness.cluster import ROOT, SQL_DIR, Server
from tests.harness.database import Database, empty_database

FOLDER = ROOT / "tests" / "upgrades" / "d253a51"


@dataclass(frozen=True)
class Story:
    """What the older code's customers and servers know.

    Attributes:
        now: when the database was written down; its clock is to go on from there.
        keys: API keys by their names; those of the demo tenant are in `secrets`.
        requests: each that had an idempotency key: {"path", "body", "by": name of a key or a key,
            "secret", "key", "status", "answer": what of it a client goes on with, "call": the
            stored function that the older code called, and its arguments}.
        secrets: the file with the deployment's secrets.
    """

    now: datetime
    keys: dict[str, str]
    requests: list[dict[str, Any]]
    secrets: Path


def load(database: Database) -> Story:
    """Fill an empty database with what d253a51 left behind."""
    database.execute((SQL_DIR / "roles.sql").read_text(encoding="utf-8"))
    schema = gzip.decompress((FOLDER / "schema.sql.gz").read_bytes()).decode()
    data = (FOLDER / "data.sql").read_text(encoding="utf-8")
    with database.connect(autocommit=True) as connection:
        connection.execute(schema.replace("CREATE SCHEMA public;", "").encode())
        # past triggers and foreign keys, whatever the order of the tables
        connection.execute("set session_replication_role = replica")
        connection.execute(data.encode())
    return story()


def story() -> Story:
    """What there is to know of it, without a database."""
    told = json.loads((FOLDER / "story.json").read_text(encoding="utf-8"))
    secrets = FOLDER / "secrets.json"
    keys = told["keys"] | {
        name: json.loads(secrets.read_text(encoding="utf-8"))[f"{name}_key"]
        for name in ("publishable", "secret")
    }
    return Story(datetime.fromisoformat(told["now"]), keys, told["requests"], secrets)


@contextmanager
def database(server: Server) -> Iterator[Database]:
    """The older code's database, not migrated, dropped at the end."""
    with empty_database(server) as empty:
        load(empty)
        yield empty
