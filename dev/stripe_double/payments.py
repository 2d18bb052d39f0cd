"""Payment intents: created when a session's customer first tries to pay.

Since API version 2022-08-01 a session in payment mode has no intent before that
(https://docs.stripe.com/upgrades#2022-08-01).
"""

from collections.abc import Mapping
from typing import Any

from dev.stripe_double import authorisations, charges, events, lists
from dev.stripe_double.cards import Card, Decline
from dev.stripe_double.context import Context
from dev.stripe_double.messages import Json
from dev.stripe_double.storage import Document


def create_intent(ctx: Context, session: Document) -> Document:
    """The intent behind a session: its total, and what `payment_intent_data` says."""
    data = session.private["payment_intent_data"]
    intent_id = ctx.ids.object("pi")
    body: Json = {
        "id": intent_id,
        "object": "payment_intent",
        "amount": session.body["amount_total"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": data.get("capture_method") or "automatic_async",
        "client_secret": ctx.ids.secret(f"{intent_id}_secret"),
        "confirmation_method": "automatic",
        "created": ctx.timestamp,
        "currency": session.body["currency"],
        "customer": None,
        "customer_account": None,
        "description": data.get("description"),
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": session.private["intent_metadata"],
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": session.body["payment_method_options"],
        "payment_method_types": session.body["payment_method_types"],
        "processing": None,
        "receipt_email": data.get("receipt_email"),
        "review": None,
        "setup_future_usage": data.get("setup_future_usage"),
        "shipping": None,
        "source": None,
        "statement_descriptor": data.get("statement_descriptor"),
        "statement_descriptor_suffix": data.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": data.get("transfer_group"),
    }
    intent = ctx.storage.save(Document("payment_intent", body, {"session": session.id}))
    events.emit(ctx, "payment_intent.created", intent)
    return intent


def attempt(
    ctx: Context, intent: Document, method: Card | str, email: str | None
) -> Decline | None:
    """Try to pay with a test card or a delayed method; answer why it was declined, or None."""
    body = intent.body
    window = authorisations.window(ctx, body)
    payment_method = charges.create_payment_method(ctx, method, email)
    charge = charges.create_charge(ctx, body, payment_method, method, window)
    body["latest_charge"] = charge.id
    if isinstance(method, Card) and method.decline:
        _declined(ctx, intent, charge, payment_method, method.decline)
        return method.decline
    body.update(payment_method=payment_method.id, last_payment_error=None)
    if not isinstance(method, Card):
        body["status"] = "processing"
        ctx.storage.save(intent)
        events.emit(ctx, "charge.pending", charge)
        events.emit(ctx, "payment_intent.processing", intent)
    elif window is not None:
        body.update(status="requires_capture", amount_capturable=body["amount"])
        intent.due_at = window.ends_at
        ctx.storage.save(intent)
        events.emit(ctx, "charge.succeeded", charge)
        events.emit(ctx, "payment_intent.amount_capturable_updated", intent)
    else:
        body.update(status="succeeded", amount_received=body["amount"])
        ctx.storage.save(intent)
        events.emit(ctx, "charge.succeeded", charge)
        events.emit(ctx, "payment_intent.succeeded", intent)
    return None


def settle(ctx: Context, intent: Document, *, succeeded: bool) -> None:
    """A delayed payment has succeeded or failed."""
    body = intent.body
    charge = ctx.reference("charge", body, "latest_charge")
    if succeeded:
        charges.succeed(ctx, charge)
        body.update(status="succeeded", amount_received=body["amount"])
        ctx.storage.save(intent)
        events.emit(ctx, "payment_intent.succeeded", intent)
        return
    bounce = Decline("payment_intent_payment_attempt_failed", "", "The payment failed.")
    charges.fail(ctx, charge, bounce.code, bounce.message)
    payment_method = ctx.reference("payment_method", body, "payment_method")
    body["payment_method"] = None
    _payment_failed(ctx, intent, charge, payment_method, bounce)


def cancel_for(ctx: Context, intent: Document, reason: str | None) -> None:
    """Cancel an intent, releasing what it may have authorised."""
    intent.body.update(
        status="canceled",
        amount_capturable=0,
        canceled_at=ctx.timestamp,
        cancellation_reason=reason,
    )
    intent.due_at = None
    ctx.storage.save(intent)
    events.emit(ctx, "payment_intent.canceled", intent)


def retrieve(ctx: Context, intent_id: str, _params: Mapping[str, Any]) -> Json:
    """GET /v1/payment_intents/{id}."""
    return ctx.fetch("payment_intent", intent_id).body


def list_intents(ctx: Context, params: Mapping[str, Any]) -> Json:
    """GET /v1/payment_intents."""
    if params.get("customer") is not None:
        return lists.envelope("/v1/payment_intents", [])  # this double has no customers
    return lists.listing(ctx, "payment_intent", params, url="/v1/payment_intents", render=render)


def render(_ctx: Context, document: Document) -> Json:
    """The intent as the API shows it."""
    return document.body


def _declined(
    ctx: Context, intent: Document, charge: Document, method: Document, decline: Decline
) -> None:
    events.emit(ctx, "charge.failed", charge)
    _payment_failed(ctx, intent, charge, method, decline)


def _payment_failed(
    ctx: Context, intent: Document, charge: Document, method: Document, decline: Decline
) -> None:
    error: Json = {
        "charge": charge.id,
        "code": decline.code,
        "doc_url": f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
        "payment_method": method.body,
        "type": "card_error",
    }
    if decline.decline_code:
        error["decline_code"] = decline.decline_code
    intent.body.update(status="requires_payment_method", last_payment_error=error)
    ctx.storage.save(intent)
    events.emit(ctx, "payment_intent.payment_failed", intent)
