"""The real SDK without sockets: an HTTP client for StripeClient that calls the double directly.

double = Double()
client = StripeClient("sk_test_x", http_client=DoubleClient(double), max_network_retries=2)
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import stripe

from dev.stripe_double.double import Double
from dev.stripe_double.messages import ConnectionLost, Request


class DoubleClient(stripe.HTTPClient):
    """Routes the SDK's requests to `double.handle`, whatever the address.

    Lost connections become stripe.APIConnectionError, as the SDK's own clients raise it. Pauses
    between retries last `retry_pause` seconds, none by default.
    """

    name = "stripe-double"

    def __init__(self, double: Double, retry_pause: float = 0.0) -> None:
        super().__init__()
        self._double = double
        self._retry_pause = retry_pause

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Answer (body, status, headers), with header names also in lower case."""
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        body = post_data.encode() if isinstance(post_data, str) else post_data or b""
        try:
            response = self._double.handle(Request(method.upper(), path, headers or {}, body))
        except ConnectionLost as loss:
            message = f"stripe double: {loss}"
            raise stripe.APIConnectionError(  # type: ignore[no-untyped-call]
                message, should_retry=True
            ) from loss
        lowered = {name.lower(): value for name, value in response.headers.items()}
        return response.body.decode(), response.status, {**lowered, **response.headers}

    def _sleep_time_seconds(self, num_retries: int) -> float:  # noqa: ARG002 - the SDK's signature
        return self._retry_pause

    def close(self) -> None:
        """Nothing to close."""
