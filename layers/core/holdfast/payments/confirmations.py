"""The state of a booking, whether or not the webhook has arrived yet."""

from typing import Any
from uuid import UUID

from holdfast.access.actors import Actor
from holdfast.outbox import settlement
from holdfast.platform import database
from holdfast.platform.errors import Unavailable
from holdfast.platform.observability import logger
from holdfast.stripe import gateway


def get(actor: Actor, booking_id: UUID) -> dict[str, Any]:
    """The booking's confirmation; asks Stripe itself while a checkout is open, at most once in some
    seconds however many poll.

    Raises:
        NotFound: no such booking for this caller.
    """
    found = database.call("get_confirmation", actor.as_json(), booking_id)
    if found["ask"] is not None and _settled(found["ask"]):
        found = database.call("get_confirmation", actor.as_json(), booking_id)
    return {name: found[name] for name in ("status", "reason", "booking")}


def _settled(session_id: str) -> bool:
    """Ask Stripe about a session and settle the answer; False if there is nothing new."""
    try:
        session = gateway.retrieve_session(session_id)
    except (Unavailable, gateway.Refused):
        logger().warning("stripe could not be asked; the webhook or the sweep will tell")
        return False
    if not gateway.readable(session):
        logger().error("a session lacks what we read", session=session_id)
        return False
    outcome = gateway.outcome(session)
    if outcome == "open":
        return False
    settled = database.call("settle_checkout", None, outcome, gateway.summary(session))
    logger().info("session settled", session=session_id, result=settlement.report(settled))
    return True
