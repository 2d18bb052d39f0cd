"""S3, which takes the answer of a custom resource, over real TLS, behind a proxy of this machine.

The handler only answers to addresses of AWS, in tests too: the request has such an address, and the
environment names a proxy that leads to a server with a certificate for it, by an authority that
only this test trusts.
"""

import datetime
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "cloudformation-custom-resource-response-test.s3.amazonaws.com"
ADDRESS = f"https://{HOST}/arn%3Aaws%3Acloudformation/answer?X-Amz-Signature=00ff"


@dataclass
class Bucket:
    """What arrived, and how it is answered.

    Attributes:
        statuses: of the next answers; 200 when there are none left.
        answers: bodies that were accepted.
        puts: method, path and content type of every request.
    """

    folder: Path
    statuses: list[int] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    puts: list[tuple[str, str, str | None]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    bucket: Bucket
    tls: ssl.SSLContext


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_CONNECT(self) -> None:
        """Become the server that was asked for."""
        self.send_response(200)
        self.end_headers()
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", 0)
        self.close_connection = False

    def do_PUT(self) -> None:
        """Accept an answer, or refuse it."""
        bucket = self.server.bucket
        body = self.rfile.read(int(self.headers["content-length"]))
        bucket.puts.append((self.command, self.path, self.headers["content-type"]))
        status = bucket.statuses.pop(0) if bucket.statuses else 200
        if status == 200:
            bucket.answers.append(json.loads(body))
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def waiting_for_answers(folder: Path) -> Iterator[Bucket]:
    """A bucket; its `environment` leads a handler there."""
    authority, certificate = _certificates(folder)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate)
    server.bucket = Bucket(folder)
    server.bucket.environment = {
        "HTTPS_PROXY": f"http://127.0.0.1:{server.server_address[1]}",
        "SSL_CERT_FILE": str(authority),
    }
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.bucket
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _certificates(folder: Path) -> tuple[Path, Path]:
    """Files: the authority's certificate; the server's key and certificate."""
    now = datetime.datetime.now(datetime.UTC)

    def made(name: str, issuer: str, *, authority: bool, public: Any, signer: Any) -> Any:
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        )
        return builder.sign(signer, hashes.SHA256())

    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    trusted = made("root", "root", authority=True, public=root.public_key(), signer=root)
    ours = made("bucket", "root", authority=False, public=leaf.public_key(), signer=root)
    pem = serialization.Encoding.PEM
    authority, certificate = folder / "authority.pem", folder / "bucket.pem"
    authority.write_bytes(trusted.public_bytes(pem))
    key = leaf.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    certificate.write_bytes(key + ours.public_bytes(pem))
    return authority, certificate
