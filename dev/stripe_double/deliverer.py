"""Threads that deliver webhooks over HTTP as they become due."""

import http.client
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

from dev.stripe_double.deliveries import Post
from dev.stripe_double.double import Double

WORKERS = 4
POST_TIMEOUT = 20.0  # seconds until an attempt counts as failed
IDLE = 0.5  # seconds at most between looks at the clock, which may be set


def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """POST and return the status. Raises OSError without an answer in time."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=POST_TIMEOUT)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, dict(headers))
        response = connection.getresponse()
        response.read()
        return response.status
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


class Deliverer:
    """Delivers in the background until stopped; several at once, so in no particular order."""

    def __init__(self, double: Double, send: Post = post, workers: int = WORKERS) -> None:
        self._double = double
        self._send = send
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"stripe-delivery-{n}", daemon=True)
            for n in range(workers)
        ]

    def start(self) -> None:
        """Begin to deliver."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the attempts under way; what is pending stays pending."""
        self._stopping.set()
        with self._double.changed:
            self._double.changed.notify_all()
        for thread in self._threads:
            thread.join(POST_TIMEOUT + 1)

    def _work(self) -> None:
        while not self._stopping.is_set():
            seen = self._double.changes
            if self._double.deliver_one(self._send) is None:
                self._wait(seen)

    def _wait(self, seen: int) -> None:
        """Sleep until something changes or becomes due."""
        due = self._double.next_due()
        pause = IDLE if due is None else min(IDLE, max(0.001, due - self._double.now()))
        with self._double.changed:
            self._double.changed.wait_for(
                lambda: self._stopping.is_set() or self._double.changes != seen, pause
            )
