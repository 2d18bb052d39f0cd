"""Balance transactions: what each charge and refund does to the account's balance."""

from collections.abc import Mapping
from typing import Any

from dev.stripe_double import lists
from dev.stripe_double.context import Context
from dev.stripe_double.currencies import decimals
from dev.stripe_double.messages import Json
from dev.stripe_double.storage import Document

SETTLING = 2 * 86_400  # seconds until money is available; the US default
FEE_RATE_BASIS_POINTS = 290
FEE_FIXED_MAJOR_HUNDREDTHS = 30


def fee(amount: int, currency: str) -> int:
    """Stripe's list price, 2.9 % + 0.30, in minor units, rounded half up."""
    fixed = int(FEE_FIXED_MAJOR_HUNDREDTHS * 10 ** decimals(currency) // 100)
    return (amount * FEE_RATE_BASIS_POINTS + 5_000) // 10_000 + fixed


def book(
    ctx: Context, source: Document, type_: str, amount: int, *, charged_fee: int = 0
) -> Document:
    """Record a movement of `amount` minor units (negative: out) caused by a charge or refund."""
    currency = source.body["currency"]
    details = [
        {
            "amount": charged_fee,
            "application": None,
            "currency": currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
    return ctx.storage.save(
        Document(
            "balance_transaction",
            {
                "id": ctx.ids.object("txn"),
                "object": "balance_transaction",
                "amount": amount,
                "available_on": ctx.timestamp + SETTLING,
                "balance_type": "payments",
                "created": ctx.timestamp,
                "currency": currency,
                "description": source.body.get("description"),
                "exchange_rate": None,
                "fee": charged_fee,
                "fee_details": details if charged_fee else [],
                "net": amount - charged_fee,
                "reporting_category": "charge" if type_ in ("charge", "payment") else type_,
                "source": source.id,
                "status": "pending",
                "type": type_,
            },
        )
    )


def render(ctx: Context, document: Document) -> Json:
    """The transaction as the API shows it now: available once settled."""
    settled = document.body["available_on"] <= ctx.now
    return {**document.body, "status": "available" if settled else "pending"}


def retrieve(ctx: Context, transaction_id: str, _params: Mapping[str, Any]) -> Json:
    """GET /v1/balance_transactions/{id}."""
    return render(ctx, ctx.fetch("balance_transaction", transaction_id))


def list_transactions(ctx: Context, params: Mapping[str, Any]) -> Json:
    """GET /v1/balance_transactions."""
    return lists.listing(
        ctx,
        "balance_transaction",
        params,
        url="/v1/balance_transactions",
        filters=("type",),
        render=render,
    )
