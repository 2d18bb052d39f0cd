"""All guards, by subject."""

from tests.mutations.guard import Guard
from tests.mutations.guards import (
    access,
    connections,
    effects,
    feeds,
    locks,
    page,
    payments,
    reconciliation,
    scheduling_calendars,
    scheduling_catalogue,
    scheduling_changes,
    scheduling_holds,
    scheduling_rules,
    scheduling_waitlist,
    stripe,
    times,
    times_and_pages,
    watching,
)

ALL: tuple[Guard, ...] = (
    *locks.GUARDS,
    *times.GUARDS,
    *payments.GUARDS,
    *times_and_pages.GUARDS,
    *effects.GUARDS,
    *access.GUARDS,
    *connections.GUARDS,
    *stripe.GUARDS,
    *reconciliation.GUARDS,
    *scheduling_calendars.GUARDS,
    *feeds.GUARDS,
    *scheduling_catalogue.GUARDS,
    *scheduling_changes.GUARDS,
    *scheduling_rules.GUARDS,
    *scheduling_waitlist.GUARDS,
    *scheduling_holds.GUARDS,
    *watching.GUARDS,
    *page.GUARDS,
)
