"""A small HTTP/1.1 server on asyncio: what the gateway, the Runtime API and Invoke share.

Every wait has a deadline and every buffer a limit, so neither a slow nor a huge client ties up
resources for long. asyncio sets TCP_NODELAY on its sockets itself.
"""

import asyncio
import contextlib
import socket
import sys
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from dev.stack.http_message import (
    HEAD_LIMIT,
    PHRASES,
    RefusedError,
    Request,
    Response,
    body_length,
    encode,
    parse_head,
    read_chunked,
)

Handler = Callable[[Request], Awaitable[Response]]
Refusal = Callable[[HTTPStatus], Response]

_LINGER_BYTES = 64 * 1024 * 1024  # read and thrown away after a refusal, see Server._refuse
_LINGER_SECONDS = 2.0


def json_refusal(status: HTTPStatus) -> Response:
    """The answer to a request that never became one, in API Gateway's shape."""
    body = f'{{"message":"{PHRASES[status]}"}}'.encode()
    return Response(status, [("content-type", "application/json")], body)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one server; sizes in bytes, times in seconds."""

    head: int = HEAD_LIMIT
    body: int = 10 * 1024 * 1024
    connections: int = 512
    head_seconds: float = 15.0
    body_seconds: float = 30.0
    idle_seconds: float = 75.0
    write_seconds: float = 30.0


class Server:
    """Serves one bound socket on the running event loop; `port` is known before it starts."""

    def __init__(
        self,
        handler: Handler,
        sock: socket.socket,
        *,
        limits: Limits = Limits(),
        refusal: Refusal = json_refusal,
    ) -> None:
        self.port: int = sock.getsockname()[1]
        self._handler = handler
        self._sock = sock
        self._limits = limits
        self._refusal = refusal
        self._connections: dict[asyncio.Task[None], bool] = {}  # is it inside a request?
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to accept connections."""
        self._server = await asyncio.start_server(
            self._accept, sock=self._sock, limit=HEAD_LIMIT, backlog=512
        )

    async def stop(self, grace: float = 0.0) -> None:
        """Stop accepting, give requests in progress `grace` seconds, then drop them."""
        if self._server is None:
            self._sock.close()
            return
        self._server.close()
        busy = [task for task, inside in self._connections.items() if inside]
        for task, inside in self._connections.items():
            if not inside:
                task.cancel()
        if busy and grace:
            await asyncio.wait(busy, timeout=grace)
        rest = list(self._connections)
        for task in rest:
            task.cancel()
        if rest:
            await asyncio.wait(rest, timeout=1.0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._connections) >= self._limits.connections:
            busy = self._refusal(HTTPStatus.SERVICE_UNAVAILABLE)
            writer.write(encode(busy, keep=False, head_only=False))
            writer.close()
            return
        self._connections[task] = False
        try:
            await self._converse(task, reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the client went away or fell silent: there is no one to answer
        except asyncio.CancelledError:
            pass  # stop() drops connections that are idle or out of grace
        finally:
            del self._connections[task]
            with contextlib.suppress(OSError, RuntimeError):
                writer.close()

    async def _converse(
        self,
        task: asyncio.Task[None],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        peer = (writer.get_extra_info("peername") or ("",))[0]
        keep = True
        while keep and self._server is not None and self._server.is_serving():
            try:
                head = await self._read_head(reader)
                if head is None:
                    return
                self._connections[task] = True
                request, keep = await self._read_request(head, reader, writer, peer)
            except RefusedError as refused:
                await self._refuse(refused.status, reader, writer)
                return
            head_only = request.method == "HEAD"
            try:
                message = encode(await self._handler(request), keep=keep, head_only=head_only)
            except Exception:
                traceback.print_exc(file=sys.stderr)
                fault = self._refusal(HTTPStatus.INTERNAL_SERVER_ERROR)
                message = encode(fault, keep=keep, head_only=head_only)
            writer.write(message)
            async with asyncio.timeout(self._limits.write_seconds):
                await writer.drain()
            self._connections[task] = False

    async def _read_head(self, reader: asyncio.StreamReader) -> bytes | None:
        """The request line and headers, or None when the client closed between requests."""
        async with asyncio.timeout(self._limits.idle_seconds):
            first = await reader.read(1)
            while first in (
                b"\r",
                b"\n",
            ):  # empty lines before a request are skipped (RFC 9112 2.2)
                first = await reader.read(1)
        if not first:
            return None
        try:
            async with asyncio.timeout(self._limits.head_seconds):
                head = first + await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
        except TimeoutError:
            raise RefusedError(HTTPStatus.REQUEST_TIMEOUT) from None
        if len(head) > self._limits.head:
            raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        return head

    async def _read_request(
        self,
        head: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        peer: str,
    ) -> tuple[Request, bool]:
        """The whole request, and whether the connection stays open after the answer."""
        method, path, query, protocol, headers = parse_head(head)
        length = body_length(headers)
        if length is not None and length > self._limits.body:
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        fields = dict(headers)
        body = b""
        if length != 0:
            if fields.get("expect", "").lower() == "100-continue":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            try:
                async with asyncio.timeout(self._limits.body_seconds):
                    if length is None:
                        body = await read_chunked(reader, self._limits.body)
                    else:
                        body = await reader.readexactly(length)
            except TimeoutError:
                raise RefusedError(HTTPStatus.REQUEST_TIMEOUT) from None
        options = fields.get("connection", "").lower()
        keep = "keep-alive" in options if protocol == "HTTP/1.0" else "close" not in options
        return Request(method, path, query, headers, body, peer, protocol), keep

    async def _refuse(
        self, status: HTTPStatus, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer and close; first read what is still coming, or a reset would lose the answer."""
        writer.write(encode(self._refusal(status), keep=False, head_only=False))
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                await writer.drain()
                writer.write_eof()
                drained = 0
                while drained < _LINGER_BYTES and (chunk := await reader.read(HEAD_LIMIT)):
                    drained += len(chunk)
