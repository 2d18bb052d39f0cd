"""The invariants I1 to I11, I13 and I14 of a running system, checked on the tables and the Stripe
double.

The queries are written independently of the constraints, triggers and functions that are to keep
the answers empty: a database without its guards is checked in the same way.
"""

from dev.stripe_double.double import Double
from tests.harness.database.migrated import Database
from tests.harness.laws import invariants_at_stripe, laws


def violations(
    database: Database,
    double: Double | None = None,
    *,
    quiescent: bool = False,
    swept: bool = False,
    costly: bool = True,
) -> list[str]:
    """What violates the laws, a line each; empty when all is well.

    Args:
        double: compare with what this Stripe knows, too.
        quiescent: all events were delivered, time has passed, sweeps and outbox have run until
            nothing happened any more; then nothing may be left in between.
        costly: ask the costly laws, too; not needed while no table of `laws.OPENINGS` changes.
        swept: a whole turn of the sweep `retention` has just ended.
    """
    asked = laws.ALWAYS + (laws.QUIESCENT if quiescent else ()) + (laws.SWEPT if swept else ())
    found = [
        f"{law.invariant}: {law.states} — {row.finding}"
        for law in asked
        if costly or not law.costly
        for row in database.rows(law.query)
    ]
    if double is not None:
        found += invariants_at_stripe.violations(database, double, quiescent=quiescent)
    return found
