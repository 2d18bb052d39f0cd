"""Refunds: partial or whole, at once or pending, and sometimes failing later.

https://docs.stripe.com/refunds
"""

from collections.abc import Mapping
from typing import Any

from dev.stripe_double import balance, events, lists
from dev.stripe_double.context import Context, merged_metadata
from dev.stripe_double.currencies import formatted
from dev.stripe_double.messages import ApiError, Json, invalid
from dev.stripe_double.storage import Document

# Which way a refund may go from where it is.
MOVES = {
    "pending": ("succeeded", "failed", "canceled"),
    "succeeded": ("failed",),
}
# What the SDK's description of `Refund.failure_reason` names.
FAILURE_REASONS = (
    "lost_or_stolen_card",
    "expired_or_canceled_card",
    "charge_for_pending_refund_disputed",
    "insufficient_funds",
    "declined",
    "merchant_request",
    "unknown",
)
UNSUPPORTED = (
    "currency",
    "customer",
    "instructions_email",
    "origin",
    "refund_application_fee",
    "reverse_transfer",
)


def create(ctx: Context, params: Mapping[str, Any]) -> Json:
    """POST /v1/refunds, of a payment_intent or a charge.

    Raises ApiError `charge_already_refunded` when nothing is left, and 400 for more than is left.
    """
    for name in UNSUPPORTED:
        if params.get(name):
            raise invalid(f"This double does not support {name}.", name)
    charge = _charge(ctx, params)
    body = charge.body
    left = body["amount_captured"] - body["amount_refunded"]
    amount = params.get("amount")
    if amount is not None and amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer"
        )
    if left <= 0:
        raise ApiError(
            f"Charge {charge.id} has already been refunded.", code="charge_already_refunded"
        )
    amount = left if amount is None else amount
    if amount > left:
        currency = body["currency"]
        raise ApiError(
            f"Refund amount ({formatted(amount, currency)}) is greater than unrefunded amount on"
            f" charge ({formatted(left, currency)})",
            param="amount",
        )
    method = ctx.reference("payment_method", body, "payment_method")
    short = ctx.storage.setting("balance_short")
    status = "pending" if short else _beginning(ctx, method)
    refund = Document("refund", _refund(ctx, charge, amount, status, params))
    if short:
        refund.body["pending_reason"] = "insufficient_funds"
    if "refunds_fail_after" in method.private:
        refund.due_at = ctx.timestamp + method.private["refunds_fail_after"]
    ctx.storage.save(refund)
    if status == "succeeded":
        _book(ctx, refund)
    before = {name: body[name] for name in ("amount_refunded", "refunded")}
    _count(ctx, charge, amount)
    events.emit(ctx, "refund.created", refund)
    events.emit(ctx, "charge.refunded", charge, before)
    return refund.body


def retrieve(ctx: Context, refund_id: str, _params: Mapping[str, Any]) -> Json:
    """GET /v1/refunds/{id}."""
    return ctx.fetch("refund", refund_id).body


def list_refunds(ctx: Context, params: Mapping[str, Any]) -> Json:
    """GET /v1/refunds, by payment_intent and charge."""
    return lists.listing(
        ctx,
        "refund",
        params,
        url="/v1/refunds",
        filters=("payment_intent", "charge"),
        render=render,
    )


def update(ctx: Context, refund_id: str, params: Mapping[str, Any]) -> Json:
    """POST /v1/refunds/{id}: its metadata, the only thing that can change."""
    refund = ctx.fetch("refund", refund_id)
    if "metadata" in params:
        before = refund.body["metadata"]
        refund.body["metadata"] = merged_metadata(before, params["metadata"])
        ctx.storage.save(refund)
        events.emit(ctx, "refund.updated", refund, {"metadata": before})
    return refund.body


def move(ctx: Context, refund_id: str, status: str, failure_reason: str | None = None) -> Document:
    """Let a refund succeed, fail or be cancelled, as a bank would decide later.

    A refund that has succeeded may still fail, with one of FAILURE_REASONS (by default
    `unknown`). Raises ApiError (400) for other moves and reasons.
    """
    if failure_reason is not None and (failure_reason not in FAILURE_REASONS or status != "failed"):
        raise ApiError(f"Not a reason to become {status}: {failure_reason}", param="failure_reason")
    refund = ctx.fetch("refund", refund_id)
    before = refund.body["status"]
    if status not in MOVES.get(before, ()):
        raise ApiError(f"A refund that is {before} cannot become {status}.", param="status")
    previous: Json = {"status": before}
    refund.body.update(status=status, pending_reason=None)
    if status != "succeeded":
        refund.due_at = None
    if status == "succeeded":
        _book(ctx, refund)
    else:
        if before == "succeeded":
            returned = balance.book(ctx, refund, "refund_failure", refund.body["amount"])
            refund.body["failure_balance_transaction"] = returned.id
        if status == "failed":
            refund.body["failure_reason"] = failure_reason or "unknown"
            previous["failure_reason"] = None
        _count(ctx, ctx.reference("charge", refund.body, "charge"), -refund.body["amount"])
    ctx.storage.save(refund)
    events.emit(ctx, "refund.updated", refund, previous)
    events.emit(ctx, "charge.refund.updated", refund, previous)
    if status == "failed":
        events.emit(ctx, "refund.failed", refund)
    return refund


