"""Stripe's events: genuine, for us, and understood, in one visit.

Source: docs.stripe.com, webhooks, event object; Stripe API 2026-10-28.endive.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from holdfast.platform.errors import EventMismatch, MalformedRequest, SignatureInvalid
from holdfast.platform.observability import count, logger
from holdfast.platform.settings import settings
from holdfast.stripe import gateway

_ID = re.compile(r"evt_[A-Za-z0-9_]{1,250}")
_END_OF_TIME = 2**36  # seconds since 1970, in the year 4147: a later time is not Stripe's
_SESSION_EVENTS = {
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
}
_REFUND_EVENTS = {"refund.created", "refund.updated", "refund.failed"}
EVENTS = _SESSION_EVENTS | _REFUND_EVENTS  # what an endpoint at Stripe has to send


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """An event as the database takes it in.

    Attributes:
        about: "checkout" or "refund"; None: nothing of ours.
        outcome: what a session means, or our word for the state of a refund.
        subject: the part of the session or refund that the database needs; no customer data.
    """

    id: str
    type: str
    created: int
    about: str | None = None
    outcome: str = ""
    subject: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The event itself, as sent to the database."""
        return {"id": self.id, "type": self.type, "created": self.created}


def read(payload: bytes, signature: str, *, now: float) -> StripeEvent:
    """An event that Stripe signed, of our version and mode, and what it means for us.

    Args:
        payload: the raw body, as signed.
        signature: the Stripe-Signature header.
        now: this function's clock, seconds since 1970.

    Raises:
        SignatureInvalid: not signed by any of our secrets, or not now.
        MalformedRequest: no event, or one whose object lacks what we read.
        EventMismatch: of another version or mode.
    """
    try:
        gateway.verify_event(payload, signature, now=now)
    except ValueError as error:
        count("WebhookRefused")
        raise SignatureInvalid() from error
    event = _parsed(payload)
    if event["api_version"] != gateway.API_VERSION or event["livemode"] is not settings().livemode:
        count("WebhookMismatch")
        logger().error("event of another version or mode", api_version=event["api_version"])
        raise EventMismatch()

    known = event["id"], event["type"], event["created"]
    thing = event["data"]["object"]
    if event["type"] in _SESSION_EVENTS and thing.get("mode") == "payment":
        _require(gateway.readable(thing), event)
        outcome = gateway.outcome(thing, event["type"])
        return StripeEvent(*known, "checkout", outcome, gateway.summary(thing) or {})
    if event["type"] in _REFUND_EVENTS:
        _require(gateway.refund_readable(thing), event)
        names = ("refund_id", "effect_id", "tenant_id")
        refund = {"id": thing["id"], "metadata": gateway.metadata_of(thing, *names)}
        return StripeEvent(*known, "refund", gateway.refund_status(thing), refund)
    return StripeEvent(*known)


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
            _ID.fullmatch(event["id"])
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
