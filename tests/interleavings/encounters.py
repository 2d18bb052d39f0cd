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
from psycopg.types.json import Jsonb

from tests.harness import cluster
from tests.harness.concurrency import wait_until
from tests.harness.database import Database, fresh_database
from tests.harness.desk import Call, Desk, Session
from tests.interleavings.moves import MOVES, answer
from tests.interleavings.scenes import SCENES, Props

NOBODY = "-"  # the first of a pair in which the second is alone
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
        self.desk = desk
        self.database = desk.database
        self._calls = scene.calls
        self._booking_id = scene.props.held.id if scene.props.held else None

    def standing(self) -> str:
        """Where the booking stands, as everybody sees it."""
        return str(self._standing(self.database.connect(autocommit=True)))

    def _standing(self, connection: psycopg.Connection[Any]) -> str:
        row = connection.execute(_STANDING, {"id": self._booking_id}).fetchone()
        assert row is not None
        return str(row[0])

    # One after the other ----------------------------------------------------------------------

    def in_a_row(self, *names: str) -> tuple[Outcome, int]:
        """Calls one after the other, undone again.

        Returns:
            How the last one ended, and how many rows it changed.
        """
        with self.database.connect() as connection:
            session = Session(self.desk, connection)
            for name in names[:-1]:
                session.call(self._calls[name])
            before = _changes(connection)
            try:
                with connection.transaction():
                    said = answer(self._calls[names[-1]], session.call(self._calls[names[-1]]))
            except psycopg.Error as error:
                said = error.sqlstate or ""
            outcome = Outcome(said, self._standing(connection))
            changes = _changes(connection) - before
            connection.rollback()
        return outcome, changes

    # At once ----------------------------------------------------------------------------------

    def meeting(self, first: str, second: str, *, commit: bool) -> Winner:
        """The second comes while the first's transaction is open, which then ends.

        Args:
            commit: else the first is rolled back, and the second too: all is as it was.
        """
        after = self.in_a_row(first, second)[0]
        alone = self.in_a_row(second)[0]
        one = self.desk.session(self._calls[first][0], transaction=True)
        one.call(self._calls[first])
        other = self.desk.session(self._calls[second][0], transaction=True)
        call = self._calls[second]
        sent = other.send(call)
        wait_until(lambda: sent.done() or self._waits_for(one, other), what="neither waits nor ends")
        waited = not sent.done()
        if commit:
            one.commit()
        else:
            one.rollback()

        error = sent.exception(10)
        if isinstance(error, psycopg.Error):
            said = error.sqlstate or ""
        else:
            said = answer(call, sent.result())
        again = said == "40001"
        if again:
            other.rollback()
            said = answer(call, other.call(call))
        if commit:
            other.commit()
        outcome = Outcome(said, self._standing(other_view(self, other, commit=commit)))
        if not commit:
            other.rollback()
        return Winner(_how(said, alone, after, waited=waited, again=again), outcome)
