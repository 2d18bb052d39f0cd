"""All that the double knows, at a glance."""

from dev.stripe_double import deliveries
from dev.stripe_double.context import Context
from dev.stripe_double.messages import Json


def of(ctx: Context) -> Json:
    """Sessions, payments and refunds in short, their counts, and the sums per currency.

    Sums are minor units by upper-case ISO 4217 currency: what is authorised and could be captured,
    what was captured, and what was refunded or is on its way back.
    """
    find = ctx.storage.find
    sessions = [doc.body for doc in find("checkout.session").documents]
    payments = [doc.body for doc in find("payment_intent").documents]
    refunds = [doc.body for doc in find("refund").documents]
    authorised: dict[str, int] = {}
    captured: dict[str, int] = {}
    for payment in payments:
        _add(authorised, payment["currency"], payment["amount_capturable"])
        _add(captured, payment["currency"], payment["amount_received"])
    refunded: dict[str, int] = {}
    for refund in refunds:
        if refund["status"] in ("pending", "succeeded"):
            _add(refunded, refund["currency"], refund["amount"])
    shown = ("id", "status", "payment_status", "payment_intent", "amount_total", "currency", "url")
    of_payment = ("id", "status", "amount", "amount_capturable", "amount_received", "currency")
    return {
        "now": ctx.now,
        "counts": {
            "sessions": _count(sessions),
            "payments": _count(payments),
            "refunds": _count(refunds),
            "events": len(find("event").documents),
            "deliveries": deliveries.counts(ctx.storage),
        },
        "authorised": authorised,
        "captured": captured,
        "refunded": refunded,
        "sessions": [{**_only(body, *shown), **_context(body)} for body in sessions],
        "payments": [_only(body, *of_payment, "metadata") for body in payments],
        "refunds": [
            _only(body, "id", "status", "amount", "currency", "payment_intent", "metadata")
            for body in refunds
        ],
        "webhook_endpoints": [doc.body for doc in find("webhook_endpoint").documents],
    }


def _context(session: Json) -> Json:
    return _only(session, "client_reference_id", "metadata", "expires_at")


def _count(bodies: list[Json]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for body in bodies:
        counts[body["status"]] = counts.get(body["status"], 0) + 1
    return counts


def _add(sums: dict[str, int], currency: str, amount: int) -> None:
    if amount:
        sums[currency.upper()] = sums.get(currency.upper(), 0) + amount


def _only(body: Json, *names: str) -> Json:
    return {name: body[name] for name in names}
