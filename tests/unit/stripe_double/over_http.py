"""Helpers for tests over real sockets: a webhook endpoint, and ways to reach the double."""

import http.client
import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import stripe


class Receiver:
    """A webhook endpoint that verifies what it receives and lets tests wait for it."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.events: list[stripe.Event] = []
        self.refuse = 0
        self._arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receiver.take(body, self.headers["Stripe-Signature"]))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?a=b"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def take(self, body: bytes, signature: str) -> int:
        """Verify and store an event; answer the status."""
        event = stripe.Webhook.construct_event(body, signature, self.secret)
        with self._arrived:
            if self.refuse > 0:
                self.refuse -= 1
                return 503
            self.events.append(event)
            self._arrived.notify_all()
        return 200

    def wait_for(self, type_: str, count: int = 1, timeout: float = 8) -> None:
        """Return when that many events of a type have come."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: self.count(type_) >= count, timeout), type_

    def count(self, type_: str) -> int:
        """How many events of a type have come."""
        return sum(event.type == type_ for event in self.events)

    def sessions_completed(self) -> set[str]:
        """The sessions with an event about their completion."""
        completed = [e for e in self.events if e.type == "checkout.session.completed"]
        return {event.data.object["id"] for event in completed}


def sdk(url: str) -> stripe.StripeClient:
    """The real SDK, without retries."""
    return stripe.StripeClient(
        "sk_test_over_http", base_addresses={"api": url}, max_network_retries=0
    )


def pay(url: str, session_id: str, action: str = "pay") -> int:
    """Submit the hosted page's form; answer the status."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", f"/pay/{session_id}", f"action={action}", headers)
    status = connection.getresponse().status
    connection.close()
    return status


def state(url: str) -> Any:
    """The overview that `/_double/state` gives."""
    with urllib.request.urlopen(f"{url}/_double/state", timeout=5) as response:
        return json.load(response)
