"""Taking in Stripe's events: verify, understand, settle in one transaction, then answer.

A business refusal is answered with 2xx as well: Stripe's sending it again would change nothing.
"""

import json
import re
import time
from typing import Any

from holdfast.outbox import settlement
from holdfast.outbox.effects import refund_failed
from holdfast.platform import database
from holdfast.platform.errors import EventMismatch, MalformedRequest, SignatureInvalid
from holdfast.platform.observability import count, logger
from holdfast.platform.settings import settings
from holdfast.stripe import gateway
from holdfast.stripe.gateway import refund_status

_EVENT_ID = re.compile(r"evt_[A-Za-z0-9_]{1,250}")
_END_OF_TIME = 2**36  # seconds since 1970, in the year 4147: what comes later is no time of Stripe
_SESSION_EVENTS = {
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
}
_REFUND_EVENTS = {"refund.created", "refund.updated", "refund.failed"}
EVENTS = _SESSION_EVENTS | _REFUND_EVENTS  # what an endpoint at Stripe has to send


def receive(payload: bytes, signature: str) -> str:
    """Take in one delivery.

    Args:
        payload: the raw body, as signed.
        signature: the Stripe-Signature header.

    Returns:
        What came of it: confirmed, refunding, released, unchanged, duplicate, unknown, ignored, …

    Raises:
        SignatureInvalid, MalformedRequest, EventMismatch: not an event for us; nothing was changed.
    """
    try:
        gateway.verify_event(payload, signature, now=time.time())
    except ValueError as error:
        count("WebhookRefused")
        raise SignatureInvalid() from error
    event = _parsed(payload)
    if event["api_version"] != gateway.API_VERSION or event["livemode"] is not settings().livemode:
        count("WebhookMismatch")
        logger().error("event of another version or mode", api_version=event["api_version"])
        raise EventMismatch()

    result = _settle(event)
    logger().info("event settled", event=event["id"], type=event["type"], result=result)
    count("WebhookReceived")
    return result


def _settle(event: dict[str, Any]) -> str:
    facts = {"id": event["id"], "type": event["type"], "created": event["created"]}
    subject = event["data"]["object"]
    if event["type"] in _SESSION_EVENTS and subject.get("mode") == "payment":
        _require(gateway.readable(subject), event)
        outcome = gateway.outcome(subject, event["type"])
        settled = database.call("settle_checkout", facts, outcome, gateway.summary(subject))
    elif event["type"] in _REFUND_EVENTS:
        _require(gateway.refund_readable(subject), event)
        names = ("refund_id", "effect_id", "tenant_id")
        refund = {"id": subject["id"], "metadata": gateway.metadata_of(subject, *names)}
        status = refund_status(subject)
        settled = database.call("settle_refund", facts, status, refund)
        if status == "failed" and settled["result"] == "recorded":
            refund_failed(refund["metadata"].get("effect_id"), refund["id"])
    else:
        return "ignored"
    return settlement.report(settled)


def _require(readable: bool, event: dict[str, Any]) -> None:
    """Refuse an event of a kind of ours whose object lacks what we read: nothing is guessed about
    money. Stripe repeats it, and shows it to the endpoint's operators."""
    if not readable:
        count("WebhookRefused")
        logger().error("an event lacks what we read", event=event["id"], type=event["type"])
        raise MalformedRequest(
            "The object of the event lacks required fields.",
            hint="Forward the event exactly as Stripe sent it.",
        )


def _parsed(payload: bytes) -> dict[str, Any]:
    """The event, as far as it is looked at."""
    try:
        event = json.loads(payload)
        well_formed = (
            _EVENT_ID.fullmatch(event["id"])
            and isinstance(event["type"], str)
            and type(event["created"]) is int  # true is an int too
            and 0 <= event["created"] < _END_OF_TIME
            and isinstance(event["data"]["object"], dict)
            and "livemode" in event
            and "api_version" in event
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        well_formed = False
    if not well_formed:
        raise MalformedRequest(
            "The payload is not an event.", hint="Forward the event exactly as Stripe sent it."
        )
    return dict(event)
