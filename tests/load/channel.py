"""How a customer process talks: HTTP over kept connections, and lines to the watching process.

Light on purpose, since dozens of processes import it: nothing but the standard library.
"""

import http.client
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_SECONDS = 45.0  # longer than the gateway's own time limit, so that the gateway gives up first

# The answers that a client may get if it follows the documentation; 503 and the loss of a handler
# (API Gateway's own 500) are allowed as well.
EXPECTED: Mapping[str, frozenset[int]] = {
    "listResources": frozenset({200}),
    "listSlots": frozenset({200, 304}),
    "createHold": frozenset({201, 409, 422}),
    "releaseHold": frozenset({200, 202, 409, 412}),
    "beginCheckout": frozenset({200, 409, 410, 412}),
    "getConfirmation": frozenset({200}),
    "getBooking": frozenset({200}),
    "listBookings": frozenset({200}),
    "pay page": frozenset({200, 303, 402, 409}),
    "bank": frozenset({200, 409}),
}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `body` is the value if it is JSON, else None."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str:
        """The stable code of a problem document, else empty."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""

    @property
    def lost(self) -> bool:
        """API Gateway's answer for a function that ended without one."""
        return self.status == 500 and self.body == {"message": "Internal Server Error"}

    @property
    def again(self) -> bool:
        """Whether the same request is to be repeated."""
        return self.lost or self.status == 503 or self.code == "request_in_progress"


@dataclass(frozen=True)
class Request:
    """One request to be sent; `operation` is its operationId."""

    operation: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None


class Watcher:
    """The process that reads our output, a JSON object per line."""

    def tell(self, **facts: Any) -> None:
        """Write a line."""
        sys.stdout.write(json.dumps(facts, separators=(",", ":")) + "\n")
        sys.stdout.flush()

    def complain(self, what: str, answer: Answer | None = None) -> None:
        """Report something that is not as documented."""
        said = "" if answer is None else f": {answer.status} {str(answer.body)[:300]}"
        self.tell(complaint=what + said)


class Line:
    """Connections to one server; as many as are needed at the same moment.

    Args:
        pause: seconds between the beginnings of two requests, at least.
    """

    def __init__(self, url: str, watcher: Watcher, pause: float) -> None:
        parts = urlsplit(url)
        assert parts.hostname in ("127.0.0.1", "localhost"), (
            url
        )  # nothing but this machine is ever asked
        self._host, self._port = parts.hostname, parts.port
        self._idle: list[http.client.HTTPConnection] = []
        self._watcher = watcher
        self._pause = pause
        self._next_at = 0.0

    def ask(self, request: Request) -> Answer | None:
        """Send a request and read its answer; None, and a complaint, if there is none."""
        (answer,) = self.ask_all(request)
        return answer

    def ask_all(self, *requests: Request) -> list[Answer | None]:
        """Send several at once, each over a connection of its own, then read all answers."""
        time.sleep(max(0.0, self._next_at - time.monotonic()))
        self._next_at = time.monotonic() + self._pause * len(requests)
        sent = []
        for request in requests:
            connection = self._idle.pop() if self._idle else self._connection()
            begun = time.monotonic()
            error: Exception | None = None
            try:
                connection.request(
                    request.method, request.path, body=request.body, headers=dict(request.headers)
                )
            except OSError as broken:
                error = broken
            sent.append((request, connection, begun, error))
        return [self._read(*each) for each in sent]

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._host, self._port, timeout=_SECONDS)

    def _read(
        self,
        request: Request,
        connection: http.client.HTTPConnection,
        begun: float,
        error: Exception | None,
    ) -> Answer | None:
        answer: Answer | None = None
        try:
            if error is not None:
                raise error
            answer = _answer(connection.getresponse())
            self._idle.append(connection)
        except (OSError, http.client.HTTPException) as broken:
            connection.close()
            self._watcher.complain(f"{request.operation} was not answered: {broken!r}")
        ended = time.monotonic()
        self._watcher.tell(
            op=request.operation,
            status=0 if answer is None else answer.status,
            code="" if answer is None else answer.code,
            lost=answer is not None and answer.lost,
            begun=begun,
            ended=ended,
        )
        if answer is not None:
            self._judge(request, answer)
        return answer

    def _judge(self, request: Request, answer: Answer) -> None:
        """Check an answer against what is documented of every answer."""
        operation = request.operation
        if answer.lost:
            return  # the process that kills the handlers knows whether one was
        if answer.status == 503:
            # without Retry-After only from the gateway itself: no process was free in time
            if "retry-after" not in answer.headers and answer.code:
                self._watcher.complain(f"{operation}: 503 without Retry-After", answer)
        elif answer.status not in EXPECTED[operation]:
            self._watcher.complain(f"{operation} answered what is not expected", answer)
        elif answer.status >= 400 and not answer.code and "page" not in operation:
            self._watcher.complain(f"{operation} gave an error that is no problem", answer)


def _answer(response: http.client.HTTPResponse) -> Answer:
    content = response.read()
    headers = {name.lower(): value for name, value in response.getheaders()}
    kind = headers.get("content-type", "")
    return Answer(response.status, headers, json.loads(content) if "json" in kind else None)
