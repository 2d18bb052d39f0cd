"""Two sessions meet on one booking, with a second opinion on how it has to end.

The second opinion is PostgreSQL itself, asked in one transaction that is rolled back: what would
the second have answered without the first, and what after it? A meeting that ends like neither is a
fault, whatever the table says.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg.pq import TransactionStatus

from tests.harness.clients.db_client import MONDAY, Call, DbClient, Session
from tests.harness.database.cluster import Server
from tests.harness.database.concurrency import wait_until
from tests.harness.database.migrated import Database, demo_database
from tests.interleavings.answers import answer
from tests.interleavings.setups import SETUPS, State
from tests.interleavings.steps import STEPS

_AGAIN = "40001"  # serialization_failure: `database.call` repeats
_STANDING = """
select coalesce((select b.status from core.bookings as b where b.id = %s), 'none')
    || case when exists (
        select from core.occupancies as o where o.booking_id is distinct from %s
    ) then '+rival' else '' end
"""
_CHANGES = """
select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)
from pg_stat_xact_user_tables where schemaname in ('core', 'audit', 'ledger')
"""
_TABLES = """
select format('%I.%I', n.nspname, c.relname) as name,
    format('kept.%I', n.nspname || '_' || c.relname) as kept,
    (
        select string_agg(format('%I', a.attname), ', ' order by a.attnum)
        from pg_attribute as a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    ) as columns
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ('core', 'audit', 'ledger') and c.relkind = 'r'
"""


class Outcome(NamedTuple):
    """What the second answers, and the final state of the booking.

    `standing` ends in `+rival` when another customer owns time.
    """

    answer: str
    standing: str


class Tried(NamedTuple):
    """How a call ended, and how many rows it changed."""

    outcome: Outcome
    changes: int


class Result(NamedTuple):
    """How a meeting ends.

    how: `waits`   for the first, then answers as if it had been called after it
         `again`   waits, must be repeated (40001), and the repeat answers as after the first
         `free`    does not wait: neither changes what the other answers
         `ahead`   does not wait: answers as if it had been called before the first
         `passes`  does not wait: skips what the first has locked, however that ends
    """

    how: str
    outcome: Outcome


class Spec:
    """A database in which a spec is set up, can be played, and is reset."""

    def __init__(self, db_client: DbClient, name: str, state: State) -> None:
        self.db_client = db_client
        self.database: Database = db_client.database
        self.booking_id = state.held.id if state.held else None
        # the first's calls and the second's, which differ: two customers, two keys
        moves = [step for step in STEPS if not step.specs or name in step.specs]
        self._calls: tuple[dict[str, Call], ...] = tuple(
            {step.name: call for step in moves if (call := step.call(db_client, state))}
            for _ in range(2)
        )
        self.steps = tuple(self._calls[0])
        self._alone: dict[str, Outcome] = {}
        self._sessions: dict[tuple[str, int], Session] = {}
        tables = self.database.rows(_TABLES)
        keep = [f"create table {kept} as table {table};" for table, kept, _ in tables]
        self.database.execute("\n".join(["create schema kept;", *keep]))
        self._put_back = {
            table: f"delete from {table}; insert into {table} ({columns})"
            f" overriding system value select {columns} from {kept};"
            for table, kept, columns in tables
        }
        counts = {t: self.database.value(f"select count(*) from {kept}") for t, kept, _ in tables}
        self._changed = " union all ".join(
            f"select '{table}' as name where (select count(*) from {table}) <> {count}"
            f" or exists (select from {table} where xmin::text::bigint >= start.xid)"
            for table, count in counts.items()
        ).join(("select c.name from (select %s::bigint as xid) as start, lateral (", ") as c"))
        self._start = self._next_transaction()

    def _next_transaction(self) -> int:
        query = "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        return int(self.database.value(query))

    def changed(self) -> set[str]:
        """The tables that are not as they were when the spec was set."""
        return {row.name for row in self.database.rows(self._changed, self._start)}

    def reset(self) -> None:
        """Restore every row to its initial state."""
        if any(_is_busy(session) for session in self._sessions.values()):
            self.disconnect()  # of a test that failed
        if put_back := [self._put_back[table] for table in sorted(self.changed())]:
            self._restorer().connection.execute("\n".join(put_back).encode())
            self._start = self._next_transaction()

    def _restorer(self) -> Session:
        """A session without triggers and foreign keys, which would see an impossible history.

        A session of its own, because changing this setting drops the plans of all statements.
        """
        if ("", 1) not in self._sessions:
            connection = self.database.connect(autocommit=True)
            connection.execute("set session_replication_role = replica")
            self._sessions["", 1] = Session(self.db_client, connection)
        return self._sessions["", 1]

    def standing(self) -> str:
        """The state of the booking, as committed."""
        return str(self.database.value(_STANDING, self.booking_id, self.booking_id))

    # One after the other ----------------------------------------------------------------------

    def in_a_row(self, *names: str) -> Tried:
        """Calls one after the other, undone again: how the last one ended."""
        last = self._calls[1][names[-1]]
        with self._undone() as session:
            for name in names[:-1]:
                session.call(self._calls[0][name])
                _end(session)
            changed = _value(session, _CHANGES)
            try:
                with session.connection.transaction():
                    said = answer(last, session.call(last))
                    _end(session)
            except psycopg.Error as error:
                said = error.sqlstate or ""
            standing = _value(session, _STANDING, self.booking_id, self.booking_id)
            return Tried(Outcome(said, standing), _value(session, _CHANGES) - changed)

    def changes(self, call: Call) -> int:
        """How many rows a call changes, whatever it is; it is undone again."""
        with self._undone() as session:
            # a session continues the count of its last transaction, if that was within a second
            changed = int(_value(session, _CHANGES))
            session.call(call)
            _end(session)
            return int(_value(session, _CHANGES)) - changed

    @contextmanager
    def _undone(self) -> Iterator[Session]:
        """A superuser's session whose transaction is rolled back at the end."""
        if ("", 0) not in self._sessions:
            self._sessions["", 0] = Session(self.db_client, self.database.connect())
        session = self._sessions["", 0]
        try:
            yield session
        finally:
            session.rollback()

    # At once ----------------------------------------------------------------------------------

    def rolled_back(self, first: str, second: str) -> str:
        """What the second answers when the first, which it met, is rolled back; all is undone."""
        met = self._meet(first, second, commit=False)
        self._session(second, 1).rollback()
        return met.answer

    def committed(self, first: str, second: str) -> Result:
        """How the meeting ends when both commit.

        Raises:
            AssertionError: the second answers as if it came neither before the first nor after it.
        """
        after = self.in_a_row(first, second).outcome
        if second not in self._alone:
            self._alone[second] = self.in_a_row(second).outcome
        alone = self._alone[second]
        met = self._meet(first, second, commit=True)
        self._session(second, 1).commit()
        outcome = Outcome(met.answer, self.standing())
        if met.waited:
            assert outcome == after, f"it waited for the first, and should have ended in {after}"
            return Result("again" if met.repeated else "waits", outcome)
        if outcome == after and met.answer == alone.answer:
            return Result("free", outcome)
        if met.answer == "nothing" or outcome == after:
            return Result("passes", outcome)
        assert met.answer == alone.answer, f"it did not wait, and should have ended in {alone}"
        return Result("ahead", outcome)

    def _meet(self, first: str, second: str, *, commit: bool) -> "_Met":
        """The second comes while the first's transaction is open, which then ends."""
        one, other = self._session(first, 0), self._session(second, 1)
        one.call(self._calls[0][first])
        call = self._calls[1][second]
        sent = other.send(call)
        wait_until(lambda: sent.done() or self._waits(other, one), what="it neither waits nor ends")
        waited = not sent.done()
        if commit:
            one.commit()
        else:
            one.rollback()

        error = sent.exception(10)
        if error is None:
            return _Met(answer(call, sent.result()), waited, repeated=False)
        assert isinstance(error, psycopg.Error), error
        if error.sqlstate != _AGAIN:
            return _Met(error.sqlstate or "", waited, repeated=False)
        other.rollback()
        try:
            return _Met(answer(call, other.call(call)), waited, repeated=True)
        except psycopg.Error as refusal:
            return _Met(refusal.sqlstate or "", waited, repeated=True)

    def _session(self, name: str, place: int) -> Session:
        """The session of the first (0) or the second (1) that may make this call."""
        function = self._calls[place][name][0]
        if (function, place) not in self._sessions:
            self._sessions[function, place] = self.db_client.session(function, transaction=True)
        return self._sessions[function, place]

    def _waits(self, waiting: Session, holder: Session) -> bool:
        """Whether one session waits for a lock of the other."""
        query = "select %s = any (pg_blocking_pids(%s))"
        return bool(self.database.value(query, holder.pid, waiting.pid))

    def disconnect(self) -> None:
        """End all sessions, whatever is under way; the next call connects again."""
        for session in self._sessions.values():
            session.connection.close()
        self._sessions.clear()


@contextmanager
def set_up(server: Server, name: str, folder: Path) -> Iterator[Spec]:
    """Build a spec in a database of its own."""
    with demo_database(server, MONDAY) as database, DbClient(database, folder) as db_client:
        spec = Spec(db_client, name, SETUPS[name](db_client))
        yield spec
        spec.disconnect()


def _is_busy(session: Session) -> bool:
    return session.connection.info.transaction_status is not TransactionStatus.IDLE


class _Met(NamedTuple):
    answer: str
    waited: bool
    repeated: bool


def _value(session: Session, query: str, *parameters: object) -> Any:
    row = session.connection.execute(query.encode(), parameters or None).fetchone()
    assert row is not None
    return row[0]


def _end(session: Session) -> None:
    """Do now what a commit does: the deferred triggers, and the next call locks accounts again."""
    session.connection.execute("set constraints all immediate")
    session.connection.execute("set constraints all deferred")
    session.connection.execute("select set_config('holdfast.accounts_locked', '', true)")
