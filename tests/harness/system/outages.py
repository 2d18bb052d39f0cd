"""Outages: a port that refuses, one that never answers, a DynamoDB that half works."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

REFUSING = "127.0.0.1:1"  # nothing listens on port 1


@contextmanager
def silent_port() -> Iterator[str]:
    """An address that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    target: str
    failing: str
    seen: list[str]


class _Relay(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Pass a request on, unless it is the operation that fails."""
        body = self.rfile.read(int(self.headers["content-length"]))
        operation, table = self.headers["x-amz-target"], json.loads(body).get("TableName")
        self.server.seen.append(f"{operation.rpartition('.')[2]} {table}")
        if operation.endswith(self.server.failing):
            self._write(500, b'{"__type": "InternalServerError"}')
            return
        upstream = http.client.HTTPConnection(urlsplit(self.server.target).netloc)
        upstream.request("POST", self.path, body, dict(self.headers.items()))
        answer = upstream.getresponse()
        self._write(answer.status, answer.read())
        upstream.close()

    def _write(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def dynamodb_without(operation: str, endpoint: str) -> Iterator[str]:
    """A DynamoDB on which one operation fails, `UpdateItem` for instance; its address."""
    with _relayed(endpoint, operation) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}"


@contextmanager
def dynamodb_watched(endpoint: str) -> Iterator[tuple[str, list[str]]]:
    """A DynamoDB that can be watched: its address, and each `UpdateItem SomeTable` as it comes."""
    with _relayed(endpoint, "nothing fails") as server:
        yield f"http://127.0.0.1:{server.server_address[1]}", server.seen


@contextmanager
def _relayed(endpoint: str, failing: str) -> Iterator[_Server]:
    server = _Server(("127.0.0.1", 0), _Relay)
    server.target, server.failing, server.seen = endpoint, failing, []
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
