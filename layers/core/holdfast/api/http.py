"""From an API Gateway event to a use case and back: parsing, credentials, problem documents.

A handler module makes its resolver here, declares its routes, and ends in `respond`.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NoReturn

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.access import actors
from holdfast.api import answers, limits
from holdfast.platform import errors
from holdfast.platform.observability import about, count, fault, logger

MAX_BODY_BYTES = 64 * 1024

_PROBLEM = "application/problem+json"
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_UNGUESSED = 20  # characters of a key that cannot be guessed, if they are random
_ID = re.compile(r"[0-9a-fA-F-]{36}")
_VERSION = re.compile(r'(?:W/)?"(\d{1,9})"')
# RFC 9110, 8.3.1: case does not matter, parameters may follow. Nothing is tried twice (++).
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_PARAMETER = rf"{_WORD}=(?:{_WORD}|\"(?:[^\"\\]|\\.)*+\")"
_MEDIA_TYPE = re.compile(rf"({_WORD}/{_WORD})((?:[ \t]*+;(?:[ \t]*+{_PARAMETER})?)*+)[ \t]*+")
_CHARSET = re.compile(r";[ \t]*charset=\"?([^\";]*)\"?", re.IGNORECASE)
_PRICE_FIELDS = {"amount", "amount_total", "currency", "price", "rate", "total", "unit_amount"}


def resolver() -> APIGatewayHttpResolver:
    """A resolver that validates requests and answers every error as a problem document."""
    app = APIGatewayHttpResolver(
        enable_validation=True,
        # an answer that breaks its model is a fault of ours, not a bad request
        response_validation_error_http_code=HTTPStatus.INTERNAL_SERVER_ERROR,
        json_body_deserializer=_parse_json,
    )

    def refuse(error: errors.HoldfastError) -> Response[str]:
        return problem(app, error)

    def refuse_invalid(error: RequestValidationError) -> Response[str]:
        return problem(app, _invalid(error.errors()))

    def refuse_type(_error: RequestUnsupportedContentType) -> Response[str]:
        return problem(app, errors.UnsupportedMediaType())

    def keep(unmodified: _Unmodified) -> Response[str]:
        return Response(int(HTTPStatus.NOT_MODIFIED), headers=dict(unmodified.headers))

    def refuse_path(_error: Exception) -> Response[str]:  # an id with characters no path has
        return problem(app, errors.NotFound())

    def refuse_fault(error: Exception) -> Response[str]:
        fault("unhandled error", error)
        count("InternalError")
        return problem(app, errors.InternalError())

    app.exception_handler(errors.HoldfastError)(refuse)
    app.exception_handler(RequestValidationError)(refuse_invalid)
    app.exception_handler(RequestUnsupportedContentType)(refuse_type)
    app.exception_handler(_Unmodified)(keep)
    app.not_found(refuse_path)
    app.exception_handler(Exception)(refuse_fault)
    return app


def respond(
    app: APIGatewayHttpResolver, event: dict[str, Any], context: LambdaContext
) -> dict[str, Any]:
    """Answer one event. What needs no route comes first: the size of the body, its type and
    encoding, and the rate limits.
    """
    answer = answers.secured(_answered(app, answers.as_get(event), context))
    # the route, not the path: that of a calendar feed is a secret
    logger().info("answered", route=event.get("routeKey"), status=answer["statusCode"])
    return answers.without_body(answer) if answers.asks_for_head(event) else answer


def _answered(
    app: APIGatewayHttpResolver, event: dict[str, Any], context: LambdaContext
) -> dict[str, Any]:
    request_id = event["requestContext"]["requestId"]
    caller: actors.Actor | None = None
    fields: Mapping[str, str] = {}
    try:
        event = _readable(event)
        kind = limits.class_of(event.get("routeKey", ""))
        caller = None if kind is None else _caller(event)
        if kind is not None and caller is not None:
            verdict = limits.enter(caller, kind, _mailbox(event) if kind.mailbox else None)
            fields = verdict.headers
            if verdict.refusal is not None:
                raise verdict.refusal
    except errors.HoldfastError as error:
        refused = rendered(error, request_id)
        refused["headers"] |= fields
        return refused
    parameters = event.get("pathParameters") or {}
    named = str(parameters.get("booking_id") or parameters.get("hold_id"))
    about(booking_id=named if _ID.fullmatch(named) else None)  # otherwise it could be anything
    answer: dict[str, Any] = app.resolve(event, context)
    if caller is not None and answer["statusCode"] == HTTPStatus.UNAUTHORIZED:
        limits.revoked(caller)
    answer["headers"] = {**answer.get("headers", {}), "x-request-id": request_id, **fields}
    return answer


def _caller(event: Mapping[str, Any]) -> actors.Actor | None:
    """The caller to count. Without a key it is None: the route refuses that by itself."""
    context = event["requestContext"]
    headers = event.get("headers") or {}
    try:
        caller = actors.from_headers(headers, context["requestId"], context["http"]["sourceIp"])
    except errors.Unauthenticated:
        return None
    about(key_hash=caller.key_hash[:12])  # which key, and so which tenant; see docs/runbook.md
    return caller


def _mailbox(event: Mapping[str, Any]) -> str | None:
    """The mailbox that a body names, whatever else is wrong with it."""
    try:
        named = json.loads(event["body"])["customer"]["email"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return named if isinstance(named, str) else None


def actor(app: APIGatewayHttpResolver) -> actors.Actor:
    """The caller's credentials.

    Raises:
        Unauthenticated: there are none.
    """
    address: str = app.current_event.raw_event["requestContext"]["http"]["sourceIp"]
    caller = actors.from_headers(_headers(app), _request_id(app), address)
    about(key_hash=caller.key_hash[:12])  # which key, and so which tenant; see docs/runbook.md
    return caller


def idempotency_key(app: APIGatewayHttpResolver, *, opens: bool = False) -> str:
    """The caller's idempotency key.

    Args:
        opens: the answer carries a secret, and is all that it takes to get it again.

    Raises:
        IdempotencyKeyMissing: there is none of 1 to 255 visible ASCII characters.
        IdempotencyKeyTooShort: of a browser, whose API key is public.
    """
    key = _headers(app).get("idempotency-key", "")
    if _IDEMPOTENCY_KEY.fullmatch(key) is None:
        raise errors.IdempotencyKeyMissing()
    if opens and len(key) < _UNGUESSED and actors.is_browser(_headers(app)):
        raise errors.IdempotencyKeyTooShort()
    return key


def if_match(app: APIGatewayHttpResolver) -> int | None:
    """The version the caller has seen, or None if it gives none.

    Raises:
        StaleVersion: what was sent cannot be a version of ours.
    """
    sent = _headers(app).get("if-match")
    if sent is None or sent.strip() == "*":
        return None
    version = _VERSION.fullmatch(sent.strip())
    if version is None:
        raise errors.StaleVersion()
    return int(version[1])


def must_match(app: APIGatewayHttpResolver) -> int | None:
    """As if_match, where a caller must say which version it has seen; "*" is any.

    Raises:
        PreconditionRequired: it does not.
        StaleVersion: what was sent cannot be a version of ours.
    """
    if "if-match" not in _headers(app):
        raise errors.PreconditionRequired()
    return if_match(app)


def answer(
    body: dict[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
    *,
    version: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response[Any]:
    """A JSON answer, checked against the route's declared model; never cached unless the headers
    say otherwise."""
    tags = {} if version is None else {"etag": f'"{version}"'}
    return Response(
        status_code=int(status),
        content_type=content_types.APPLICATION_JSON,
        body=body,
        headers={"cache-control": "no-store", **tags, **(headers or {})},
    )


def cached(
    app: APIGatewayHttpResolver,
    text: str,
    seconds: int,
    media_type: str = content_types.APPLICATION_JSON,
) -> Response[Any]:
    """A text that the client may keep for some seconds; 304 if it already has it."""
    return Response(
        status_code=int(HTTPStatus.OK),
        content_type=media_type,
        body=text,
        headers=_cache_headers(app, text, seconds),
    )


def nothing() -> Response[None]:
    """204: it is done, and there is no content."""
    return Response(status_code=int(HTTPStatus.NO_CONTENT), headers={"cache-control": "no-store"})


def origin(app: APIGatewayHttpResolver) -> str:
    """Where the caller reached this API: `https://api.example`."""
    headers = _headers(app)
    return f"{headers.get('x-forwarded-proto', 'https')}://{headers['host']}"


def _cache_headers(app: APIGatewayHttpResolver, text: str, seconds: int) -> dict[str, str]:
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": f"private, max-age={seconds}"}
    if tag in re.findall(r'"[^"]*"', _headers(app).get("if-none-match", "")):
        raise _Unmodified(headers)
    return headers


class _Unmodified(Exception):
    """The browser has it already. Raised, because an answer would be checked against its model."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__("not modified")
        self.headers = headers


