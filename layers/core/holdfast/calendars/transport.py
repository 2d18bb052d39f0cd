"""Fetching a feed from any address that a tenant gives, without being led anywhere else.

HTTPS only; no redirects; only public addresses, checked again after the connection is made, so that
a name which resolves differently the second time gains nothing; a limited number of bytes, never
compressed, within a limited time from the first packet to the last.
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

from holdfast.calendars.addresses import is_public
from holdfast.calendars.unreadable import Unreadable
from holdfast.platform import ascii_addresses

MAX_BYTES = 2 * 1024 * 1024
_CHUNK = 64 * 1024
_SECURE_PORT = 443
_TYPES = {"", "text/calendar", "text/plain", "application/octet-stream", "application/ics"}

# Our name, after what every browser says: Office 365 answers 302 or 500 to clients that say less.
_USER_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36 Holdfast/1.0"
)

Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class Document:
    """A feed's text as sent, and the validators to ask for it again; body None: unchanged."""

    body: bytes | None
    etag: str | None
    last_modified: str | None


def resolve(host: str, port: int) -> list[str]:
    """The numeric addresses of a host, in the system's order of preference."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Transport:
    """How feeds are fetched.

    Attributes:
        resolve: finds a host's numeric addresses.
        allowed: which of them may be connected to.
        context: decides which certificates are trusted.
    """

    resolve: Resolve = resolve
    allowed: Callable[[str], bool] = is_public
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def fetch(self, url: str, validators: Mapping[str, str | None], seconds: float) -> Document:
        """Get a feed.

        Args:
            validators: {"etag", "last_modified"} of the answer that is known already.
            seconds: from now until the last byte.

        Raises:
            Unreadable: it cannot be fetched, or must not be.
        """
        deadline = time.monotonic() + seconds
        try:
            return self._fetch(url, validators, deadline)
        except Unreadable:
            raise
        except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
            if time.monotonic() >= deadline:
                raise Unreadable(f"it took longer than {seconds:g} seconds") from error
            raise Unreadable(_reason(error)) from error

    def _fetch(self, url: str, validators: Mapping[str, str | None], deadline: float) -> Document:
        parts = urlsplit(ascii_addresses.web_address(url))
        if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
            raise Unreadable("its address is not an https address without user and password")
        host = parts.hostname
        port = parts.port or _SECURE_PORT
        connection = _Connection(host, port, context=self.context)
        connection.sock = self._connect(host, port, deadline)
        watch = threading.Timer(max(deadline - time.monotonic(), 0), connection.cut)
        watch.daemon = True
        watch.start()
        try:
            connection.secure()
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path, headers=_headers(validators))
            document = _read(connection.getresponse())
            if time.monotonic() >= deadline:  # it may have been cut where it looks like an end
                raise TimeoutError()
            return document
        finally:
            watch.cancel()
            connection.close()

    def _connect(self, host: str, port: int, deadline: float) -> socket.socket:
        addresses = [found for found in self.resolve(host, port) if self.allowed(found)]
        if not addresses:
            raise Unreadable("its address does not lead to the public Internet")
        failure: OSError | None = None
        for address in addresses:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                sock = socket.create_connection((address, port), timeout=left)
            except OSError as error:
                failure = error
                continue
            if not self.allowed(str(sock.getpeername()[0])):
                sock.close()
                raise Unreadable("its address does not lead to the public Internet")
            return sock
        raise failure or TimeoutError()


class _Connection(http.client.HTTPSConnection):
    """A connection whose socket is made, and checked, before it is used."""

    def __init__(self, host: str, port: int, *, context: ssl.SSLContext) -> None:
        super().__init__(host, port, context=context)
        self._tls = context
        self._kept: socket.socket | None = None  # `sock` is forgotten before the body is read

    def secure(self) -> None:
        """Greet the server; its certificate must be that of the host in the address."""
        # first stored, then used: `cut` must find it
        secured = self._tls.wrap_socket(
            self.sock, server_hostname=self.host, do_handshake_on_connect=False
        )
        self.sock = self._kept = secured
        secured.do_handshake()

    def cut(self) -> None:
        """End whatever a thread is waiting for, even where each single wait would be short."""
        sock = self._kept or self.sock
        with contextlib.suppress(OSError):  # closed already
            if sock is not None:
                # the plain one: closing TLS properly would make the reader believe the end
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def connect(self) -> None:
        raise ConnectionError("the connection was closed")  # never to be made by the library


def _headers(validators: Mapping[str, str | None]) -> dict[str, str]:
    conditions = {
        "If-None-Match": validators.get("etag"),
        "If-Modified-Since": validators.get("last_modified"),
    }
    return {
        "Accept": "text/calendar, */*;q=0.1",
        "Accept-Encoding": "identity",
        "User-Agent": _USER_AGENT,
        "Connection": "close",
    } | {name: value for name, value in conditions.items() if value is not None}


def _read(response: http.client.HTTPResponse) -> Document:
    tags = (_validator(response, "ETag"), _validator(response, "Last-Modified"))
    if response.status == HTTPStatus.NOT_MODIFIED:
        return Document(None, *tags)
    if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
        raise Unreadable("its server redirects; give the address where it leads to")
    if response.status != HTTPStatus.OK:
        raise Unreadable(f"its server answers with status {response.status}")
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise Unreadable("its server sends it compressed although it was asked not to")
    if response.headers.get_content_type() not in _TYPES:
        raise Unreadable("its server answers with something else than a calendar")
    if response.length is not None and response.length > MAX_BYTES:
        raise Unreadable("it is larger than 2 MiB")
    body = b""
    while chunk := response.read(_CHUNK):
        body += chunk
        if len(body) > MAX_BYTES:
            raise Unreadable("it is larger than 2 MiB")
    if response.length:  # fewer bytes than were announced
        raise Unreadable("its server broke off in the middle")
    return Document(body, *tags)


def _validator(response: http.client.HTTPResponse, name: str) -> str | None:
    """A validator that is safe to send back; an odd one is dropped, which only costs the saving."""
    value = response.headers.get(name)
    sound = value is not None and len(value) <= 200 and value.isascii() and value.isprintable()
    return value if sound else None


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its server's certificate is not valid"
    if isinstance(error, ssl.SSLError):
        return "no secure connection to its server could be made"
    if isinstance(error, socket.gaierror):
        return "the name of its server cannot be found"
    if isinstance(error, ConnectionError | http.client.HTTPException):
        return "its server breaks off, or does not speak HTTP"
    return "its server cannot be reached"
