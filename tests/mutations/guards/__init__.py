"""All guards, by subject."""

from tests.mutations.guard import Guard
from tests.mutations.guards import (
    access,
    connections,
    effects,
    locks,
    payments,
    reconciliation,
    retention,
    scheduling_calendars,
    scheduling_catalogue,
    scheduling_changes,
    scheduling_holds,
    scheduling_rules,
    scheduling_waitlist,
    stripe,
    times,
    watching,
)

ALL: tuple[Guard, ...] = (
    *locks.GUARDS,
    *times.GUARDS,
    *payments.GUARDS,
    *effects.GUARDS,
    *access.GUARDS,
    *connections.GUARDS,
    *stripe.GUARDS,
    *reconciliation.GUARDS,
    *retention.GUARDS,
    *scheduling_calendars.GUARDS,
    *scheduling_catalogue.GUARDS,
    *scheduling_changes.GUARDS,
    *scheduling_rules.GUARDS,
    *scheduling_waitlist.GUARDS,
    *scheduling_holds.GUARDS,
    *watching.GUARDS,
)
