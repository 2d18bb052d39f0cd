"""The one account this double has."""

from collections.abc import Mapping
from typing import Any

from dev.stripe_double.context import Context
from dev.stripe_double.messages import ApiError, Json


def account_id(ctx: Context) -> str:
    """The account's id, chosen once."""
    known = ctx.storage.setting("account_id")
    if known is None:
        known = ctx.ids.object("acct")
        ctx.storage.remember("account_id", known)
        ctx.storage.remember("account_created", str(ctx.timestamp))
    return known


def current(ctx: Context, _params: Mapping[str, Any]) -> Json:
    """GET /v1/account."""
    own = account_id(ctx)
    return {
        "id": own,
        "object": "account",
        "business_type": None,
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "US",
        "created": int(ctx.storage.setting("account_created") or 0),
        "default_currency": "usd",
        "details_submitted": True,
        "email": "owner@example.com",
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }


def retrieve(ctx: Context, wanted: str, params: Mapping[str, Any]) -> Json:
    """GET /v1/accounts/{id}: the own account; no other is accessible, as at Stripe (403)."""
    if wanted != account_id(ctx):
        raise ApiError(
            f"The provided key does not have access to account '{wanted}' (or that account does"
            " not exist). Application access may have been revoked.",
            status=403,
            code="account_invalid",
        )
    return current(ctx, params)
