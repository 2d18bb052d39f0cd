"""What may be asked of a new Checkout Session here, beyond what the SDK's types say."""

from collections.abc import Mapping
from typing import Any

from dev.stripe_double.context import Context
from dev.stripe_double.messages import ApiError, Json, invalid
from dev.stripe_double.parameters import missing_parameter

SHORTEST = 30 * 60  # seconds from creation to expires_at
LONGEST = 24 * 3_600
# Bank debits and vouchers whose result comes days later, by the currency that has them.
DELAYED_METHODS = {
    "eur": "sepa_debit",
    "usd": "us_bank_account",
    "gbp": "bacs_debit",
    "cad": "acss_debit",
    "aud": "au_becs_debit",
    "nzd": "nz_bank_account",
    "brl": "boleto",
    "mxn": "oxxo",
    "jpy": "konbini",
}
# What a session shows as it was given, with no effect on the money.
ECHOED = (
    "billing_address_collection",
    "customer_creation",
    "integration_identifier",
    "locale",
    "origin_context",
    "submit_type",
)
SUPPORTED = {
    *ECHOED,
    "adaptive_pricing",
    "allow_promotion_codes",
    "allowed_payment_method_types",
    "automatic_tax",
    "cancel_url",
    "client_reference_id",
    "customer_email",
    "excluded_payment_method_types",
    "expand",
    "expires_at",
    "line_items",
    "metadata",
    "mode",
    "payment_intent_data",
    "payment_method_options",
    "phone_number_collection",
    "success_url",
    "ui_mode",
}
SUPPORTED_INTENT_DATA = {
    "capture_method",
    "description",
    "metadata",
    "receipt_email",
    "setup_future_usage",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
}
SUPPORTED_METHOD_OPTIONS = {("card", "request_extended_authorization")}


def refuse_unsupported(params: Mapping[str, Any]) -> None:
    """Refuse what would change the money in ways this double does not know.

    Raises ApiError (400); better refused than silently ignored.
    """
    if params.get("mode") is None:
        raise missing_parameter("mode")
    if params["mode"] != "payment":
        raise invalid(f"This double does not support mode={params['mode']}.", "mode")
    if (params.get("ui_mode") or "hosted_page") != "hosted_page":
        raise invalid("This double supports only ui_mode=hosted_page.", "ui_mode")
    if params.get("customer") is not None:
        raise ApiError(
            f"No such customer: '{params['customer']}'",
            code="resource_missing",
            param="customer",
            validation=True,
        )
    for name, value in params.items():
        if name not in SUPPORTED and value is not None:
            raise invalid(f"This double does not support {name}.", name)
    _refuse_unsupported_within(params)
    for switch in ("automatic_tax", "adaptive_pricing"):
        if (params.get(switch) or {}).get("enabled"):
            raise invalid(f"This double does not support {switch}.", f"{switch}[enabled]")
    if params.get("allow_promotion_codes"):
        raise invalid("This double has no promotion codes.", "allow_promotion_codes")


def _refuse_unsupported_within(params: Mapping[str, Any]) -> None:
    for name in params.get("payment_intent_data") or {}:
        if name not in SUPPORTED_INTENT_DATA:
            where = f"payment_intent_data[{name}]"
            raise invalid(f"This double does not support {where}.", where)
    for method, options in (params.get("payment_method_options") or {}).items():
        for name in options or {}:
            if (method, name) not in SUPPORTED_METHOD_OPTIONS:
                where = f"payment_method_options[{method}][{name}]"
                raise invalid(f"This double does not support {where}.", where)


def payment_method_options(params: Mapping[str, Any]) -> Json:
    """The options as the session shows them, with what Stripe adds by itself."""
    card = (params.get("payment_method_options") or {}).get("card")
    return {"card": {**card, "request_three_d_secure": "automatic"}} if card else {}


def expiry(ctx: Context, wanted: int | None) -> int:
    """When the session ends (epoch seconds): 24 hours from creation unless asked otherwise.

    Raises ApiError (400) outside 30 minutes to 24 hours.
    """
    if wanted is None:
        return ctx.timestamp + LONGEST
    lead = "The `expires_at` timestamp must be"
    if wanted < ctx.timestamp + SHORTEST:
        message = f"{lead} at least 30 minutes from Checkout Session creation."
        raise invalid(message, "expires_at")
    if wanted > ctx.timestamp + LONGEST:
        message = f"{lead} less than 24 hours from Checkout Session creation."
        raise invalid(message, "expires_at")
    return wanted


def payment_methods(params: Mapping[str, Any], currency: str) -> list[str]:
    """The methods offered: those this double has for the currency, filtered as asked.

    `payment_method_types` is no parameter any more since API version 2026-09-30
    (https://docs.stripe.com/changelog/endive/2026-09-30/\
    remove-payment-method-types-checkout-sessions). Raises ApiError (400) if none is left.
    """
    methods = ["card"]
    intent_data = params.get("payment_intent_data") or {}
    if currency in DELAYED_METHODS and intent_data.get("capture_method") != "manual":
        methods.append(DELAYED_METHODS[currency])  # bank debits cannot be authorised first
    allowed = params.get("allowed_payment_method_types") or methods
    excluded = params.get("excluded_payment_method_types") or []
    offered = [name for name in methods if name in allowed and name not in excluded]
    if not offered:
        raise invalid("No valid payment method types for this Checkout Session.", None)
    return offered
