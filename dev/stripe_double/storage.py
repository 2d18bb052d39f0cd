"""Everything the double remembers, in one SQLite file (or in memory).

Objects are JSON documents by (kind, id); the columns beside them exist only to be searched.
Write-ahead logging with `synchronous = normal` keeps every committed transaction when the process
is killed; only a power cut could lose the last ones, which a development double may.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dev.stripe_double.messages import Json

SCHEMA = """
create table if not exists objects (
    sequence integer primary key autoincrement,
    kind text not null,
    id text not null,
    created integer not null,
    payment_intent text,
    charge text,
    status text,
    type text,
    due_at integer,
    body text not null,
    private text not null,
    unique (kind, id)
);
create index if not exists objects_kind on objects (kind);
create index if not exists objects_payment_intent on objects (kind, payment_intent);
create index if not exists objects_charge on objects (kind, charge);
create index if not exists objects_due on objects (due_at) where due_at is not null;
create table if not exists deliveries (
    id integer primary key autoincrement,
    event_id text not null,
    endpoint_id text not null,
    state text not null check (state in ('pending', 'delivered', 'failed', 'dropped')),
    attempts integer not null default 0,
    first_at real not null,
    next_at real not null,
    rank integer not null,
    last_status integer
);
create index if not exists deliveries_pending on deliveries (next_at) where state = 'pending';
create index if not exists deliveries_event on deliveries (event_id);
create table if not exists idempotency (
    key text primary key,
    route text not null,
    fingerprint text not null,
    request_id text not null,
    created real not null,
    status integer not null,
    headers text not null,
    body text not null
);
create table if not exists settings (name text primary key, value text not null);
"""

COLUMNS = "sequence, kind, body, private, due_at"
FILTERS = frozenset({"payment_intent", "charge", "status", "type"})


@dataclass
class Document:
    """One object: `body` is what the API shows, `private` what only the double knows.

    `due_at` (epoch seconds) is when time alone will change it, for example a session's expiry.
    """

    kind: str
    body: Json
    private: Json = field(default_factory=dict)
    due_at: int | None = None
    sequence: int = 0

    @property
    def id(self) -> str:
        return str(self.body["id"])


@dataclass(frozen=True)
class Page:
    """One page of a list, newest first."""

    documents: list[Document]
    has_more: bool


def _document(row: Sequence[Any]) -> Document:
    return Document(row[1], json.loads(row[2]), json.loads(row[3]), row[4], row[0])


class Storage:
    """One connection, used by one thread at a time (the double's lock sees to that)."""

    def __init__(self, path: str | Path = ":memory:") -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.connection.execute("pragma journal_mode = wal")
        self.connection.execute("pragma synchronous = normal")
        self.connection.execute("pragma busy_timeout = 5000")
        self.connection.executescript(SCHEMA)

    def close(self) -> None:
        """Release the file."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: commits at the end, rolls back on any exception."""
        self.connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")

    def save(self, document: Document) -> Document:
        """Insert or replace by (kind, id)."""
        body = document.body
        refs = [_reference(body, name) for name in ("payment_intent", "charge", "status", "type")]
        row = [json.dumps(body), json.dumps(document.private), document.due_at, *refs]
        if document.sequence:
            self.connection.execute(
                "update objects set body = ?, private = ?, due_at = ?, payment_intent = ?,"
                " charge = ?, status = ?, type = ? where sequence = ?",
                [*row, document.sequence],
            )
        else:
            cursor = self.connection.execute(
                "insert into objects (body, private, due_at, payment_intent, charge, status, type,"
                " kind, id, created) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [*row, document.kind, document.id, body.get("created", 0)],
            )
            document.sequence = cursor.lastrowid or 0
        return document

    def remove(self, document: Document) -> None:
        """Forget an object."""
        self.connection.execute("delete from objects where sequence = ?", [document.sequence])

    def get(self, kind: str, object_id: str) -> Document | None:
        """Answer the object, or None."""
        row = self.connection.execute(
            f"select {COLUMNS} from objects where kind = ? and id = ?",  # noqa: S608 - a constant
            [kind, object_id],
        ).fetchone()
        return _document(row) if row else None

    def due(self, now: float) -> list[Document]:
        """Objects that time has reached, the earliest first."""
        rows = self.connection.execute(
            f"select {COLUMNS} from objects where due_at <= ? order by due_at, sequence",  # noqa: S608
            [now],
        )
        return [_document(row) for row in rows]

    def next_due(self) -> float | None:
        """When time will next change an object (epoch seconds), or None."""
        row = self.connection.execute(
            "select min(due_at) from objects where due_at is not null"
        ).fetchone()
        return None if row[0] is None else float(row[0])

    def find(
        self,
        kind: str,
        *,
        where: Mapping[str, str] | None = None,
        types: Sequence[str] = (),
        created: Sequence[tuple[str, int]] = (),
        after: int | None = None,
        before: int | None = None,
        limit: int | None = None,
    ) -> Page:
        """Search, newest first.

        `where` matches columns exactly, `types` are globs, `created` pairs of operator and epoch
        seconds; `after` and `before` are sequences: the page just below the one, or just above
        the other.
        """
        conditions, values = ["kind = ?"], [kind]
        arguments: list[Any] = list(values)
        for column, value in (where or {}).items():
            if column not in FILTERS:
                raise ValueError(f"{column} is not searchable")
            conditions.append(f"{column} = ?")
            arguments.append(value)
        if types:
            conditions.append("(" + " or ".join("type glob ?" for _ in types) + ")")
            arguments.extend(types)
        for operator, moment in created:
            conditions.append(f"created {_OPERATORS[operator]} ?")
            arguments.append(moment)
        if after is not None:
            conditions.append("sequence < ?")
            arguments.append(after)
        if before is not None:
            conditions.append("sequence > ?")
            arguments.append(before)
        direction = "asc" if before is not None else "desc"
        rows = self.connection.execute(
            f"select {COLUMNS} from objects where {' and '.join(conditions)}"  # noqa: S608 - names are ours
            f" order by sequence {direction} limit ?",
            [*arguments, -1 if limit is None else limit + 1],
        ).fetchall()
        documents = [_document(row) for row in rows]
        has_more = limit is not None and len(documents) > limit
        documents = documents[:limit]
        if before is not None:
            documents.reverse()
        return Page(documents, has_more)

    def setting(self, name: str) -> str | None:
        """Answer a remembered setting, or None."""
        row = self.connection.execute("select value from settings where name = ?", [name])
        found = row.fetchone()
        return str(found[0]) if found else None

    def remember(self, name: str, value: str) -> None:
        """Keep a setting."""
        self.connection.execute(
            "insert into settings values (?, ?) on conflict (name) do update set value = ?",
            [name, value, value],
        )


_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "="}


def _reference(body: Json, name: str) -> str | None:
    value = body.get(name)
    return value if isinstance(value, str) else None
