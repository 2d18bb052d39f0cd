"""HTTP messages that are chunked, cut, ambiguous or too large (RFC 9112)."""

import uuid

from tests.fuzz.wire import Headers, message


def framings(body: bytes, key: str) -> list[tuple[str, bytes]]:
    """Odd framings of an otherwise valid hold, by name."""
    common: Headers = [("Authorization", f"Bearer {key}"), ("Content-Type", "application/json")]

    def post(framing: Headers, content: bytes, version: bytes = b"HTTP/1.1") -> bytes:
        headers = [*common, ("Idempotency-Key", str(uuid.uuid4())), *framing]
        return message("POST", "/v1/holds", headers, content).replace(b"HTTP/1.1", version, 1)

    chunked: Headers = [("Transfer-Encoding", "chunked")]
    length: Headers = [("Content-Length", str(len(body)))]
    pieces = b"".join(b"%x\r\n%c\r\n" % (1, byte) for byte in body) + b"0\r\n\r\n"
    whole = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    big = b'{"notes": "' + b"a" * 11_000_000 + b'"}'
    return [
        ("one chunk", post(chunked, whole)),
        ("a chunk a byte", post(chunked, pieces)),
        (
            "extension and trailer",
            post(chunked, whole.replace(b"\r\n", b";a=b\r\n", 1)[:-2] + b"X: y\r\n\r\n"),
        ),
        ("bad chunk size", post(chunked, b"zz\r\n" + body)),
        ("huge chunk size", post(chunked, b"fffffffffff\r\n" + body)),
        ("negative chunk size", post(chunked, b"-5\r\n" + body)),
        ("both lengths", post([*chunked, *length], body)),
        ("two lengths", post([*length, ("Content-Length", "3")], body)),
        ("the same length twice", post([*length, *length], body)),
        ("negative length", post([("Content-Length", "-1")], body)),
        ("length that is no number", post([("Content-Length", "five")], body)),
        ("length with a sign", post([("Content-Length", f"+{len(body)}")], body)),
        ("no length", post([], b"")),
        ("length 0", post([("Content-Length", "0")], b"")),
        ("deflate", post([("Transfer-Encoding", "deflate, chunked")], whole)),
        ("too large by length", post([("Content-Length", "99999999999")], b"")),
        ("too large, sent", post([("Content-Length", str(len(big)))], big)),
        ("100 KB", post([("Content-Length", "100000")], b'{"notes": "' + b"a" * 99_987 + b'"}')),
        (
            "7 MB for a function that takes 6",
            post([("Content-Length", "7000000")], b" " * 7_000_000),
        ),
        ("expect", post([*length, ("Expect", "100-continue")], body)),
        ("unknown expectation", post([*length, ("Expect", "the-unexpected")], body)),
        ("HTTP/1.0", post(length, body, b"HTTP/1.0")),
        ("HTTP/2.0", post(length, body, b"HTTP/2.0")),
        ("HTTP/0.9", b"GET /v1/resources\r\n\r\n"),
        ("garbage", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
        ("no host", b"GET /v1/resources HTTP/1.1\r\n\r\n"),
        ("two hosts", b"GET /v1/resources HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        ("odd host", b"GET /v1/resources HTTP/1.1\r\nHost: user@[::1]:99999\r\n\r\n"),
        ("folded header", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"),
        ("space before colon", b"GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n"),
        ("bare line feeds", b"GET / HTTP/1.1\nHost: a\n\n\r\n\r\n"),
        ("no name", b"GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n"),
        ("NUL in a header", b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n"),
        ("8-bit header", b"GET /v1/resources HTTP/1.1\r\nHost: a\r\nX: \xff\xfe\r\n\r\n"),
        ("large header", post([*length, ("X-Large", "a" * 12_000)], body)),
        ("huge header", post([*length, ("X-Huge", "a" * 200_000)], body)),
        ("1000 headers", post([*length, *[(f"X-{n}", "a") for n in range(1000)]], body)),
        ("cookies", post([*length, ("Cookie", "a=b; c"), ("Cookie", ";;=")], body)),
        (
            "forwarded",
            post([*length, ("X-Forwarded-For", "1.2.3.4, é".encode()), ("Via", "x")], body),
        ),
        ("upgrade", post([*length, ("Connection", "Upgrade"), ("Upgrade", "websocket")], body)),
        ("origin", post([*length, ("Origin", "null")], body)),
        (
            "preflight",
            message(
                "OPTIONS", "/v1/holds", [("Origin", "x"), ("Access-Control-Request-Method", "é")]
            ),
        ),
    ]
