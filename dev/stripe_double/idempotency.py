"""Idempotency keys: https://docs.stripe.com/api/idempotent_requests.

The first answer that an endpoint's execution produced, errors included, is kept for 24 hours and
given again to the same request. The record is written in the transaction of the effect, so neither
exists without the other.
"""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dev.stripe_double.forms import Tree
from dev.stripe_double.messages import ApiError, Request, Response, invalid
from dev.stripe_double.storage import Storage

RETENTION = 86_400  # seconds
MAX_KEY_LENGTH = 255


def key_of(request: Request) -> str | None:
    """The request's key; only POST has one. Raises ApiError (400) for one that is too long."""
    key = request.header("Idempotency-Key") if request.method == "POST" else None
    if key is not None and not 1 <= len(key) <= MAX_KEY_LENGTH:
        raise invalid(f"Idempotency keys must have 1 to {MAX_KEY_LENGTH} characters.", None)
    return key


def fingerprint(tree: Mapping[str, Tree]) -> str:
    """What "the same parameters" means: equal whatever their order."""
    return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()


class KeysInUse:
    """The keys whose first request is still running in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: set[str] = set()

    @contextmanager
    def hold(self, key: str | None) -> Iterator[None]:
        """Hold a key while its request runs. Raises ApiError 409 if another request holds it."""
        if key is None:
            yield
            return
        with self._lock:
            if key in self._keys:
                raise ApiError(
                    "There is currently another in-progress request using this Idempotent Key"
                    " (that probably means you submitted twice, and the other request is still"
                    f" going through): {key}. Please try again later.",
                    status=409,
                    code="idempotency_key_in_use",
                    validation=True,
                )
            self._keys.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard(key)


def replay(storage: Storage, request: Request, key: str, mark: str, now: float) -> Response | None:
    """The kept answer, or None if the key is new or its answer has been pruned.

    Raises ApiError 400 `idempotency_error` when the key belongs to another request.
    """
    row = storage.connection.execute(
        "select route, fingerprint, request_id, status, headers, body from idempotency"
        " where key = ? and created > ?",
        [key, now - RETENTION],
    ).fetchone()
    if row is None:
        return None
    route, kept_mark, request_id, status, headers, body = row
    advice = f"Try using a key other than '{key}' if you meant to execute a different request."
    if route != request.route:
        raise _mismatch(
            "Keys for idempotent requests can only be used for the same endpoint they were first"
            f" used for ('{request.route}' vs '{route}'). {advice}"
        )
    if kept_mark != mark:
        raise _mismatch(
            "Keys for idempotent requests can only be used with the same parameters they were"
            f" first used with. {advice}"
        )
    marks = {"Idempotent-Replayed": "true", "Original-Request": request_id}
    return Response(status, {**json.loads(headers), **marks}, body.encode())


def keep(
    storage: Storage,
    request: Request,
    response: Response,
    *,
    key: str,
    mark: str,
    request_id: str,
    now: float,
) -> None:
    """Keep an answer, inside the transaction of its effect, and prune what is too old."""
    storage.connection.execute("delete from idempotency where created <= ?", [now - RETENTION])
    storage.connection.execute(
        "insert or replace into idempotency values (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            key,
            request.route,
            mark,
            request_id,
            now,
            response.status,
            json.dumps(dict(response.headers)),
            response.body.decode(),
        ],
    )


def _mismatch(message: str) -> ApiError:
    return ApiError(message, type="idempotency_error", validation=True)
