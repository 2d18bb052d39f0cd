"""A time that is lost although it can still be paid: what the protocol prevents, done by hand."""

from collections.abc import Mapping
from typing import Any

from tests.harness.system.in_process import System
from tests.harness.system.setup import TEN, take


def lose_time(
    system: System, held: Mapping[str, Any], *, close_reason: str | None = "deadline"
) -> None:
    """Free the time of a hold that is pending payment, of all its bookings, while its session at
    Stripe stays open.

    A change by hand or a restored backup could do so; late payments are handled for that case.
    """
    database = system.database
    database.execute(
        "update core.checkouts set state = 'expired', close_reason = %s where booking_id = %s",
        close_reason,
        held["id"],
    )
    database.execute(
        "delete from core.occupancies where booking_id in"
        " (select id from core.bookings where coalesce(cart_id, id) = %s)",
        held["id"],
    )
    database.execute(
        "update core.bookings set status = 'expired', hold_expires_at = null"
        " where coalesce(cart_id, id) = %s",
        held["id"],
    )


def paid_too_late(system: System, starts_at: str = TEN, *, taken: bool = True) -> dict[str, Any]:
    """A booking that is paid after its time was lost, and taken by another."""
    held, session_id = system.checkout(system.hold(starts_at))
    lose_time(system, held)
    if taken:
        take(system, held)
    system.pay(session_id)
    system.deliver_webhooks()
    return held
