"""Two sessions meet on one booking, with a second opinion on how it has to end.

The second opinion is PostgreSQL itself, asked in one transaction that is rolled back: what would
the second have answered if the first had never been, and what after it? A meeting that ends like
neither is a fault, whatever anybody has written down.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from tests.harness import cluster
from tests.harness.concurrency import wait_until
from tests.harness.database import Database, fresh_database
from tests.harness.desk import Call, Desk, Session
from tests.interleavings.moves import MOVES, answer
from tests.interleavings.scenes import SCENES, Props

NOBODY = "-"  # the first of a pair in which the second is alone
_AGAIN = "40001"  # serialization_failure: `database.call` repeats
_numbers = count(1)

_STANDING = """
select coalesce((select b.status from core.bookings as b where b.id = %(id)s), 'none')
    || case when exists (
        select from core.occupancies as o where o.booking_id is distinct from %(id)s
    ) then '+rival' else '' end
"""
_CHANGES = """
select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)
from pg_stat_xact_user_tables where schemaname in ('core', 'audit')
"""


class Outcome(NamedTuple):
    """What the second answers, and where the booking then stands.

    `standing` ends in `+rival` when somebody else owns time.
    """

    answer: str
    standing: str


class Tried(NamedTuple):
    """How a call ended, and how many rows it changed."""

    outcome: Outcome
    changes: int


class Winner(NamedTuple):
    """How a meeting ends.

    how: `alone`   nobody was met
         `waits`   for the first, then answers as if it had been called after it
         `again`   waits, is told to repeat (40001), and the repeat answers as after the first
         `free`    does not wait: neither changes what the other answers
         `ahead`   does not wait: answers as if it had been called before the first
         `passes`  does not wait: leaves alone what the first has locked
    """

    how: str
    outcome: Outcome


class Scene:
    """A database in which the scene is set, to be copied, and the calls that make sense in it."""

    def __init__(self, server: cluster.Server, database: Database, desk: Desk, props: Props) -> None:
        self._server = server
        self._database = database
        self._desk = desk
        self.props = props
        made = {move.name: move.call(desk, props) for move in MOVES}
        self.calls: dict[str, Call] = {name: call for name, call in made.items() if call}

    @contextmanager
    def copied(self) -> Iterator["Stage"]:
        """A copy of the scene to act in."""
        name = f"{self._database.name}_{next(_numbers)}"
        self._database.close()  # a database that somebody is connected to cannot be copied
        self._server.create_database(name, self._database.name)
        database = Database(self._server, name)
        desk = copy.copy(self._desk)
        desk.database, desk._open = database, []
        try:
            with desk:
                yield Stage(desk, self)
        finally:
            database.close()
            cluster.drop_database(self._server, name)


@contextmanager
def set_scene(server: cluster.Server, name: str, folder: Path) -> Iterator[Scene]:
    """Build a scene in a database of its own."""
    with fresh_database(server) as database:
        with Desk(database, folder) as desk:
            props = SCENES[name](desk)
        yield Scene(server, database, desk, props)


class Stage:
    """One copy of a scene."""

    def __init__(self, desk: Desk, scene: Scene) -> None:
        self.database = desk.database
        self._desk = desk
        self._calls = scene.calls
        self._booking_id = scene.props.held.id if scene.props.held else None
        self._sessions: dict[tuple[str, int], Session] = {}

    def standing(self) -> str:
        """Where the booking stands, as everybody sees it."""
        return str(self.database.value(_STANDING, {"id": self._booking_id}))

    # One after the other ----------------------------------------------------------------------

    def in_a_row(self, *names: str) -> Tried:
        """Calls one after the other, undone again: how the last one ended."""
        return self.undone(*(self._calls[name] for name in names))

    def undone(self, *calls: Call) -> Tried:
        """As `in_a_row`, for any calls."""
        with self.database.connect() as connection:
            session = Session(self._desk, connection)
            for call in calls[:-1]:
                session.call(call)
            before = _value(connection, _CHANGES)
            try:
                with connection.transaction():
                    said = answer(calls[-1], session.call(calls[-1]))
            except psycopg.Error as error:
                said = error.sqlstate or ""
            standing = _value(connection, _STANDING, {"id": self._booking_id})
            changes = _value(connection, _CHANGES) - before
            connection.rollback()
        return Tried(Outcome(said, standing), changes)

    # At once ----------------------------------------------------------------------------------

    def rolled_back(self, first: str, second: str) -> str:
        """What the second answers when the first, which it met, is rolled back; all is undone."""
        met = self._meet(first, second, commit=False)
        self._session(second, 1).rollback()
        return met.answer

    def committed(self, first: str, second: str) -> Winner:
        """How the meeting ends when both commit.

        Raises:
            AssertionError: the second answers as if it came neither before the first nor after it.
        """
        after, alone = (self.in_a_row(*names).outcome for names in ((first, second), (second,)))
        met = self._meet(first, second, commit=True)
        self._session(second, 1).commit()
        outcome = Outcome(met.answer, self.standing())
        if met.waited:
            assert outcome == after, f"it waited for the first, and should have ended in {after}"
            return Winner("again" if met.repeated else "waits", outcome)
        if outcome == after and met.answer == alone.answer:
            return Winner("free", outcome)
        if met.answer == "nothing":
            return Winner("passes", outcome)
        assert met.answer == alone.answer, f"it did not wait, and should have ended in {alone}"
        return Winner("ahead", outcome)

    def _meet(self, first: str, second: str, *, commit: bool) -> "_Met":
        """The second comes while the first's transaction is open, which then ends."""
        one, other = self._session(first, 0), self._session(second, 1)
        one.call(self._calls[first])
        call = self._calls[second]
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
        return _Met(answer(call, other.call(call)), waited, repeated=True)

    def _session(self, name: str, place: int) -> Session:
        function = self._calls[name][0]
        if (name, place) not in self._sessions:
            self._sessions[name, place] = self._desk.session(function, transaction=True)
        return self._sessions[name, place]

    def _waits(self, waiting: Session, holder: Session) -> bool:
        """Whether one session waits for a lock of the other."""
        query = "select %s = any (pg_blocking_pids(%s))"
        return bool(self.database.value(query, holder.pid, waiting.pid))


class _Met(NamedTuple):
    answer: str
    waited: bool
    repeated: bool


def _value(connection: psycopg.Connection[Any], query: str, *parameters: Any) -> Any:
    row = connection.execute(query.encode(), *parameters).fetchone()
    assert row is not None
    return row[0]
