"""One request to /v1: authentication, idempotency, parameters, effect, answer."""

import base64
import binascii
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

from dev.stripe_double import events, forms, idempotency, lists, parameters, routes
from dev.stripe_double.context import Context
from dev.stripe_double.faults import Fault
from dev.stripe_double.forms import Tree
from dev.stripe_double.idempotency import KeysInUse
from dev.stripe_double.messages import ApiError, ConnectionLost, Json, Request, Response, invalid
from dev.stripe_double.routes import Route

SECRET_KEY = re.compile(r"[sr]k_test_\w+", re.ASCII)

# Opens a transaction: (request_id, idempotency_key) to the context of one operation.
Operation = Callable[[str | None, str | None], AbstractContextManager[Context]]


class Api:
    """Answers what is below /v1."""

    def __init__(
        self,
        operation: Operation,
        *,
        api_keys: frozenset[str] | None,
        sleep: Callable[[float], None],
    ) -> None:
        self._operation = operation
        self._api_keys = api_keys
        self._sleep = sleep
        self._keys_in_use = KeysInUse()

    def answer(self, request: Request, request_id: str, fault: Fault | None) -> Response:
        """Answer a request. Raises ConnectionLost when a fault says so."""
        if fault is not None and fault.kind == "refuse":
            raise ConnectionLost(after_effect=False)
        marks = {"Request-Id": request_id, "Stripe-Version": events.api_version()}
        try:
            self._authenticate(request)
            if fault is not None and fault.kind == "status":
                raise _injected(fault.status)
            key = idempotency.key_of(request)
            if key is not None:
                marks |= {"Idempotency-Key": key, "Original-Request": request_id}
            with self._keys_in_use.hold(key):
                response = self._run(request, request_id, key, fault)
        except ApiError as error:
            response = Response.of_json(error.status, error.body(), error.headers)
        if fault is not None and fault.kind == "timeout_after":
            raise ConnectionLost(fault.seconds, after_effect=True)
        return replace(response, headers={**marks, **response.headers})

    def _authenticate(self, request: Request) -> None:
        """A secret test key, as bearer token or as the user name of basic authentication.

        Raises ApiError 401 (https://docs.stripe.com/api/authentication), and 400 for an API
        version other than the SDK's, whose shapes this double cannot speak.
        """
        scheme, _, credential = (request.header("Authorization") or "").partition(" ")
        key = credential.strip()
        if scheme.lower() == "basic":
            try:
                key = base64.b64decode(key, validate=True).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                key = ""
        elif scheme.lower() != "bearer":
            key = ""
        if not key:
            raise _unauthorized(
                "You did not provide an API key. You need to provide your API key in the"
                " Authorization header, using Bearer auth (e.g. 'Authorization: Bearer"
                " YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details,"
                " or we can help at https://support.stripe.com/."
            )
        known = key in self._api_keys if self._api_keys else SECRET_KEY.fullmatch(key)
        if not known:
            hidden = key[:8] + "*" * max(0, len(key) - 12) + key[-4:] if len(key) > 12 else "****"
            raise _unauthorized(f"Invalid API Key provided: {hidden}")
        version = request.header("Stripe-Version")
        if version is not None and version != events.api_version():
            raise ApiError(
                f"Invalid Stripe API version: {version}. This double speaks"
                f" {events.api_version()}, the version the installed SDK is pinned to.",
                validation=True,
            )

    def _run(
        self, request: Request, request_id: str, key: str | None, fault: Fault | None
    ) -> Response:
        """Replay, or execute and store; the key is held all the while, the lock only in between."""
        route, ids = routes.find(request)
        tree = _form(request)
        mark = idempotency.fingerprint(tree)
        if key is not None:
            with self._operation(request_id, key) as ctx:
                kept = idempotency.replay(ctx.storage, request, key, mark, ctx.now)
            if kept is not None:
                return kept
        if fault is not None and fault.kind == "slow":
            self._sleep(fault.seconds)
        try:
            with self._operation(request_id, key) as ctx:
                response = Response.of_json(200, _execute(ctx, route, ids, tree))
                if fault is not None and fault.kind == "500_after":
                    error = _injected(500, kept=True)
                    if not fault.effect:
                        raise error
                    response = Response.of_json(500, error.body(), error.headers)
                _keep(ctx, request, response, mark)
                return response
        except ApiError as error:
            if not error.validation:
                response = Response.of_json(error.status, error.body(), error.headers)
                with self._operation(request_id, key) as ctx:
                    _keep(ctx, request, response, mark)
            raise


def _form(request: Request) -> dict[str, Tree]:
    """The parameters, from the query and the body alike."""
    try:
        body = request.body.decode()
    except UnicodeDecodeError:
        raise invalid("Invalid request: parameters must be UTF-8.", None) from None
    return forms.decode("&".join(part for part in (request.query, body) if part))


def _execute(ctx: Context, route: Route, ids: tuple[str, ...], tree: dict[str, Tree]) -> Json:
    params = parameters.check(route.params, tree)
    paths = params.pop("expand", None) or []
    body = route.endpoint(ctx, *ids, params)
    return lists.expand(ctx, body, paths, show=routes.show, include=routes.include)


def _keep(ctx: Context, request: Request, response: Response, mark: str) -> None:
    if ctx.idempotency_key is not None and ctx.request_id is not None:
        idempotency.keep(
            ctx.storage,
            request,
            response,
            key=ctx.idempotency_key,
            mark=mark,
            request_id=ctx.request_id,
            now=ctx.now,
        )


def _unauthorized(message: str) -> ApiError:
    realm = {"WWW-Authenticate": 'Basic realm="Stripe"'}
    return ApiError(message, status=401, headers=realm, validation=True)


def _injected(status: int, *, kept: bool = False) -> ApiError:
    """The error that a fault asks for; a kept 500 shows the SDK that retrying is no use."""
    if status == 429:
        return ApiError(
            "Request rate limit exceeded. You can learn more about rate limits here"
            " https://stripe.com/docs/rate-limits.",
            status=429,
            code="rate_limit",
            validation=True,
        )
    return ApiError(
        "An unknown error occurred.",
        status=status,
        type="api_error",
        validation=not kept,
        headers={"Stripe-Should-Retry": "false"} if kept else None,
    )
