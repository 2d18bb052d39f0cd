"""The result of a settlement, in logs and metrics, the same for every way."""

from collections.abc import Mapping
from typing import Any

from holdfast.platform.observability import about, count

_COUNTED = {
    "changed": "BookingMoved",
    "confirmed": "BookingConfirmed",
    "refunding": "PaymentReturned",
    "unknown": "WebhookUnknown",
}


def report(settled: Mapping[str, Any]) -> str:
    """Count what `api.settle_checkout`, `api.settle_refund` or `api.finish_effect` answered.

    Args:
        settled: a `core.settlement`.

    Returns:
        Its result: confirmed, refunding, released, unchanged, duplicate, unknown, …
    """
    result = str(settled["result"])
    about(**{name: settled.get(name) for name in ("tenant_id", "booking_id", "reason")})
    if name := _COUNTED.get(result):
        count(name)
    if settled.get("late"):
        count("LatePayment")
    return result
