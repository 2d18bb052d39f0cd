"""Capturing an authorisation, releasing it, and letting it expire.

Released money was never taken: since API version 2025-03-31 neither the rest of a partial capture
nor a cancelled intent makes a refund, a balance transaction or `charge.refunded`.
"""

from collections.abc import Mapping
from typing import Any

from dev.stripe_double import authorisations, charges, events, payments
from dev.stripe_double.context import Context, merged_metadata
from dev.stripe_double.messages import ApiError, Json, invalid
from dev.stripe_double.storage import Document

CANCELABLE = (
    "requires_payment_method, requires_capture, requires_reauthorization, requires_confirmation,"
    " requires_action, processing"
)
CANCELLATION_REASONS = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")
SUPPORTED = {"amount_to_capture", "final_capture", "metadata"}


def capture(ctx: Context, intent_id: str, params: Mapping[str, Any]) -> Json:
    """POST /v1/payment_intents/{id}/capture: all of an authorisation, or `amount_to_capture`.

    What is left of it is released. Raises ApiError, each with the intent: 400
    `payment_intent_unexpected_state` unless it waits for capture, one of `authorisations.CODES`
    if the card's time is over, 400 `amount_too_large` for more than was authorised.
    """
    for name, value in params.items():
        if value is not None and (name not in SUPPORTED or (name == "final_capture" and not value)):
            raise invalid(f"This double does not support {name}={value}.", name)
    intent = ctx.fetch("payment_intent", intent_id)
    body = intent.body
    if body["status"] != "requires_capture":
        raise _unexpected_state(body, "captured", "requires_capture")
    charge = ctx.reference("charge", body, "latest_charge")
    if charge.body["payment_method_details"]["card"]["capture_before"] <= ctx.now:
        raise _too_late(ctx, charge, body)
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
            extra={"payment_intent": body},
        )
    if "metadata" in params:
        body["metadata"] = merged_metadata(body["metadata"], params["metadata"])
    charges.capture(ctx, charge, amount)
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
    """POST /v1/payment_intents/{id}/cancel: release an authorisation.

    An intent of Checkout can be cancelled in `requires_capture` alone; before that its session is
    expired instead, and after a bank debit that failed there is nothing to cancel
    (https://docs.stripe.com/api/payment_intents/cancel).
    """
    reason = params.get("cancellation_reason")
    if reason is not None and reason not in CANCELLATION_REASONS:
        raise ApiError(f"Unknown reason: {reason}", param="cancellation_reason")
    intent = ctx.fetch("payment_intent", intent_id)
    body = intent.body
    if body["status"] == "requires_payment_method":
        raise _belongs_to_checkout(ctx, intent)
    if body["status"] != "requires_capture":
        raise _unexpected_state(body, "canceled", CANCELABLE)
    payments.cancel_for(ctx, intent, reason)
    return body


def end(ctx: Context, intent: Document) -> None:
    """Cancel an intent whose authorisation was not captured in time."""
    charges.expire(ctx, ctx.reference("charge", intent.body, "latest_charge"))
    payments.cancel_for(ctx, intent, authorisations.terms(ctx).reason)


def end_now(ctx: Context, intent_id: str) -> Document:
    """End an authorisation as time would. Raises ApiError (400) unless it waits for capture."""
    intent = ctx.fetch("payment_intent", intent_id)
    if intent.body["status"] != "requires_capture":
        raise _unexpected_state(intent.body, "canceled", "requires_capture")
    end(ctx, intent)
    return intent


def _belongs_to_checkout(ctx: Context, intent: Document) -> ApiError:
    message = "You cannot perform this action on PaymentIntents created by Checkout."
    session = ctx.storage.get("checkout.session", intent.private["session"])
    if session is not None and session.body["status"] == "open":
        message += f" Expire the Checkout Session {session.id} instead."
    return ApiError(message)


def _too_late(ctx: Context, charge: Document, intent: Json) -> ApiError:
    code = authorisations.terms(ctx).code
    status, kind = authorisations.CODES[code]
    extra: Json = {"payment_intent": intent}
    if kind == "card_error":
        extra["charge"] = charge.id
    return ApiError(
        f"Charge {charge.id} cannot be captured because the charge has expired (a charge must be"
        " captured within 7 days). You will need to create a new charge to retry the payment.",
        status=status,
        type=kind,
        code=code,
        extra=extra,
    )


def _unexpected_state(body: Json, verb: str, allowed: str) -> ApiError:
    lead = (
        "This PaymentIntent could not be captured"
        if verb == "captured"
        else "You cannot cancel this PaymentIntent"
    )
    return ApiError(
        f"{lead} because it has a status of {body['status']}. Only a PaymentIntent with one of"
        f" the following statuses may be {verb}: {allowed}.",
        code="payment_intent_unexpected_state",
        extra={"payment_intent": body},
    )
