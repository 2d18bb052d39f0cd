"""The double over HTTP."""

import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from dev.stripe_double import front
from dev.stripe_double.deliverer import Deliverer
from dev.stripe_double.double import Double
from dev.stripe_double.messages import ApiError, ConnectionLost, Request, Response

MAX_BODY = 1_000_000  # bytes


class Server(ThreadingHTTPServer):
    """One thread a connection, kept alive between requests."""

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, double: Double, host: str, port: int) -> None:
        self.double = double
        super().__init__((host, port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that disconnects is ignored; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Carries requests to the double and answers back, each in one write."""

    protocol_version = "HTTP/1.1"
    server_version = "stripe-double"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def _respond(self) -> None:
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal() or "Transfer-Encoding" in self.headers:
            self._write(_problem("Invalid request: the body needs a Content-Length.", 411))
            self.close_connection = True
            return
        if int(length) > MAX_BODY:
            self._write(_problem("Invalid request: the body is too large.", 413))
            self.close_connection = True
            return
        body = self.rfile.read(int(length))
        request = Request(self.command, self.path, dict(self.headers.items()), body)
        try:
            response = front.answer(self.server.double, request)
        except ConnectionLost as loss:
            time.sleep(loss.hang)
            self.close_connection = True
            return
        except Exception:
            traceback.print_exc()
            response = _problem("The double itself has failed; see its error output.", 500)
        self._write(response)

    do_GET = do_POST = do_DELETE = do_HEAD = do_PUT = do_PATCH = _respond  # noqa: N815

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Print nothing: the stack has its own request log."""


def _problem(message: str, status: int) -> Response:
    kind = "api_error" if status >= 500 else "invalid_request_error"
    return Response.of_json(status, ApiError(message, type=kind).body())


@contextmanager
def running(
    double: Double, host: str = "127.0.0.1", port: int = 0, *, deliver: bool = True
) -> Iterator[str]:
    """Serve and deliver until the block ends; answers the address.

    Without `deliver` events wait until they are pumped.

    With port 0 a free one is taken, and the double's `public_url` becomes that address.
    """
    server = Server(double, host, port)
    url = f"http://{host}:{server.server_address[1]}"
    if port == 0:
        double.public_url = url
    deliverer = Deliverer(double)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    if deliver:
        deliverer.start()
    try:
        yield url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        if deliver:
            deliverer.stop()
