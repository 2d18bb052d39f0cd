"""Feeds served over real TLS on this machine, and the transport that is allowed to reach them.

The transport is the shipped one. It gets a resolver that knows the host's port on this machine, the
permission to connect to loopback, and the server's own certificate to trust.
"""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from holdfast.calendars.source import Feed
from holdfast.calendars.transport import Transport

HOST = "feeds.example"
_FOLDER = TemporaryDirectory(prefix="holdfast-feeds-")  # goes with this process
Answer = Callable[[BaseHTTPRequestHandler], None]


def event(**properties: str) -> str:
    """A VEVENT; `DTSTART__VALUE_DATE` is `DTSTART;VALUE=DATE`."""
    lines = [
        f"{name.replace('__', ';').replace('_', '=', 1)}:{v}" for name, v in properties.items()
    ]
    return "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""])


def calendar(*parts: str) -> bytes:
    """A whole feed."""
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//tests//EN\r\n"
    return (head + "".join(parts) + "END:VCALENDAR\r\n").encode()


@dataclass
class Shelf:
    """What the server answers at each path, and the requests it got.

    Attributes:
        feeds: bodies by path, with an ETag each; others answer 404.
        answers: paths that are answered by a function of their own.
        asked: (path, headers) of every request.
    """

    port: int = 0
    feeds: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    down: bool = False

    def url(self, path: str = "/feed.ics") -> str:
        return f"https://{HOST}:{self.port}{path}"

    def transport(self, **changes: Any) -> Transport:
        """The shipped transport, allowed to reach this server."""
        usual: dict[str, Any] = {
            "resolve": lambda host, port: ["127.0.0.1"],
            "allowed": lambda address: address == "127.0.0.1",
            "context": ssl.create_default_context(cafile=str(_certificate())),
        }
        return Transport(**(usual | changes))

    def source(self) -> Feed:
        return Feed(self.transport())


@contextmanager
def running() -> Iterator[Shelf]:
    """A server on a free port, until the block ends."""
    shelf = Shelf()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            shelf.asked.append((self.path, dict(self.headers.items())))
            self.close_connection = True
            if shelf.down:
                return
            if self.path in shelf.answers:
                shelf.answers[self.path](self)
                return
            body = shelf.feeds.get(self.path)
            if body is None:
                self.send_error(404)
                return
            tag = f'"{hash(body) & 0xFFFFFFFF:x}"'
            unchanged = self.headers.get("If-None-Match") == tag
            self.send_response(304 if unchanged else 200)
            self.send_header("ETag", tag)
            if not unchanged:
                self.send_header("Content-Type", "text/calendar; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if not unchanged:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass  # clients that leave in the middle are what is tested

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate())
    # the handshake happens in the thread of the request, so that a slow one delays no other
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    shelf.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield shelf
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@cache
def _certificate() -> Path:
    """A key and a certificate of HOST, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(HOST), x509.DNSName(f"*.{HOST}")]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = Path(_FOLDER.name) / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