def problem(app: APIGatewayHttpResolver, error: errors.HoldfastError) -> Response[str]:
    """An error as an RFC 9457 document."""
    raw = rendered(error, _request_id(app))
    return Response(
        status_code=raw["statusCode"],
        content_type=_PROBLEM,
        body=raw["body"],
        headers={name: value for name, value in raw["headers"].items() if name != "content-type"},
    )


def rendered(error: errors.HoldfastError, request_id: str) -> dict[str, Any]:
    """An error as a Lambda response."""
    if error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        logger().info("refused", code=error.code, reason=error.extra.get("reason"))
        count("Refused")
        if isinstance(error, errors.SlotTaken):
            count("HoldRefused")
    headers = {"content-type": _PROBLEM, "cache-control": "no-store", "x-request-id": request_id}
    if error.retry_after is not None:
        headers["retry-after"] = str(error.retry_after)
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    return {
        "statusCode": int(error.status),
        "headers": headers,
        "body": json.dumps(error.problem(request_id), separators=(",", ":")),
        "isBase64Encoded": False,
    }


def raw_body(event: Mapping[str, Any]) -> bytes:
    """The body's bytes, decoded from the base64 that AWS uses for types it does not know.

    Raises:
        BodyTooLarge, MalformedRequest: too many bytes, or no base64.
    """
    body: str = event.get("body") or ""
    if len(body) > MAX_BODY_BYTES * 2:
        raise errors.BodyTooLarge()
    try:
        raw = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    except (UnicodeError, binascii.Error):
        raise errors.MalformedRequest() from None
    if len(raw) > MAX_BODY_BYTES:
        raise errors.BodyTooLarge()
    return raw


