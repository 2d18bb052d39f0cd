"""Charges and payment methods: one attempt to move money, and its method."""

from collections.abc import Mapping
from typing import Any

from dev.stripe_double import balance, events, lists
from dev.stripe_double.authorisations import Window
from dev.stripe_double.cards import Card
from dev.stripe_double.context import Context
from dev.stripe_double.messages import Json
from dev.stripe_double.storage import Document

NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def create_payment_method(ctx: Context, method: Card | str, email: str | None) -> Document:
    """A payment method: a test card, or the name of a delayed method such as `sepa_debit`."""
    body: Json = {
        "id": ctx.ids.object("pm"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": _billing(email),
        "created": ctx.timestamp,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card" if isinstance(method, Card) else method,
    }
    if isinstance(method, Card):
        body["card"] = {
            "brand": method.brand,
            "checks": _checks(),
            "country": "US",
            "display_brand": method.brand,
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": _fingerprint(method.last4),
            "funding": "credit",
            "generated_from": None,
            "last4": method.last4,
            "networks": {"available": [method.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        }
    else:
        body[method] = _delayed_details(method)
    fate: Json = {"refunds": _refunds(method)}
    if isinstance(method, Card) and method.refunds_fail_after is not None:
        fate["refunds_fail_after"] = method.refunds_fail_after
    return ctx.storage.save(Document("payment_method", body, fate))


def create_charge(
    ctx: Context,
    intent: Json,
    payment_method: Document,
    method: Card | str,
    window: Window | None = None,
) -> Document:
    """A charge for an attempt of an intent: failed, pending (delayed) or succeeded.

    With a `window` a card is only authorised: succeeded, and not captured.
    """
    decline = method.decline if isinstance(method, Card) else None
    status = "failed" if decline else "succeeded" if isinstance(method, Card) else "pending"
    captured = window is None
    kept = captured and status == "succeeded"
    body: Json = {
        "id": ctx.ids.object("ch" if isinstance(method, Card) else "py"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if kept else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": payment_method.body["billing_details"],
        "calculated_statement_descriptor": "HOLDFAST",
        "captured": captured and status != "failed",
        "created": ctx.timestamp,
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": _outcome(method),
        "paid": status == "succeeded",
        "payment_intent": intent["id"],
        "payment_method": payment_method.id,
        "payment_method_details": _details(intent["amount"], method, window),
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": status,
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }
    charge = ctx.storage.save(Document("charge", body))
    if kept:
        settle(ctx, charge)
    return charge


def settle(ctx: Context, charge: Document) -> None:
    """Book a captured charge on the balance, with its fee."""
    body = charge.body
    amount = body["amount_captured"]
    kind = "charge" if body["payment_method_details"]["type"] == "card" else "payment"
    fee = balance.fee(amount, body["currency"])
    body["balance_transaction"] = balance.book(ctx, charge, kind, amount, charged_fee=fee).id
    ctx.storage.save(charge)


def capture(ctx: Context, charge: Document, amount: int) -> None:
    """Capture `amount` of an authorised charge; the rest is released to the card."""
    charge.body.update(captured=True, amount_captured=amount)
    settle(ctx, charge)
    events.emit(ctx, "charge.captured", charge)


def expire(ctx: Context, charge: Document) -> None:
    """An authorisation has ended. Nothing on the charge changes, and nothing counts as refunded.

    Source: https://docs.stripe.com/changelog/basil/2025-03-31/\
    remove-refund-from-partial-capture-and-payment-cancellation-flow
    """
    events.emit(ctx, "charge.expired", charge)


def succeed(ctx: Context, charge: Document) -> None:
    """A pending charge of a delayed method has succeeded."""
    charge.body.update(status="succeeded", paid=True, amount_captured=charge.body["amount"])
    charge.body["outcome"] = _approved()
    settle(ctx, charge)
    events.emit(ctx, "charge.succeeded", charge)


def fail(ctx: Context, charge: Document, code: str, message: str) -> None:
    """A pending charge of a delayed method has failed."""
    charge.body.update(status="failed", captured=False, failure_code=code, failure_message=message)
    ctx.storage.save(charge)
    events.emit(ctx, "charge.failed", charge)


def render(_ctx: Context, document: Document) -> Json:
    """The charge as the API shows it."""
    return document.body


def retrieve(ctx: Context, charge_id: str, _params: Mapping[str, Any]) -> Json:
    """GET /v1/charges/{id}."""
    return ctx.fetch("charge", charge_id).body


def list_charges(ctx: Context, params: Mapping[str, Any]) -> Json:
    """GET /v1/charges."""
    return lists.listing(
        ctx, "charge", params, url="/v1/charges", filters=("payment_intent",), render=render
    )


def retrieve_payment_method(ctx: Context, method_id: str, _params: Mapping[str, Any]) -> Json:
    """GET /v1/payment_methods/{id}."""
    return ctx.fetch("payment_method", method_id).body


def _billing(email: str | None) -> Json:
    return {"address": NO_ADDRESS, "email": email, "name": None, "phone": None, "tax_id": None}


def _checks() -> Json:
    return {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}


def _fingerprint(last4: str) -> str:
    return f"double0000{last4}"


def _refunds(method: Card | str) -> str:
    """How refunds begin: as the card says; a refund to a bank account takes its time."""
    return method.refunds if isinstance(method, Card) else "pending"


def _delayed_details(method: str) -> Json:
    if method == "sepa_debit":
        return {
            "bank_code": "37040044",
            "branch_code": "",
            "country": "DE",
            "fingerprint": _fingerprint("3000"),
            "last4": "3000",
        }
    return {}


def _approved() -> Json:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": "Payment complete.",
        "type": "authorized",
    }


def _outcome(method: Card | str) -> Json | None:
    if not isinstance(method, Card):
        return None
    if method.decline is None:
        return _approved()
    return {
        **_approved(),
        "network_status": "declined_by_network",
        "reason": method.decline.decline_code,
        "seller_message": "The bank did not authorise the payment.",
        "type": "issuer_declined",
    }


def _details(amount: int, method: Card | str, window: Window | None) -> Json:
    if not isinstance(method, Card):
        details = _delayed_details(method)
        if method == "sepa_debit":
            details.update(expected_debit_date=None, mandate=None)
        return {"type": method, method: details}
    card: Json = {
        "amount_authorized": None if method.decline else amount,
        "authorization_code": None,
        "brand": method.brand,
        "checks": _checks(),
        "country": "US",
        "exp_month": 12,
        "exp_year": 2034,
        "extended_authorization": {"status": "disabled"},
        "fingerprint": _fingerprint(method.last4),
        "funding": "credit",
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": method.last4,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": method.brand,
        "network_token": {"used": False},
        "network_transaction_id": None,
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": None,
        "transaction_link_id": None,
        "wallet": None,
    }
    if window is not None and method.decline is None:
        card["capture_before"] = window.capture_before
        if window.extended:
            card["extended_authorization"] = {"status": "enabled"}
    return {"type": "card", "card": card}
