"""Differences between Stripe's books and ours, and the daily comparison that finds them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dev.stripe_double import refunds
from tests.harness.system.in_process import System

DAY = timedelta(days=1)


def compare(system: System, later: timedelta = DAY) -> dict[str, int]:
    """Compare on another day; returns the function's answer."""
    system.advance(later)
    compared: dict[str, int] = system.sweep("reconcile")
    return compared


def findings(system: System, *, still_open: bool = True) -> dict[str, Any]:
    """The kinds that were found, each with its row; by default those that are open."""
    return {
        row.kind: row
        for row in system.database.rows("select * from core.findings order by object_id")
        if not still_open or (row.resolved_at is None and row.accepted_at is None)
    }


def tamper(system: System, statement: str, *values: object) -> None:
    """Change rows behind all triggers, as if it had been long ago."""
    with system.database.connect() as connection:
        connection.execute("set local session_replication_role = replica")
        connection.execute(statement.encode(), values)
        connection.commit()


def refund_at_stripe(system: System, payment_intent: str, **fields: Any) -> Mapping[str, Any]:
    """A refund made by hand in Stripe's dashboard: nothing here asked for it."""
    with system.double.operation() as ctx:
        return refunds.create(ctx, {"payment_intent": payment_intent, "metadata": {}} | fields)


def paid(system: System) -> dict[str, Any]:
    """A booking that is paid and confirmed."""
    held, session = system.checkout()
    system.pay(session)
    system.deliver_webhooks()
    assert system.booking(held).status == "scheduled"
    return held


def refunding(system: System) -> dict[str, Any]:
    """A booking that was paid with a wrong sum: the money is to be refunded."""
    held, session = system.checkout()
    system.pay(session)
    system.database.execute("update core.bookings set amount = amount + 100")
    system.deliver_webhooks()
    assert system.booking(held).status == "expired"
    return held


def refunded(system: System) -> dict[str, Any]:
    """The refund has succeeded."""
    held = refunding(system)
    system.run_outbox()
    system.deliver_webhooks()
    assert system.database.value("select status from core.refunds") == "succeeded"
    return held
