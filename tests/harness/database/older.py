"""A database as older code left it, with rows in every state; see `tests/upgrades`."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.harness.database.cluster import ROOT, SQL_DIR, Server
from tests.harness.database.migrated import Database, empty_database

COMMITS = ("d253a51", "9f4679f")  # made with migrations 0001 to 0006, and with those to 0007
FOLDER = ROOT / "tests" / "upgrades"


@dataclass(frozen=True)
class Story:
    """What the older code's customers and servers know.

    Attributes:
        now: when the database was dumped; its clock continues from there.
        keys: API keys by their names; those of the demo tenant are in `secrets`.
        requests: each that had an idempotency key: {"path", "body", "by": name of a key or a key,
            "secret", "key", "status", "answer": the part of it that a client uses, "call": the
            stored function that the older code called, and its arguments}.
        secrets: the file with the deployment's secrets.
    """

    now: datetime
    keys: dict[str, str]
    requests: list[dict[str, Any]]
    secrets: Path


def load(database: Database, commit: str) -> None:
    """Fill an empty database with what the code of a commit left behind."""
    folder = FOLDER / commit
    database.execute((SQL_DIR / "roles.sql").read_text(encoding="utf-8"))
    schema = gzip.decompress((folder / "schema.sql.gz").read_bytes()).decode()
    data = (folder / "data.sql").read_text(encoding="utf-8")
    with database.connect(autocommit=True) as connection:
        connection.execute(schema.replace("CREATE SCHEMA public;", "").encode())
        # without triggers and foreign keys, so that tables can be filled in any order
        connection.execute("set session_replication_role = replica")
        connection.execute(data.encode())


def story(commit: str) -> Story:
    """The story alone, without a database."""
    told = json.loads((FOLDER / commit / "story.json").read_text(encoding="utf-8"))
    secrets = FOLDER / commit / "secrets.json"
    keys = told["keys"] | {
        name: json.loads(secrets.read_text(encoding="utf-8"))[f"{name}_key"]
        for name in ("publishable", "secret")
    }
    return Story(datetime.fromisoformat(told["now"]), keys, told["requests"], secrets)


@contextmanager
def database(server: Server, commit: str) -> Iterator[Database]:
    """The older code's database, not migrated, dropped at the end."""
    with empty_database(server) as empty:
        load(empty, commit)
        yield empty
