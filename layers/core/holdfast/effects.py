"""Effects outside the database, performed after the transaction that decided them.

Each is a row with a deterministic key. The outbox and the handler that wants to save a minute use
the same code; whoever comes second meets the key.
"""

from typing import Any

from holdfast import database, letters, mail, stripe_gateway
from holdfast.errors import Unavailable
from holdfast.observability import count, logger

LATER = "retry"
_LEASE_SECONDS = 60  # longer than the slowest performance
_BATCH = 10


def perform(effect: dict[str, Any]) -> str:
    """Do it, and record what came of it.

    Returns:
        What followed in the database, or LATER when it has to be tried again.
    """
    try:
        verdict, result = "done", _perform(effect)
    except Unavailable as error:
        verdict, result = LATER, {"error": str(error)}
        count("EffectRetried")
    except (stripe_gateway.Refused, mail.Refused) as error:
        verdict, result = "dead", {"error": str(error)}
        logger().error("effect refused for good", effect=effect["id"], kind=effect["kind"])
        count("EffectDead")
    finished = database.call("finish_effect", effect["id"], effect["lease"], verdict, result)
    return str(finished["result"])


def deliver_batch() -> int:
    """Perform some of the effects that are due; how many there were.

    A failure of ours in one effect does not keep the others from being performed.
    """
    claimed = database.call("claim_effects", _BATCH, _LEASE_SECONDS)
    for effect in claimed:
        try:
            result = perform(effect)
        except Exception:
            logger().exception("effect failed", effect=effect["id"], kind=effect["kind"])
            count("EffectFailed")
        else:
            logger().info(
                "effect performed", effect=effect["id"], kind=effect["kind"], result=result
            )
            count("EffectPerformed")
    return len(claimed)


def _perform(effect: dict[str, Any]) -> dict[str, Any]:
    if effect["kind"] == "expire_session":
        outcome, session = stripe_gateway.close_session(effect["checkout"])
        return {"outcome": outcome, "session": stripe_gateway.summary(session)}
    if effect["kind"] == "notify_offer":
        if effect["offer"] is None:  # taken, given back or run out: nothing to tell any more
            return {"message_id": None}
        return {"message_id": mail.send(*letters.offer(effect["offer"]))}
    refund = stripe_gateway.refund(effect)
    return {"status": refund_status(refund), "refund": {"id": refund["id"]}}


def refund_status(refund: dict[str, Any]) -> str:
    """Our word for the state of a refund at Stripe: pending, succeeded or failed."""
    return {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}.get(
        refund["status"], "pending"
    )
