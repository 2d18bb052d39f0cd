"""The doors: the HTTP API with its routes, and the function URLs, each on a port of its own.

Both turn a request into a payload-2.0 event, run the function, and answer in its words or in those
of the service when the function fails. Sources: the API Gateway developer guide (quotas of HTTP
APIs, "Troubleshooting issues with HTTP API Lambda integrations"), the Lambda developer guide
(function URLs: 502 for a failed function, 429 when throttled).
"""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

from dev.cloudformation.template import Function, Template
from dev.stack import payload
from dev.stack.console import Console
from dev.stack.http_message import PHRASES, Request, Response
from dev.stack.http_server import Limits
from dev.stack.invocation import PAYLOAD_LIMIT, ThrottledError
from dev.stack.routes import Routes, is_preflight, preflight, with_cors
from dev.stack.static import Pages
from dev.stack.workers import Pools

API_LIMITS = Limits(body=10 * 1024 * 1024, head=10_240)
URL_LIMITS = Limits(body=PAYLOAD_LIMIT, head=64 * 1024)


@dataclass(frozen=True, slots=True)
class _Door:
    """How one kind of door presents itself and its faults; `seconds` is its own time limit."""

    origin: payload.Origin
    failed: HTTPStatus
    busy: HTTPStatus
    seconds: float | None
    id_header: str


_API = _Door(
    payload.Origin("local"),
    failed=HTTPStatus.INTERNAL_SERVER_ERROR,
    busy=HTTPStatus.SERVICE_UNAVAILABLE,
    seconds=30.0,
    id_header="apigw-requestid",
)


def _url_door(function: Function) -> _Door:
    return _Door(
        payload.Origin(function.logical_id.lower(), is_url=True),
        failed=HTTPStatus.BAD_GATEWAY,
        busy=HTTPStatus.TOO_MANY_REQUESTS,
        seconds=None,  # only the function's own timeout counts
        id_header="x-amzn-requestid",
    )


class Gateway:
    """Answers what arrives at the HTTP API and at the function URLs."""

    def __init__(
        self, template: Template, pools: Pools, console: Console, pages: Pages | None
    ) -> None:
        self._template = template
        self._routes = Routes(template.routes)
        self._pools = pools
        self._console = console
        self._pages = pages

    async def serve_api(self, request: Request, port: int) -> Response:
        """Answer a request to the HTTP API, which listens on `port`."""
        call = _Call(request, _API, port)
        cors = self._template.cors
        if cors is not None and request.method == "OPTIONS":
            explicit = self._routes.match("OPTIONS", request.path)
            if is_preflight(request) or explicit is None:
                return self._finish(call, preflight(cors, request), "cors")
        match = self._routes.match(request.method, request.path)
        if match is not None:
            via = self._template.functions[match.route.function]
            response = await self._run(via, call, match.route.key, match.parameters)
            name = via.name
        elif self._pages is not None and (page := self._pages.serve(request)) is not None:
            response, name = page, "web"
        else:
            response, name = fault(HTTPStatus.NOT_FOUND), "gateway"
        if cors is not None:
            response = with_cors(cors, request, response)
        return self._finish(call, response, name)

    async def serve_url(self, function: Function, request: Request, port: int) -> Response:
        """Answer a request to a function URL, which listens on `port`."""
        call = _Call(request, _url_door(function), port)
        cors = function.url_cors
        if cors is not None and is_preflight(request):
            return self._finish(call, preflight(cors, request), "cors")
        response = await self._run(function, call, "$default", {})
        if cors is not None:
            response = with_cors(cors, request, response)
        return self._finish(call, response, function.name)

    async def _run(
        self, function: Function, call: "_Call", route_key: str, parameters: Mapping[str, str]
    ) -> Response:
        door = call.door
        event = payload.event(
            call.request,
            origin=door.origin,
            route_key=route_key,
            path_parameters=parameters,
            identifier=call.identifier,
            port=call.port,
        )
        message = json.dumps(event).encode()
        if len(message) > PAYLOAD_LIMIT:  # the API takes 10 MB, the function behind it 6
            return fault(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            async with asyncio.timeout(door.seconds):
                outcome = await self._pools.invoke(function, message)
        except (TimeoutError, ThrottledError):
            return fault(door.busy)
        if outcome.error is not None:
            return fault(door.failed)
        try:
            return payload.response(outcome.payload)
        except payload.BadAnswerError as error:
            self._console.say(f"         {function.name} gave a bad answer: {error}")
            return fault(door.failed)

    def _finish(self, call: "_Call", response: Response, via: str) -> Response:
        """Add what the service adds to every answer, and write the log line."""
        response.headers += [
            (call.door.id_header, call.identifier),
            ("date", formatdate(usegmt=True)),
        ]
        self._console.request(
            call.request.method,
            call.request.path,
            call.request.query,
            response.status,
            ms=(time.perf_counter() - call.started) * 1000,
            via=via,
            identifier=call.identifier,
        )
        return response


class _Call:
    """One request at one door."""

    __slots__ = ("door", "identifier", "port", "request", "started")

    def __init__(self, request: Request, door: _Door, port: int) -> None:
        self.request = request
        self.door = door
        self.port = port
        self.started = time.perf_counter()
        self.identifier = payload.request_id(door.origin)


def fault(status: HTTPStatus) -> Response:
    """The service's own answer, in its words.

    With the headers that each answer of the functions has. API Gateway itself adds none to its own
    errors, and allows none to be added; in the cloud a service before it must (docs/deploying.md).
    """
    text = "Internal Server Error" if status == HTTPStatus.BAD_GATEWAY else PHRASES[status]
    body = json.dumps({"message": text}, separators=(",", ":")).encode()
    headers = [
        ("content-type", "application/json"),
        ("strict-transport-security", "max-age=63072000"),
        ("x-content-type-options", "nosniff"),
    ]
    return Response(status, headers, body)
