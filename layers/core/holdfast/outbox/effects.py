"""Effects outside the database, performed after the transaction that decided them.

Each is a row with a deterministic key. The outbox and a handler that wants to save a minute use the
same code; the second of them finds the key used.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from holdfast.outbox import email_templates, mail, settlement
from holdfast.platform import database
from holdfast.platform.errors import TenantMoving, Unavailable
from holdfast.platform.observability import count, fault, logger
from holdfast.stripe import gateway

LATER = "retry"
_LEASE_SECONDS = 60  # longer than the slowest performance
_BATCH = 10


def perform(effect: dict[str, Any]) -> str:
    """Perform it, and record the result.

    Returns:
        What followed in the database, or LATER when it must be tried again.
    """
    try:
        verdict, result = "done", _KINDS[effect["kind"]](effect)
    except Unavailable as error:
        verdict, result = LATER, {"error": str(error)}
        logger().warning("effect to be tried again", error=str(error), **_named(effect))
        count("EffectRetried")
    except (gateway.Refused, mail.Refused) as error:
        verdict, result = "dead", {"error": str(error)}
        logger().error("effect refused for good", error=str(error), **_named(effect))
        count("EffectDead")
    told = {**result, "tenant_id": effect["tenant_id"]}
    finished = database.call("finish_effect", effect["id"], effect["lease"], verdict, told)
    if result.get("status") == "succeeded":
        count("RefundMade")
    elif result.get("status") == "failed":
        gateway.refund_failed(effect["id"], result["refund"]["id"])
    return settlement.report(finished)


def deliver_batch() -> int:
    """Perform some of the effects that are due; how many there were.

    A failure of ours in one effect does not prevent the others.
    """
    claimed = database.call("claim_effects", _BATCH, _LEASE_SECONDS)
    for effect in claimed:
        try:
            result = perform(effect)
        except TenantMoving:  # performed again, by its key, where the tenant is then
            logger().warning("effect of a tenant that is moving", **_named(effect))
        except Exception as error:
            fault("effect failed", error, **_named(effect))
            count("EffectFailed")
        else:
            logger().info("effect performed", result=result, **_named(effect))
            count("EffectPerformed")
        finally:
            logger().remove_keys(["tenant_id", "booking_id", "reason"])  # the next is another's
    return len(claimed)


def retry(effect_id: UUID, operator: str) -> dict[str, Any]:
    """Have a dead effect performed again, or a failed refund replaced by another.

    Args:
        operator: the person who decided it, for the log.

    Raises:
        NotFound: no such effect.
        IllegalState: it is neither dead nor a refund that failed, or was repeated already.
    """
    again: dict[str, Any] = database.call("retry_effect", effect_id, operator)
    logger().warning("effect queued by hand", operator=operator, **again)
    return again


def _named(effect: dict[str, Any]) -> dict[str, Any]:
    """What a line about an effect says of it; `decided_by` is the request or event behind it."""
    return {
        "effect": effect["id"],
        "kind": effect["kind"],
        "attempts": effect["attempts"],
        "tenant_id": effect["tenant_id"],
        "booking_id": effect["booking_id"],
        "decided_by": effect["request_id"],
    }


def _expire_session(effect: dict[str, Any]) -> dict[str, Any]:
    outcome, session = gateway.close_session(effect["checkout"])
    return {"outcome": outcome, "session": gateway.summary(session)}


def _refund_payment(effect: dict[str, Any]) -> dict[str, Any]:
    refund = gateway.refund(effect)
    return {"status": gateway.refund_status(refund), "refund": {"id": refund["id"]}}


def _notify_offer(effect: dict[str, Any]) -> dict[str, Any]:
    if effect["offer"] is not None:
        return {"message_id": mail.send(*email_templates.offer(effect["offer"]))}
    if effect["withheld"]:
        count("LetterWithheld")
        return {"message_id": None, "error": "withheld: enough letters for one day"}
    return {"message_id": None}  # accepted, released or expired: no letter is needed


# One entry for each kind: what it does outside, and what `api.finish_effect` then gets.
_KINDS: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "expire_session": _expire_session,
    "refund_payment": _refund_payment,
    "notify_offer": _notify_offer,
}