def start_as(ctx: Context, status: str | None) -> None:
    """Let refunds begin as `pending` or `succeeded` whatever the method (None: as the method)."""
    if status not in (None, "pending", "succeeded"):
        raise ApiError(f"A refund cannot begin as {status}.", param="start_as")
    ctx.storage.remember("refunds", status or "")


def fail(ctx: Context, refund: Document) -> None:
    """Let a refund fail whose card lets all of them fail after a while."""
    move(ctx, refund.id, "failed")


def run_short(ctx: Context, *, short: bool) -> None:
    """Let the balance be too low for refunds, or no more.

    Meanwhile new refunds are pending with `insufficient_funds`, whatever the method and
    `start_as`. Once there is enough again they go on as they would have begun.
    """
    ctx.storage.remember("balance_short", "1" if short else "")
    if short:
        return
    for refund in reversed(ctx.storage.find("refund", where={"status": "pending"}).documents):
        if refund.body["pending_reason"] != "insufficient_funds":
            continue
        method = ctx.reference("payment_method", refund.body, "payment_method")
        if _beginning(ctx, method) == "succeeded":
            move(ctx, refund.id, "succeeded")
            continue
        refund.body["pending_reason"] = "processing"
        ctx.storage.save(refund)
        before = {"pending_reason": "insufficient_funds"}
        events.emit(ctx, "refund.updated", refund, before)
        events.emit(ctx, "charge.refund.updated", refund, before)


def render(_ctx: Context, document: Document) -> Json:
    """The refund as the API shows it."""
    return document.body


def _beginning(ctx: Context, method: Document) -> str:
    """How a refund to this payment method begins: as was decreed, or in the method's own way."""
    return ctx.storage.setting("refunds") or str(method.private["refunds"])


def _charge(ctx: Context, params: Mapping[str, Any]) -> Document:
    """The charge that the refund is of."""
    intent_id, charge_id = params.get("payment_intent"), params.get("charge")
    if charge_id is None and intent_id is None:
        raise invalid(
            "One of the following params should be provided for this request:"
            " payment_intent or charge.",
            None,
            "parameter_missing",
        )
    if charge_id is not None and intent_id is not None:
        raise invalid(
            "You may only specify one of these parameters: charge, payment_intent.", "charge"
        )
    if intent_id is not None:
        intent = ctx.fetch("payment_intent", intent_id, "payment_intent")
        if intent.body["status"] != "succeeded":
            raise ApiError(
                f"This PaymentIntent ({intent_id}) does not have a successful charge to refund.",
                param="payment_intent",
            )
        return ctx.reference("charge", intent.body, "latest_charge")
    charge = ctx.fetch("charge", str(charge_id), "charge")
    if charge.body["status"] != "succeeded" or not charge.body["captured"]:
        raise ApiError(
            f"Charge {charge_id} does not have a captured payment to refund.", param="charge"
        )
    return charge


def _refund(
    ctx: Context, charge: Document, amount: int, status: str, params: Mapping[str, Any]
) -> Json:
    method = charge.body["payment_method_details"]["type"]
    destination: Json = {"type": method}
    if method == "card":
        destination["card"] = {
            "reference_status": "pending",
            "reference_type": "acquirer_reference_number",
            "type": "refund",
        }
    return {
        "id": ctx.ids.object("re" if method == "card" else "pyr"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge.id,
        "created": ctx.timestamp,
        "currency": charge.body["currency"],
        "customer": None,
        "customer_account": None,
        "destination_details": destination if method == "card" else None,
        "metadata": merged_metadata({}, params.get("metadata")),
        "payment_intent": charge.body["payment_intent"],
        "payment_method": charge.body["payment_method"],
        "pending_reason": "processing" if status == "pending" else None,
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    }


def _book(ctx: Context, refund: Document) -> None:
    kind = "refund" if refund.id.startswith("re_") else "payment_refund"
    booked = balance.book(ctx, refund, kind, -refund.body["amount"])
    refund.body["balance_transaction"] = booked.id
    ctx.storage.save(refund)


def _count(ctx: Context, charge: Document, amount: int) -> None:
    """Add to what the charge has had refunded."""
    body = charge.body
    body["amount_refunded"] += amount
    body["refunded"] = body["amount_refunded"] >= body["amount_captured"]
    ctx.storage.save(charge)
