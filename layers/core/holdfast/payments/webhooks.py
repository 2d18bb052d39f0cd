"""Stripe's events: read, settle in one transaction, then answer.

A business refusal is answered with 2xx as well: delivering the event again would change nothing.
"""

import time

from holdfast.outbox import settlement
from holdfast.platform import database
from holdfast.platform.observability import count, logger
from holdfast.stripe import events, gateway


def receive(payload: bytes, signature: str) -> str:
    """Settle one delivery.

    Args:
        payload: the raw body, as signed.
        signature: the Stripe-Signature header.

    Returns:
        The result: confirmed, refunding, released, unchanged, duplicate, unknown, ignored, …

    Raises:
        SignatureInvalid, MalformedRequest, EventMismatch: not an event for us; nothing was changed.
    """
    event = events.read(payload, signature, now=time.time())
    result = "ignored" if event.about is None else _settle(event)
    logger().info("event settled", event=event.id, type=event.type, result=result)
    count("WebhookReceived")
    return result


def _settle(event: events.StripeEvent) -> str:
    if event.about == "checkout":
        settled = database.call("settle_checkout", event.as_json(), event.outcome, event.subject)
    else:
        settled = database.call("settle_refund", event.as_json(), event.outcome, event.subject)
        if event.outcome == "failed" and settled["result"] == "recorded":
            refund = event.subject
            gateway.refund_failed(refund["metadata"].get("effect_id"), refund["id"])
    return settlement.report(settled)
