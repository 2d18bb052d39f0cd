"""Events and answers have the shape that API Gateway and function URLs give them."""

import base64
import json
import re
from typing import Any

import pytest

from dev.stack.http_message import Request
from dev.stack.payload import BadAnswerError, Origin, event, request_id, response

API = Origin("local")
URL = Origin("webhookfunction", is_url=True)


def built(
    *headers: tuple[str, str],
    path: str = "/v1/holds",
    query: str = "",
    body: bytes = b"",
    origin: Origin = API,
) -> dict[str, Any]:
    """The event of a POST."""
    request = Request("POST", path, query, [("host", "h:80"), *headers], body, "10.0.0.9")
    return event(
        request,
        origin=origin,
        route_key="POST /v1/holds",
        path_parameters={},
        identifier="id=",
        port=8080,
    )


def test_the_envelope() -> None:
    """The fields of payload format 2.0 are all there."""
    made = built(("user-agent", "curl"), query="a=1")
    context = made["requestContext"]

    assert made["version"] == "2.0"
    assert (made["routeKey"], made["rawPath"]) == ("POST /v1/holds", "/v1/holds")
    assert made["isBase64Encoded"] is False
    assert "body" not in made
    assert context["http"] == {
        "method": "POST",
        "path": "/v1/holds",
        "protocol": "HTTP/1.1",
        "sourceIp": "10.0.0.9",
        "userAgent": "curl",
    }
    assert (context["stage"], context["requestId"], context["domainName"]) == (
        "$default",
        "id=",
        "h",
    )
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context["time"])
    assert context["timeEpoch"] > 1_600_000_000_000


def test_headers_are_lower_case_and_joined() -> None:
    """Repeated headers are joined with commas; the proxy's own are added."""
    headers = built(("accept", "a"), ("accept", "b"), ("connection", "keep-alive"))["headers"]

    assert headers["accept"] == "a,b"
    assert "connection" not in headers
    assert headers["x-forwarded-for"] == "10.0.0.9"
    assert (headers["x-forwarded-port"], headers["x-forwarded-proto"]) == ("8080", "http")
    assert headers["x-amzn-trace-id"].startswith("Root=1-")


def test_a_client_cannot_choose_its_address() -> None:
    """A forged x-forwarded-for is kept in front; the address of the connection is the last one."""
    made = built(("x-forwarded-for", "1.2.3.4"))

    assert made["headers"]["x-forwarded-for"] == "1.2.3.4, 10.0.0.9"
    assert made["requestContext"]["http"]["sourceIp"] == "10.0.0.9"


def test_cookies_stand_apart() -> None:
    """Cookies are a list of their own and no header."""
    made = built(("cookie", "a=1; b=2"), ("cookie", "c=3"))

    assert made["cookies"] == ["a=1", "b=2", "c=3"]
    assert "cookie" not in made["headers"]
    assert "cookies" not in built()


def test_parameters_are_decoded_and_joined() -> None:
    """rawQueryString stays as sent; queryStringParameters are decoded, repeats joined."""
    made = built(query="a=1&a=2&b=%20x&empty=")

    assert made["rawQueryString"] == "a=1&a=2&b=%20x&empty="
    assert made["queryStringParameters"] == {"a": "1,2", "b": " x", "empty": ""}
    assert "queryStringParameters" not in built()


def test_only_the_http_api_decodes_the_path() -> None:
    """A function URL leaves the path percent-encoded."""
    assert built(path="/a%20b")["rawPath"] == "/a b"
    assert built(path="/a%20b", origin=URL)["rawPath"] == "/a%20b"


@pytest.mark.parametrize(
    ("content_type", "encoded"),
    [
        ("application/json", False),
        ("application/json; charset=utf-8", False),
        ("Application/JSON", False),
        ("text/plain", False),
        ("application/xml", False),
        ("application/javascript", False),
        ("application/problem+json", True),
        ("application/x-www-form-urlencoded", True),
        ("application/octet-stream", True),
        ("image/png", True),
        (None, True),
    ],
)
def test_all_but_text_is_base64(content_type: str | None, encoded: bool) -> None:
    """Bodies of types that are not known to be text arrive base64-encoded, forms included."""
    headers = [("content-type", content_type)] if content_type else []
    made = built(*headers, body=b'{"a": 1}')

    assert made["isBase64Encoded"] is encoded
    raw = base64.b64decode(made["body"]) if encoded else made["body"].encode()
    assert raw == b'{"a": 1}'


