"""Payment intents: created when a session's customer first tries to pay.

Since API version 2022-08-01 a session in payment mode has no intent before that
(https://docs.stripe.com/upgrades#2022-08-01).
"""

from collections.abc import Mapping
from typing import Any

from dev.stripe_double import charges, events, lists
from dev.stripe_double.cards import Card, Decline
from dev.stripe_double.context import Context
from dev.stripe_double.messages import ApiError, Json, invalid
from dev.stripe_double.storage import Document

CANCELABLE = (
    "requires_payment_method, requires_capture, requires_reauthorization, requires_confirmation,"
    " requires_action, processing"
)


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
        "payment_method_options": {},
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
    manual = body["capture_method"] == "manual"
    payment_method = charges.create_payment_method(ctx, method, email)
    charge = charges.create_charge(ctx, body, payment_method, method, captured=not manual)
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
    elif manual:
        body.update(status="requires_capture", amount_capturable=body["amount"])
        intent.due_at = ctx.timestamp + charges.AUTHORIZATION
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


def end_authorisation(ctx: Context, intent: Document) -> None:
    """Cancel an intent whose authorisation was not captured in time."""
    charges.expire(ctx, ctx.reference("charge", intent.body, "latest_charge"))
    cancel_for(ctx, intent, "expired")


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


def capture(ctx: Context, intent_id: str, params: Mapping[str, Any]) -> Json:
    """POST /v1/payment_intents/{id}/capture: all of an authorisation, or `amount_to_capture`.

    Raises ApiError `payment_intent_unexpected_state` unless it waits for capture, and
    `amount_too_large` for more than was authorised.
    """
    intent = ctx.fetch("payment_intent", intent_id)
    body = intent.body
    if body["status"] != "requires_capture":
        raise _unexpected_state(body, "captured", "requires_capture")
    amount = params.get("amount_to_capture")
    amount = body["amount_capturable"] if amount is None else amount
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.",
            "amount_to_capture",
            "parameter_invalid_integer",
        )
    if amount > body["amount_capturable"]:
        raise ApiError(
            f"The amount to capture ({amount}) is greater than the capturable amount"
            f" ({body['amount_capturable']}).",
            code="amount_too_large",
            param="amount_to_capture",
        )
    charges.capture(ctx, ctx.reference("charge", body, "latest_charge"), amount)
    body.update(status="succeeded", amount_received=amount, amount_capturable=0)
    intent.due_at = None
    ctx.storage.save(intent)
    session = ctx.storage.get("checkout.session", intent.private["session"])
    if session is not None:
        session.body["payment_status"] = "paid"
        ctx.storage.save(session)
    events.emit(ctx, "payment_intent.succeeded", intent)
    return body


def cancel(ctx: Context, intent_id: str, params: Mapping[str, Any]) -> Json:
    """POST /v1/payment_intents/{id}/cancel: void an authorisation.

    Refused while its Checkout Session is open: expire the session instead
    (https://docs.stripe.com/api/payment_intents/cancel).
    """
    intent = ctx.fetch("payment_intent", intent_id)
    body = intent.body
    if body["status"] not in ("requires_payment_method", "requires_capture"):
        raise _unexpected_state(body, "canceled", CANCELABLE)
    session = ctx.storage.get("checkout.session", intent.private["session"])
    if session is not None and session.body["status"] == "open":
        raise ApiError(
            "You cannot perform this action on PaymentIntents created by Checkout."
            f" Expire the Checkout Session {session.id} instead."
        )
    cancel_for(ctx, intent, params.get("cancellation_reason"))
    return body


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


def _unexpected_state(body: Json, verb: str, allowed: str) -> ApiError:
    doing = f"be {verb}" if verb == "captured" else None
    lead = (
        f"This PaymentIntent could not {doing}" if doing else "You cannot cancel this PaymentIntent"
    )
    return ApiError(
        f"{lead} because it has a status of {body['status']}. Only a PaymentIntent with one of"
        f" the following statuses may be {verb}: {allowed}.",
        code="payment_intent_unexpected_state",
        extra={"payment_intent": body},
    )
