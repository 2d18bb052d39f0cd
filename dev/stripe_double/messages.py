"""What goes into the double and what comes out: requests, responses, and the ways both can fail."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One HTTP request. `path` includes the query string; header names are case-insensitive."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Answer the value of a header, or None."""
        wanted = name.lower()
        for key, value in self.headers.items():
            if key.lower() == wanted:
                return value
        return None

    @property
    def route(self) -> str:
        """The path without its query string."""
        return self.path.partition("?")[0]

    @property
    def query(self) -> str:
        """The query string, without the question mark."""
        return self.path.partition("?")[2]


@dataclass(frozen=True)
class Response:
    """One HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of_json(
        cls, status: int, body: Any, headers: Mapping[str, str] | None = None
    ) -> "Response":
        """A JSON response. Not ASCII-escaped, so that readers meet UTF-8 as they do at Stripe."""
        return cls(
            status,
            {"Content-Type": "application/json", **(headers or {})},
            json.dumps(body, ensure_ascii=False).encode(),
        )

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class ConnectionLost(Exception):
    """The caller gets no answer: the connection closes, after `hang` seconds of silence."""

    def __init__(self, hang: float = 0.0, *, after_effect: bool) -> None:
        super().__init__("connection closed " + ("after" if after_effect else "before") + " effect")
        self.hang = hang
        self.after_effect = after_effect


class ApiError(Exception):
    """An error in Stripe's envelope: https://docs.stripe.com/api/errors.

    `validation` marks those that Stripe finds before the endpoint runs; their answers are not
    kept under an idempotency key (https://docs.stripe.com/api/idempotent_requests).
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",  # noqa: A002 - Stripe's name
        code: str | None = None,
        param: str | None = None,
        validation: bool = False,
        extra: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.type = type
        self.code = code
        self.param = param
        self.validation = validation
        self.extra = extra or {}
        self.headers = dict(headers or {})

    def body(self) -> Json:
        """The envelope, with only the members that apply, as Stripe sends it."""
        error: Json = {"message": self.message, "type": self.type}
        if self.code is not None:
            error["code"] = self.code
            page = self.code.replace("_", "-")
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{page}"
        if self.param is not None:
            error["param"] = self.param
        return {"error": {**error, **self.extra}}


def invalid(message: str, param: str | None, code: str | None = None) -> ApiError:
    """A parameter that fails validation: 400, never kept under an idempotency key."""
    return ApiError(message, param=param, code=code, validation=True)


def missing_object(noun: str, object_id: str, param: str, status: int = 404) -> ApiError:
    """No such object: 404 in the path, 400 when a parameter names it."""
    return ApiError(
        f"No such {noun}: '{object_id}'", status=status, code="resource_missing", param=param
    )
