"""What a settlement did, in logs and metrics, the same on every way."""

import re
from collections.abc import Mapping
from typing import Any

from holdfast.platform.observability import about, count

_COUNTED = {
    "changed": "BookingMoved",
    "confirmed": "BookingConfirmed",
    "refunding": "PaymentReturned",
    "unknown": "WebhookUnknown",
}
_LATE = re.compile(r"paid late;|.*: time_lost$")  # as core.settle_paid and its like give reasons


def report(settled: Mapping[str, Any]) -> str:
    """Count what `api.settle_checkout`, `api.settle_refund` or `api.finish_effect` answered.

    Returns:
        Its result: confirmed, refunding, released, unchanged, duplicate, unknown, …
    """
    result = str(settled["result"])
    reason = settled.get("reason")
    about(tenant_id=settled.get("tenant_id"), booking_id=settled.get("booking_id"), reason=reason)
    if name := _COUNTED.get(result):
        count(name)
    if result in {"confirmed", "refunding"} and _LATE.match(reason or ""):
        count("LatePayment")
    return result