def _readable(event: dict[str, Any]) -> dict[str, Any]:
    """The event with its body as text, and with the type of it as the resolver knows it.

    Raises:
        BodyTooLarge, MalformedRequest: too many bytes, or bytes that are no UTF-8.
        UnsupportedMediaType: another type than JSON, or JSON in another encoding.
    """
    headers = dict(event.get("headers") or {})
    try:
        text = raw_body(event).decode()
    except UnicodeError:
        raise errors.MalformedRequest() from None
    if "\ufffd" in text:  # a service before us puts it where bytes were no UTF-8
        raise errors.MalformedRequest()
    if text and "content-type" in headers:
        _require_json(headers["content-type"])
        headers["content-type"] = content_types.APPLICATION_JSON
    return {**event, "headers": headers, "body": text, "isBase64Encoded": False}


def _require_json(sent: str) -> None:
    media_type = _MEDIA_TYPE.fullmatch(sent.strip())
    if media_type is None or media_type[1].lower() != content_types.APPLICATION_JSON:
        raise errors.UnsupportedMediaType()
    charsets = {charset.lower() for charset in _CHARSET.findall(media_type[2])}
    if charsets - {"utf-8", "utf8"}:  # RFC 8259 knows no other
        raise errors.UnsupportedMediaType()


def _parse_json(text: str) -> Any:
    """JSON as in RFC 8259: no NaN, no member twice, no endless nesting."""

    def refuse(_constant: str) -> NoReturn:
        raise json.JSONDecodeError("not a JSON number", text, 0)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            raise json.JSONDecodeError("a member is given twice", text, 0)
        return members

    try:
        return json.loads(text, parse_constant=refuse, object_pairs_hook=unique)
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError):  # nested too deeply, or a number of thousands of digits
        raise json.JSONDecodeError("not readable", text, 0) from None


def _invalid(details: Any) -> errors.HoldfastError:
    """The error that Pydantic's findings amount to."""
    found = []
    for detail in details:
        if detail["type"] == "json_invalid":
            return errors.MalformedRequest()
        place = [str(part) for part in detail["loc"]]
        if detail["type"] == "extra_forbidden" and place[-1] in _PRICE_FIELDS:
            logger().warning("a client sent a price", field=place[-1])
            count("ClientPriceRefused")
            return errors.PriceNotAccepted()
        found.append(
            {"field": ".".join(place[1:]) or place[0], "message": _sentence(detail["msg"])}
        )
    return errors.InvalidRequest(extra={"errors": found})


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")


def _headers(app: APIGatewayHttpResolver) -> Mapping[str, str]:
    headers: Mapping[str, str] = app.current_event.raw_event.get("headers") or {}
    return headers


def _request_id(app: APIGatewayHttpResolver) -> str:
    return str(app.current_event.raw_event["requestContext"]["requestId"])
