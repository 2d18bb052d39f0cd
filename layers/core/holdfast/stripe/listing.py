"""Stripe's own books of payments and refunds, page by page or one by one.

Only what is compared with ours; nothing about customers.

Source: Stripe API 2026-10-28.endive, payment intents, refunds, pagination.
"""

from collections.abc import Mapping
from typing import Any

from holdfast.stripe import gateway

Entry = dict[str, Any]  # as core.payment_difference and core.refund_difference take it

_PAGE = 100  # Stripe's limit


def page(kind: str, begun: int, ended: int, after: str | None) -> tuple[list[Entry], str | None]:
    """Payments or refunds that were begun in a period, the newest first.

    Args:
        kind: payment or refund.
        begun, ended: seconds since 1970, from the one until before the other.
        after: the last one of the page before.

    Returns:
        The page, and where the next one begins; None if there is none.

    Raises:
        Unavailable: no answer.
    """
    found = gateway.asked(
        _noun(kind).list,
        params={
            "created": {"gte": begun, "lt": ended},
            "limit": _PAGE,
            **({"starting_after": after} if after else {}),
        },
    )
    entries = [_entry(kind, item["id"], item) for item in found["data"]]
    return entries, entries[-1]["id"] if found["has_more"] else None


def look_up(item: Mapping[str, Any]) -> Entry:
    """One payment or refund that our books know of.

    Args:
        item: its type, its id at Stripe or, if it has none there, ours; and what Stripe would have
            been sent as metadata.

    Raises:
        Unavailable: no answer.
    """
    kind, identifier = item["type"], item["id"]
    found: dict[str, Any] | None = None
    if identifier.startswith(("pi_", "re_", "pyr_")):
        try:
            found = gateway.asked(_noun(kind).retrieve, identifier)
        except gateway.Refused as refusal:
            if str(refusal) != "resource_missing":
                raise
    return _entry(kind, identifier, found) | {"metadata": item["metadata"]}


def session_of(payment_intent_id: str) -> gateway.Session | None:
    """The checkout session that a payment was made through.

    Raises:
        Unavailable: no answer.
    """
    found = gateway.asked(
        gateway.client().v1.checkout.sessions.list,
        params={"payment_intent": payment_intent_id, "limit": 1},
    )
    return next(iter(found["data"]), None)


def _noun(kind: str) -> Any:
    v1 = gateway.client().v1
    return v1.payment_intents if kind == "payment" else v1.refunds


def _entry(kind: str, identifier: str, found: dict[str, Any] | None) -> Entry:
    metadata = (found or {}).get("metadata") or {}
    entry: Entry = {
        "type": kind,
        "id": identifier,
        "metadata": {name: metadata.get(name) for name in ("refund_id", "tenant_id")},
        "object": None,
    }
    if found is not None:
        entry["object"] = {"currency": found["currency"].upper(), "created": found["created"]} | (
            {"amount": found["amount_received"], "checkout_id": metadata.get("checkout_id")}
            if kind == "payment"
            else {
                "amount": found["amount"],
                "status": gateway.refund_status(found),
                "payment_intent": found.get("payment_intent"),
            }
        )
    return entry
