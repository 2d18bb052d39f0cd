"""The HTTP server accepts what is well-formed, refuses what is ambiguous, and limits every wait."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from dev.stack.http_message import Request, Response
from dev.stack.http_server import Limits, Server
from dev.stack.runtime_api import listen

LIMITS = Limits(
    head=4096, body=1000, connections=4, head_seconds=0.3, body_seconds=0.3, idle_seconds=0.5
)


async def echo(request: Request) -> Response:
    """Answer with the request as it was understood."""
    if request.path == "/fault":
        raise ValueError("a bug")
    if request.path == "/bad":
        return Response(200, [("x", "a\r\nb: c")])
    if request.path == "/none":
        return Response(204)
    text = f"{request.method} {request.path}?{request.query} {request.body.decode()}"
    return Response(200, [("content-type", "text/plain")], text.encode())


def served(story: Callable[[Server], Awaitable[None]]) -> None:
    """Run a story against a server."""

    async def told() -> None:
        server = Server(echo, listen(), limits=LIMITS)
        await server.start()
        try:
            await story(server)
        finally:
            await server.stop()

    asyncio.run(told())


def talk(*parts: bytes | float, read: bool = True) -> bytes:
    """Send parts (a number is a pause) over one connection; everything received until it closed."""
    received = b""

    async def story(server: Server) -> None:
        nonlocal received
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for part in parts:
            if isinstance(part, bytes):
                writer.write(part)
            else:
                await asyncio.sleep(part)
        async with asyncio.timeout(5):
            received = await reader.read(1_000_000) if read else b""
            while chunk := await reader.read(1_000_000):
                received += chunk
        writer.close()

    served(story)
    return received


def get(path: str = "/", *headers: str, method: str = "GET") -> bytes:
    """A request without a body that closes the connection."""
    lines = [f"{method} {path} HTTP/1.1", "Host: h", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode()


def status(answer: bytes) -> int:
    """Its status code; 0 without an answer."""
    return int(answer.split(b" ")[1]) if answer else 0


def test_a_request_is_understood() -> None:
    """Method, path and query arrive as sent."""
    assert talk(get("/a%20b?c=%20d")).endswith(b"\r\n\r\nGET /a%20b?c=%20d ")


def test_requests_share_a_connection() -> None:
    """Keep-alive and pipelining: answers come in order."""
    first = b"POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"

    answer = talk(first + get("/2"))

    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.index(b"POST /1? abc") < answer.index(b"GET /2? ")


def test_http_1_0_closes() -> None:
    """An old client gets its answer, and the connection is closed."""
    assert b"connection: close" in talk(b"GET /x HTTP/1.0\r\n\r\n")


def test_a_chunked_body_is_joined() -> None:
    """Chunks, extensions and trailers are understood."""
    head = b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"3\r\nabc\r\n0002;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n"

    assert talk(head + body).endswith(b"POST /? abcde")


def test_continue_is_sent_before_the_body_is_read() -> None:
    """A client that waits for "100 Continue" gets it."""
    head = b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n"

    assert talk(head + b"Expect: 100-continue\r\n\r\n", 0.05, b"ok").startswith(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200"
    )


def test_head_has_a_length_and_no_body() -> None:
    """HEAD is answered like GET without the content."""
    answer = talk(get("/x", method="HEAD"))

    assert b"content-length: 9" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_204_has_neither() -> None:
    """No content means no length either."""
    assert b"content-length" not in talk(get("/none"))


def test_absolute_form_is_accepted() -> None:
    """A client may name the host in the target."""
    assert talk(get("http://h/x?y=1")).endswith(b"GET /x?y=1 ")


POST = b"POST / HTTP/1.1\r\nHost: h\r\n"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (POST + b"Content-Length: +1\r\n\r\na", 400),
        (POST + b"Content-Length: -1\r\n\r\na", 400),
        (POST + b"Content-Length: 1, 1\r\n\r\na", 400),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nx\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", 400),
        (POST + b"Transfer-Encoding : chunked\r\n\r\n", 400),
        (POST + b"A: b\r\n folded: c\r\n\r\n", 400),
        (POST + b"A: b\nC: d\r\n\r\n", 400),
        (POST + b"A: b\x00\r\n\r\n", 400),
        (POST + b"no colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"hello\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (POST + b"Content-Length: 1001\r\n\r\n", 413),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n3E9\r\n", 413),
        (POST + b"A: " + b"x" * 5000 + b"\r\n\r\n", 431),
        (POST + b"A: " + b"x" * 200_000, 431),
    ],
)
def test_what_is_ambiguous_or_too_large_is_refused(message: bytes, expected: int) -> None:
    """One clear status, then the connection closes: nothing after it is read as a request.

    Proves: ASVS 4.2.1
    """
    answer = talk(message + get("/smuggled"))

    assert status(answer) == expected
    assert b"connection: close" in answer
    assert b"smuggled" not in answer


def test_a_large_upload_hears_the_refusal() -> None:
    """The answer is not lost in a reset while the client still sends."""
    assert status(talk(POST + b"Content-Length: 9000000\r\n\r\n" + b"x" * 3_000_000)) == 413


def test_a_slow_head_and_a_slow_body_are_ended() -> None:
    """Neither holds a connection longer than its limit."""
    assert status(talk(b"GET / HT", read=True)) == 408
    assert status(talk(POST + b"Content-Length: 5\r\n\r\nab")) == 408


def test_an_idle_connection_is_closed() -> None:
    """Silence between requests is limited too, and gets no answer."""
    assert talk() == b""


def test_a_fault_of_the_handler_is_a_500(capsys: pytest.CaptureFixture[str]) -> None:
    """The answer gives no details; the log has the traceback."""
    assert status(talk(get("/fault"))) == 500
    assert status(talk(get("/bad"))) == 500
    assert "a bug" in capsys.readouterr().err


def test_connections_are_bounded() -> None:
    """One more than the limit is closed at once, and the others continue."""

    async def story(server: Server) -> None:
        opened = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(4)]
        await asyncio.sleep(0.05)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)

        assert (await reader.read(12)) == b"HTTP/1.1 503"
        opened[0][1].write(get("/x"))
        assert (await opened[0][0].read(12)) == b"HTTP/1.1 200"
        for _, one in [*opened, (reader, writer)]:
            one.close()

    served(story)
