"""The families of requests, and where their answers are kept."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.answers import operations
from tests.answers.recorder import Recorder, windows_of
from tests.answers.stories import (
    availability,
    calendars,
    catalogue,
    customers,
    holds,
    limits,
    outages,
    payments,
    reschedules,
    waitlist,
)
from tests.harness.database.cluster import Server
from tests.harness.database.migrated import demo_database
from tests.harness.system.in_process import System

FAMILIES: Mapping[str, Callable[[Recorder], None]] = {
    "credentials": operations.credentials,
    "bodies": operations.bodies,
    "fields": operations.fields,
    "parameters": operations.parameters,
    "listing": availability.listing,
    "explaining": availability.explaining,
    "holding": holds.holding,
    "carts": holds.carts,
    "limits": limits.limits_of_holders,
    "rates": limits.rates,
    "paying": payments.paying,
    "late": payments.late,
    "webhook": payments.webhook,
    "moving": reschedules.moving,
    "waiting": waitlist.waiting,
    "keeping": catalogue.keeping,
    "calendars": calendars.calendars,
    "people": customers.people,
    "outages": outages.outages,
}


def kept(family: str) -> Path:
    """The file of a family."""
    return Path(__file__).parent / "recorded" / f"{family}.txt"


def played(server: Server, dynamodb: str, family: str) -> str:
    """The text of a family, from today's code, on a database of its own."""
    with tempfile.TemporaryDirectory() as folder, demo_database(server) as database:
        system = System(database, dynamodb, Path(folder))
        try:
            recorder = Recorder(system)
            with windows_of(system):
                FAMILIES[family](recorder)
            return recorder.text
        finally:
            system.stop()
