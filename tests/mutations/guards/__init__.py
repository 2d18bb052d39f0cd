"""All guards, by subject."""

from tests.mutations.guard import Guard
from tests.mutations.guards import access, effects, locks, payments, stripe, times

ALL: tuple[Guard, ...] = (
    *locks.GUARDS,
    *times.GUARDS,
    *payments.GUARDS,
    *effects.GUARDS,
    *access.GUARDS,
    *stripe.GUARDS,
)
