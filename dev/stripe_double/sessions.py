"""Checkout Sessions: https://docs.stripe.com/api/checkout/sessions."""

from collections.abc import Mapping
from typing import Any

from dev.stripe_double import events, line_items, lists, payments, session_params
from dev.stripe_double.context import Context, merged_metadata
from dev.stripe_double.messages import ApiError, Json, invalid, missing_object
from dev.stripe_double.parameters import missing_parameter
from dev.stripe_double.storage import Document
from dev.stripe_double.urls import web_address

KIND = "checkout.session"
MAX_REFERENCE = 200


def create(ctx: Context, params: Mapping[str, Any]) -> Json:
    """POST /v1/checkout/sessions, in payment mode with inline prices on the hosted page.

    Raises ApiError (400) for bad parameters and for those that would change the money in ways
    this double does not know: better refused than silently ignored.
    """
    session_params.refuse_unsupported(params)
    items, currency, total = line_items.build(ctx, params.get("line_items") or [])
    expires_at = session_params.expiry(ctx, params.get("expires_at"))
    if params.get("success_url") is None:
        raise missing_parameter("success_url")
    success_url = web_address(params["success_url"], "success_url")
    cancel_url = params.get("cancel_url")
    reference = params.get("client_reference_id")
    if reference is not None and len(reference) > MAX_REFERENCE:
        message = f"Invalid string: must be at most {MAX_REFERENCE} characters"
        raise invalid(message, "client_reference_id")
    intent_data = params.get("payment_intent_data") or {}
    email = params.get("customer_email")
    session_id = ctx.ids.session()
    body: Json = {
        "id": session_id,
        "object": KIND,
        "adaptive_pricing": params.get("adaptive_pricing") or {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": params.get("allow_promotion_codes"),
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": cancel_url and web_address(cancel_url, "cancel_url"),
        "client_reference_id": reference,
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": ctx.timestamp,
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": dict.fromkeys(
            ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
        ),
        "customer": None,
        "customer_account": None,
        "customer_details": customer_details(email) if email else None,
        "customer_email": email,
        "discounts": [],
        "excluded_payment_method_types": params.get("excluded_payment_method_types"),
        "expires_at": expires_at,
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": merged_metadata({}, params.get("metadata")),
        "mode": "payment",
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required" if total == 0 else "always",
        "payment_method_configuration_details": None,
        "payment_method_options": session_params.payment_method_options(params),
        "payment_method_types": session_params.payment_methods(params, currency),
        "payment_status": "no_payment_required" if total == 0 else "unpaid",
        "permissions": None,
        "phone_number_collection": params.get("phone_number_collection") or {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "subscription": None,
        "success_url": success_url,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{ctx.public_url}/pay/{session_id}",
        "wallet_options": None,
        **{name: params.get(name) for name in session_params.ECHOED},
    }
    private = {
        "line_items": items,
        "payment_intent_data": intent_data,
        "intent_metadata": merged_metadata({}, intent_data.get("metadata")),
    }
    return ctx.storage.save(Document(KIND, body, private, due_at=expires_at)).body


def retrieve(ctx: Context, session_id: str, _params: Mapping[str, Any]) -> Json:
    """GET /v1/checkout/sessions/{id}."""
    return ctx.fetch(KIND, session_id).body


def list_sessions(ctx: Context, params: Mapping[str, Any]) -> Json:
    """GET /v1/checkout/sessions, by payment_intent and status."""
    for name in (
        "customer",
        "customer_account",
        "customer_details",
        "payment_link",
        "subscription",
    ):
        if params.get(name) is not None:
            raise invalid(f"This double cannot filter by {name}.", name)
    return lists.listing(
        ctx,
        KIND,
        params,
        url="/v1/checkout/sessions",
        filters=("payment_intent", "status"),
        render=render,
    )


def list_line_items(ctx: Context, session_id: str, params: Mapping[str, Any]) -> Json:
    """GET /v1/checkout/sessions/{id}/line_items."""
    session = ctx.fetch(KIND, session_id)
    return lists.slice_of(_items_url(session_id), session.private["line_items"], params)


def expire(ctx: Context, session_id: str, _params: Mapping[str, Any]) -> Json:
    """POST /v1/checkout/sessions/{id}/expire. Raises ApiError (400) unless it is open."""
    session = ctx.fetch(KIND, session_id)
    status = session.body["status"]
    if status != "open":
        raise ApiError(
            'Only Checkout Sessions with a status in ["open"] can be expired.'
            f" This Checkout Session has a status of `{status}`."
        )
    end(ctx, session)
    return session.body


def end(ctx: Context, session: Document) -> None:
    """Close an open session unpaid: by request, or because its time is over."""
    session.body.update(status="expired", url=None)
    session.due_at = None
    ctx.storage.save(session)
    if session.body["payment_intent"] is not None:  # declined attempts have left one
        intent = ctx.reference("payment_intent", session.body, "payment_intent")
        payments.cancel_for(ctx, intent, "automatic")
    events.emit(ctx, "checkout.session.expired", session)


def included(ctx: Context, session_id: str, field: str) -> Json | None:
    """The fields that a session has only when they are asked for: `expand[]=line_items`."""
    if field != "line_items":
        return None
    session = ctx.storage.get(KIND, session_id)
    if session is None:
        raise missing_object(KIND, session_id, "session")
    items = session.private["line_items"]
    shown = items[: lists.DEFAULT_LIMIT]
    return lists.envelope(_items_url(session_id), shown, has_more=len(shown) < len(items))


def render(_ctx: Context, document: Document) -> Json:
    """The session as the API shows it."""
    return document.body


def customer_details(email: str | None) -> Json:
    """What Stripe knows of the customer: the address is filled in when they have paid."""
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    }


def _items_url(session_id: str) -> str:
    return f"/v1/checkout/sessions/{session_id}/line_items"
