"""Requests byte for byte, as no client library would send them."""

import contextlib
import json
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

Headers = list[tuple[str, str | bytes]]

_SECONDS = 40.0


@dataclass(frozen=True)
class Reply:
    """What came back; status 0 when the connection closed without an answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of that lower-case name."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def value(self) -> Any:
        """The body as JSON, or None if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def message(method: str, target: str, headers: Headers, body: bytes = b"") -> bytes:
    """A request with these very headers and nothing but a Host added."""
    lines = [f"{method} {target} HTTP/1.1".encode(), b"Host: 127.0.0.1"]
    for name, value in headers:
        text = value if isinstance(value, bytes) else value.encode("latin-1")
        lines.append(name.encode("latin-1") + b": " + text)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def exchange(api: str, sent: bytes) -> Reply:
    """Send bytes over a connection of their own and read one answer.

    Raises:
        TimeoutError: neither an answer nor an end within 40 s.
    """
    parts = urlsplit(api)
    received = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=_SECONDS) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(sent)  # refused before all was sent: the answer is there to be read
        try:
            while (reply := _parsed(received, sent)) is None:
                piece = connection.recv(65_536)
                if not piece:
                    break
                received += piece
        except ConnectionResetError:
            reply = None
    return reply or Reply(0, [], received)


def _parsed(received: bytes, sent: bytes) -> Reply | None:
    """The answer, or None while it is not complete."""
    head, gap, rest = received.partition(b"\r\n\r\n")
    if not gap:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = []
    for line in lines:
        name, _, value = line.partition(":")
        headers.append((name.strip().lower(), value.strip()))
    status = int(first.split(" ")[1])
    if status == 100:
        return _parsed(rest, sent)
    length = next((int(value) for name, value in headers if name == "content-length"), 0)
    if sent.startswith(b"HEAD "):
        length = 0
    return None if len(rest) < length else Reply(status, headers, rest[:length])
