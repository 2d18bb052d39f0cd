"""HTTP/1.1 messages on the wire: parse strictly, write safely.

Strict means that a message two parsers could read differently is refused (RFC 9112 section 6.3:
both lengths, several lengths, folded headers, bare line feeds).
"""

import asyncio
import re
from dataclasses import dataclass, field
from http import HTTPStatus

HEAD_LIMIT = 64 * 1024  # bytes of a request line and headers, or of trailers

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TARGET = re.compile(rb"[\x21-\x7e\x80-\xff]+")
_ABSOLUTE = re.compile(r"https?://[^/?#]+([^#]*)", re.IGNORECASE)
_DIGITS = re.compile(rb"[0-9]{1,15}")
_HEX = re.compile(rb"[0-9A-Fa-f]{1,15}")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

PHRASES = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Request Entity Too Large"  # Python 3.13 renamed it; API Gateway did not
}


@dataclass(slots=True)
class Request:
    """One request as read from the wire. Header names are lower-case, in order of arrival."""

    method: str
    path: str  # percent-encoded, starts with "/"
    query: str  # percent-encoded, without "?"
    headers: list[tuple[str, str]]
    body: bytes
    peer: str  # address of the client
    protocol: str = "HTTP/1.1"

    def header(self, name: str) -> str | None:
        """The first header of that lower-case name."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(slots=True)
class Response:
    """What to answer. The server adds `content-length` and `connection`."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


class RefusedError(Exception):
    """The message cannot be served: answer `status` and close the connection."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


def parse_head(head: bytes) -> tuple[str, str, str, str, list[tuple[str, str]]]:
    """Method, path, query, protocol and headers of a request head that ends in an empty line.

    Raises RefusedError: 400 malformed, 505 another protocol.
    """
    lines = head[:-4].split(b"\r\n")
    parts = lines[0].split(b" ")
    if len(parts) != 3 or not _TOKEN.fullmatch(parts[0]) or not _TARGET.fullmatch(parts[1]):
        raise RefusedError(HTTPStatus.BAD_REQUEST)
    if parts[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise RefusedError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
    target = parts[1].decode("latin-1")
    if not target.startswith("/"):  # absolute-form must be accepted (RFC 9112 3.2.2); no other is
        match = _ABSOLUTE.fullmatch(target)
        if match is None:
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        target = match[1] if match[1].startswith("/") else "/" + match[1]
    path, _, query = target.partition("#")[0].partition("?")
    headers: list[tuple[str, str]] = []
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not _TOKEN.fullmatch(name) or _CONTROL.search(value):
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        headers.append((name.decode("ascii").lower(), value.strip(b" \t").decode("latin-1")))
    protocol = parts[2].decode("ascii")
    if protocol == "HTTP/1.1" and sum(name == "host" for name, _ in headers) != 1:
        raise RefusedError(HTTPStatus.BAD_REQUEST)
    return parts[0].decode("ascii"), path, query, protocol, headers


def body_length(headers: list[tuple[str, str]]) -> int | None:
    """Bytes of the body, or None when it is chunked.

    Raises RefusedError: 400 for any ambiguity, 501 for another transfer coding.
    """
    lengths = {value for name, value in headers if name == "content-length"}
    codings = [value.lower() for name, value in headers if name == "transfer-encoding"]
    if codings:
        if lengths:
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        if codings != ["chunked"]:
            raise RefusedError(HTTPStatus.NOT_IMPLEMENTED)
        return None
    if not lengths:
        return 0
    only = lengths.pop().encode("latin-1")
    if lengths or not _DIGITS.fullmatch(only):
        raise RefusedError(HTTPStatus.BAD_REQUEST)
    return int(only)


async def read_chunked(reader: asyncio.StreamReader, limit: int) -> bytes:
    """A chunked body of at most `limit` bytes. Raises RefusedError: 400, 413, 431."""
    body = bytearray()
    try:
        while size := _chunk_size(await reader.readuntil(b"\r\n")):
            if len(body) + size > limit:
                raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            body += await reader.readexactly(size)
            if await reader.readexactly(2) != b"\r\n":
                raise RefusedError(HTTPStatus.BAD_REQUEST)
        trailers = 0
        while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
            trailers += len(line)
            if trailers > HEAD_LIMIT:
                raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    except asyncio.LimitOverrunError:
        raise RefusedError(HTTPStatus.BAD_REQUEST) from None
    return bytes(body)


def _chunk_size(line: bytes) -> int:
    size = line[:-2].partition(b";")[0].strip(b" \t")
    if not _HEX.fullmatch(size):
        raise RefusedError(HTTPStatus.BAD_REQUEST)
    return int(size, 16)


def sendable(name: str, value: str) -> bool:
    """Whether a header can be written without breaking the message it stands in."""
    return bool(_TOKEN.fullmatch(name.encode())) and not _CONTROL.search(value.encode())


def encode(response: Response, *, keep: bool, head_only: bool) -> bytes:
    """The response as bytes. Raises ValueError for a header that is not `sendable`."""
    status = response.status
    lines = [f"HTTP/1.1 {status} {PHRASES.get(status, '')}"]
    for name, value in response.headers:
        if not sendable(name, value):
            raise ValueError(f"header {name!r} cannot be sent")
        lines.append(f"{name}: {value}")
    bodiless = status < 200 or status in (204, 304)
    if not bodiless:
        lines.append(f"content-length: {len(response.body)}")
    if not keep:
        lines.append("connection: close")
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return head if bodiless or head_only else head + response.body
