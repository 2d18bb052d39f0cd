"""What a session sells: line items with inline prices, and their total."""

from collections.abc import Sequence
from typing import Any

from dev.stripe_double import currencies
from dev.stripe_double.context import Context
from dev.stripe_double.messages import ApiError, Json, invalid
from dev.stripe_double.parameters import missing_parameter

MAX_LINE_ITEMS = 100
MAX_QUANTITY = 999_999


def build(ctx: Context, wanted: Sequence[Json]) -> tuple[list[Json], str, int]:
    """Answer the line items, their currency (lower case) and their total in minor units.

    Raises ApiError (400) for what Stripe refuses, `amount_too_small` among it, and for what this
    double does not know: stored prices, taxes, recurring prices.
    """
    if not wanted:
        raise missing_parameter("line_items")
    if len(wanted) > MAX_LINE_ITEMS:
        raise invalid(f"You can have up to {MAX_LINE_ITEMS} line items.", "line_items")
    items = [_item(ctx, entry, f"line_items[{index}]") for index, entry in enumerate(wanted)]
    found = {item["currency"] for item in items}
    if len(found) > 1:
        raise invalid("All prices on a Checkout Session must use the same currency.", "line_items")
    currency = found.pop()
    total = sum(item["amount_total"] for item in items)
    least = currencies.MINIMUM.get(currency, 1)
    if 0 < total < least:
        raise invalid(
            "The Checkout Session's total amount must convert to at least 50 cents."
            f" {currencies.formatted(total, currency)} is less than"
            f" {currencies.formatted(least, currency)}.",
            None,
            "amount_too_small",
        )
    if total % currencies.STEP.get(currency, 1):
        raise invalid(
            f"The Checkout Session's total amount in {currency} must be a multiple of"
            f" {currencies.STEP[currency]}.",
            "line_items",
        )
    if total > currencies.MAXIMUM:
        raise invalid(
            "The Checkout Session's total amount must be no more than"
            f" {currencies.formatted(currencies.MAXIMUM, currency)}.",
            None,
            "amount_too_large",
        )
    return items, currency, total


def _item(ctx: Context, entry: Json, path: str) -> Json:
    if entry.get("price") is not None:
        raise ApiError(
            f"No such price: '{entry['price']}'",
            code="resource_missing",
            param=f"{path}[price]",
            validation=True,
        )
    for name in ("adjustable_quantity", "tax_rates"):
        if entry.get(name):
            raise invalid(f"This double does not support {path}[{name}].", f"{path}[{name}]")
    data = entry.get("price_data")
    if data is None:
        raise missing_parameter(f"{path}[price_data]")
    quantity = entry.get("quantity")
    if quantity is None:
        raise missing_parameter(f"{path}[quantity]")
    if not 1 <= quantity <= MAX_QUANTITY:
        raise invalid(
            "This value must be greater than or equal to 1."
            if quantity < 1
            else f"This value must be less than or equal to {MAX_QUANTITY}.",
            f"{path}[quantity]",
            "parameter_invalid_integer",
        )
    price = _price(ctx, data, f"{path}[price_data]")
    total = price["unit_amount"] * quantity
    return {
        "id": ctx.ids.object("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": price["currency"],
        "description": data["product_data"]["name"],
        "metadata": entry.get("metadata") or {},
        "price": price,
        "quantity": quantity,
    }


def _price(ctx: Context, data: Json, path: str) -> Json:
    currency = currencies.checked(data["currency"], f"{path}[currency]")
    if data.get("product") is not None:
        raise ApiError(
            f"No such product: '{data['product']}'",
            code="resource_missing",
            param=f"{path}[product]",
            validation=True,
        )
    if data.get("product_data") is None:
        raise missing_parameter(f"{path}[product_data]")
    if data.get("recurring"):
        raise invalid(
            "You specified `payment` mode but passed a recurring price."
            " Either switch to `subscription` mode or use only one-time prices.",
            f"{path}[recurring]",
        )
    amount = _unit_amount(data, path)
    return {
        "id": ctx.ids.object("price"),
        "object": "price",
        "active": False,  # inline prices cannot be used again
        "billing_scheme": "per_unit",
        "created": ctx.timestamp,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": ctx.ids.object("prod"),
        "recurring": None,
        "tax_behavior": data.get("tax_behavior") or "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }


def _unit_amount(data: Json, path: str) -> int:
    amount: Any = data.get("unit_amount")
    if data.get("unit_amount_decimal") is not None:
        if amount is not None:
            message = (
                "You may only specify one of these parameters: unit_amount, unit_amount_decimal."
            )
            raise invalid(message, f"{path}[unit_amount_decimal]")
        amount = data["unit_amount_decimal"]
        if amount != amount.to_integral_value():
            raise invalid(
                "This double does not support fractions of a minor unit.",
                f"{path}[unit_amount_decimal]",
            )
    if amount is None:
        raise missing_parameter(f"{path}[unit_amount]")
    if amount < 0:
        raise invalid(
            "This value must be greater than or equal to 0.",
            f"{path}[unit_amount]",
            "parameter_invalid_integer",
        )
    return int(amount)
