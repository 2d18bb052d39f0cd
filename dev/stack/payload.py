"""Payload format 2.0: what a function gets from an HTTP API or a function URL, and returns.

Sources: the API Gateway developer guide ("Create AWS Lambda proxy integrations for HTTP APIs"), the
Lambda developer guide ("Invoking Lambda function URLs"), and events recorded in the cloud: header
names are lower-case, repeated headers and parameters are joined with commas, cookies stand apart,
an HTTP API decodes `rawPath` while a function URL leaves it as sent.
"""

import base64
import binascii
import contextlib
import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from dev.cloudformation.intrinsics import ACCOUNT
from dev.stack.http_message import Request, Response, sendable

_TEXT_TYPES = {"application/json", "application/javascript", "application/xml"}
_OWN_HEADERS = {  # the gateway frames messages itself; a function cannot
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}


class BadAnswerError(Exception):
    """What the function returned is no answer in payload format 2.0."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Which door a request came through.

    A function URL calls itself `$default` on stage `$default`; it is known by its own id.
    """

    api_id: str
    is_url: bool = False


def request_id(origin: Origin) -> str:
    """A request id in the shape of that door: `JKJaXmPLvHcESHA=` or a UUID."""
    if origin.is_url:
        return str(uuid.uuid4())
    return base64.urlsafe_b64encode(secrets.token_bytes(11)).decode("ascii")


def event(
    request: Request,
    *,
    origin: Origin,
    route_key: str,
    path_parameters: Mapping[str, str],
    identifier: str,
    port: int,
) -> dict[str, Any]:
    """The event of one HTTP request.

    Args:
        identifier: the `request_id` of this request.
        port: where the request arrived, for `x-forwarded-port`.
    """
    headers, cookies = _headers(request)
    headers["x-amzn-trace-id"] = f"Root=1-{int(datetime.now(UTC).timestamp()):08x}-" + (
        secrets.token_hex(12)
    )
    forwarded = headers.get("x-forwarded-for")
    headers["x-forwarded-for"] = f"{forwarded}, {request.peer}" if forwarded else request.peer
    headers["x-forwarded-port"] = str(port)
    headers["x-forwarded-proto"] = "http"
    domain = headers.get("host", "localhost").rpartition("@")[2]
    domain = domain.partition("]")[0] + "]" if domain.startswith("[") else domain.partition(":")[0]
    path = request.path if origin.is_url else unquote(request.path)
    now = datetime.now(UTC)
    built: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": dict(sorted(headers.items())),
        "requestContext": {
            "accountId": "anonymous" if origin.is_url else ACCOUNT,
            "apiId": origin.api_id,
            "domainName": domain,
            "domainPrefix": domain.partition(".")[0],
            "http": {
                "method": request.method,
                "path": path,
                "protocol": request.protocol,
                "sourceIp": request.peer,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": identifier,
            "routeKey": route_key,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        built["cookies"] = cookies
    if parameters := _joined(parse_qsl(request.query, keep_blank_values=True)):
        built["queryStringParameters"] = parameters
    if path_parameters:
        built["pathParameters"] = dict(path_parameters)
    if request.body:
        built["body"], built["isBase64Encoded"] = _body(request.body, headers.get("content-type"))
    return built


def _headers(request: Request) -> tuple[dict[str, str], list[str]]:
    cookies: list[str] = []
    others: list[tuple[str, str]] = []
    for name, value in request.headers:
        if name == "cookie":
            cookies += [cookie for part in value.split(";") if (cookie := part.strip())]
        elif name not in ("connection", "transfer-encoding", "expect", "keep-alive"):
            others.append((name, value))
    headers = _joined(others)
    if request.body:
        headers["content-length"] = str(len(request.body))
    return headers, cookies


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _body(body: bytes, content_type: str | None) -> tuple[str, bool]:
    """The body as text, and whether that is base64: for all types but those known to be text.

    It is not documented what happens to bytes that are declared as text and are not. Here they
    arrive as they are; if they arrive as U+FFFD, `holdfast.api.http` refuses that too.
    """
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type.startswith("text/") or media_type in _TEXT_TYPES:
        with contextlib.suppress(UnicodeDecodeError):
            return body.decode(), False
    return base64.b64encode(body).decode("ascii"), True


def response(payload: bytes) -> Response:
    """The HTTP response to what a function returned. Raises BadAnswerError.

    Without a `statusCode` the whole value is the body of a 200 (the format's inference rule).
    """
    try:
        answer = json.loads(payload)
    except ValueError as error:
        raise BadAnswerError(f"not JSON: {error}") from error
    if not isinstance(answer, dict) or "statusCode" not in answer:
        text = answer if isinstance(answer, str) else payload.decode("utf-8", "replace")
        return Response(200, [("content-type", "application/json")], text.encode())
    status = _status(answer["statusCode"])
    headers = _answer_headers(answer)
    body = _answer_body(answer)
    if body and not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain;charset=UTF-8"))
    return Response(status, headers, body)


def _status(value: Any) -> int:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 200 <= value <= 599:
        raise BadAnswerError(f"statusCode is {value!r}")
    return value


def _answer_headers(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    given = answer.get("headers")
    cookies = answer.get("cookies")
    if not isinstance(given, dict | None) or not isinstance(cookies, list | None):
        raise BadAnswerError("headers must be an object and cookies a list")
    headers = []
    for name, value in (given or {}).items():
        if not isinstance(value, str | int | float | bool):
            raise BadAnswerError(f"header {name!r} is no text")
        text = json.dumps(value) if isinstance(value, bool) else str(value)
        if name.lower() not in _OWN_HEADERS:
            headers.append((name.lower(), text))
    for cookie in cookies or []:
        if not isinstance(cookie, str):
            raise BadAnswerError("a cookie is no text")
        headers.append(("set-cookie", cookie))
    for name, value in headers:
        if not sendable(name, value):
            raise BadAnswerError(f"header {name!r} has characters that cannot be sent")
    return headers


def _answer_body(answer: Mapping[str, Any]) -> bytes:
    body = answer.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise BadAnswerError(f"body is {type(body).__name__}, not text")
    if not answer.get("isBase64Encoded"):
        return body.encode("utf-8", "replace")  # a lone surrogate is valid JSON, but no text
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise BadAnswerError("body is not base64") from error
