"""What happens before and after the time that a database is restored to, with the real handlers.

The clock of the story is a Monday in 2030; recovery goes by the server's own clock.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.database.digests import digests
from tests.harness.database.migrated import Database
from tests.harness.system.in_process import System
from tests.harness.system.setup import at_start
from tests.restore.archived import Archived

Held = dict[str, Any]


@dataclass(frozen=True)
class Mark:
    """A moment of the server, in the three forms that recovery accepts as a target."""

    time: str
    lsn: str
    name: str
    digests: dict[str, str]  # what every table held

    def targets(self) -> dict[str, dict[str, str]]:
        """The settings of a restore to this moment, by their kind."""
        return {
            "time": {"recovery_target_time": self.time},
            "lsn": {"recovery_target_lsn": self.lsn},
            "name": {"recovery_target_name": self.name},
        }


def ten(day: int) -> str:
    """Ten o'clock of a day in January 2030; 7 to 11 and 14 to 18 are workdays."""
    return f"2030-01-{day:02}T10:00:00Z"


class Story:
    """The system on a server that is backed up, and what its customers do."""

    def __init__(self, backed_up: Archived, dynamodb: str, folder: Path) -> None:
        self.backed_up = backed_up
        self._name = backed_up.database()
        self.system = at_start(System(Database(backed_up.server, self._name), dynamodb, folder))

    def hold(self, day: int, **changes: Any) -> Held:
        """A lesson at ten of a day in January, held by a new customer."""
        customer = {"name": "Grace Hopper", "email": f"grace{day}@example.com"}
        return self.system.hold(ten(day), **({"customer": customer} | changes))

    def pay(self, held: Held, action: str = "pay") -> str:
        """Pay it on Stripe's page; Stripe's events arrive. Returns the session."""
        _, session_id = self.system.checkout(held)
        self.system.pay(session_id, action)
        self.system.deliver_webhooks()
        return session_id

    def move_for_less(self, held: Held, day: int) -> None:
        """Reschedule a paid lesson to a day when it costs 10.00 less; the difference is owed."""
        self.system.change_prices(-1000)
        answer = self.system.move(held, ten(day))
        self.system.change_prices(1000)
        assert answer.status == 200, answer

    def mark(self) -> Mark:
        """This moment. What is committed next comes after it."""
        name = f"before_the_disaster_of_{self._name}"
        lsn = self.backed_up.value(f"select pg_create_restore_point('{name}')")
        time = self.backed_up.value("select clock_timestamp()")
        return Mark(time, lsn, name, digests(self.system.database))

    def restored(self, target: dict[str, str]) -> Database:
        """The database as it was at the target, on its own server."""
        return Database(self.backed_up.restore(target), self._name)

    def open_again(self, database: Database) -> None:
        """Let the handlers use a restored database: only their address changes."""
        self.system.close()
        self.system.database.close()
        self.system.database = database

    def lose_bookings(self) -> None:
        """A superuser in the wrong window: a common disaster."""
        self.system.database.execute(
            "set session_replication_role = replica; delete from core.bookings;"
            " reset session_replication_role"
        )
        self.backed_up.archive_all()

    def stop(self) -> None:
        """End what was started."""
        self.system.database.close()
        self.system.stop()