@pytest.mark.parametrize("content_type", ["application/json", "text/plain; charset=utf-8"])
def test_no_byte_is_lost(content_type: str) -> None:
    """What is called text and is no UTF-8 arrives as it is, in base64."""
    raw = "Grüße".encode("latin-1")
    made = built(("content-type", content_type), body=raw)

    assert made["isBase64Encoded"]
    assert base64.b64decode(made["body"]) == raw


def test_request_ids_look_like_the_real_ones() -> None:
    """Short base64 at an API, a UUID at a function URL."""
    assert re.fullmatch(r"[\w-]{15}=", request_id(API))
    assert re.fullmatch(r"[0-9a-f-]{36}", request_id(URL))


def answered(value: Any) -> tuple[int, dict[str, str], bytes]:
    """The HTTP response to a handler's return value."""
    made = response(json.dumps(value).encode())
    return made.status, dict(made.headers), made.body


def test_a_full_answer() -> None:
    """Status, headers and body are taken over; header names become lower-case."""
    value = {
        "statusCode": 201,
        "headers": {"Content-Type": "application/json", "X-Count": 3, "X-Flag": True},
        "body": "{}",
    }

    assert answered(value) == (
        201,
        {"content-type": "application/json", "x-count": "3", "x-flag": "true"},
        b"{}",
    )


def test_cookies_of_an_answer_are_separate_headers() -> None:
    """Each cookie is a set-cookie header."""
    made = response(json.dumps({"statusCode": 200, "cookies": ["a=1", "b=2"]}).encode())

    assert made.headers == [("set-cookie", "a=1"), ("set-cookie", "b=2")]


def test_a_binary_answer() -> None:
    """isBase64Encoded bodies are decoded."""
    body = base64.b64encode(b"\x00\xff").decode()

    assert answered({"statusCode": 200, "body": body, "isBase64Encoded": True})[2] == b"\x00\xff"


def test_a_type_is_inferred() -> None:
    """A body without content-type is text."""
    assert answered({"statusCode": 200, "body": "x"})[1]["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("value", "body"), [({"a": 1}, b'{"a": 1}'), ("text", b"text"), ([1], b"[1]"), (None, b"null")]
)
def test_any_other_value_is_the_body(value: Any, body: bytes) -> None:
    """Without statusCode the value is the JSON body of a 200."""
    assert answered(value) == (200, {"content-type": "application/json"}, body)


def test_the_function_cannot_frame_the_message() -> None:
    """Headers that the gateway sets itself are dropped."""
    value = {"statusCode": 200, "headers": {"Content-Length": "1", "Transfer-Encoding": "x"}}

    assert answered(value)[1] == {}


@pytest.mark.parametrize(
    "value",
    [
        {"statusCode": "abc"},
        {"statusCode": None},
        {"statusCode": True},
        {"statusCode": 99},
        {"statusCode": 600},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "headers": []},
        {"statusCode": 200, "headers": {"a": None}},
        {"statusCode": 200, "headers": {"a": "b\r\nc: d"}},
        {"statusCode": 200, "headers": {"a b": "c"}},
        {"statusCode": 200, "cookies": "a=1"},
        {"statusCode": 200, "cookies": ["a\nb"]},
        {"statusCode": 200, "body": "***", "isBase64Encoded": True},
    ],
)
def test_a_bad_answer_is_refused(value: Any) -> None:
    """What API Gateway would answer with 500 is recognised."""
    with pytest.raises(BadAnswerError):
        answered(value)


def test_broken_json_is_a_bad_answer() -> None:
    """So is what is no JSON at all."""
    with pytest.raises(BadAnswerError):
        response(b"{")
