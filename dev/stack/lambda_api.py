"""Lambda's Invoke, for boto3, the AWS CLI, scripts and tests: run a function on demand.

Source: the Lambda API reference, "Invoke". Functions are named by logical id, folder or ARN.
"""

import asyncio
import contextlib
import json
import uuid
from urllib.parse import unquote

from dev.cloudformation.template import Function, Template
from dev.stack.http_message import PHRASES, Request, Response
from dev.stack.http_server import Limits
from dev.stack.invocation import PAYLOAD_LIMIT, ThrottledError
from dev.stack.workers import Pools

LIMITS = Limits(body=PAYLOAD_LIMIT)
_EVENTS_LIMIT = 64  # asynchronous invocations at a time, queued and running


class _InvokeError(Exception):
    """Invoke is refused with that status and error code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class LambdaApi:
    """POST /2015-03-31/functions/{name}/invocations."""

    def __init__(self, template: Template, pools: Pools) -> None:
        self._template = template
        self._pools = pools
        self._events: set[asyncio.Task[None]] = set()

    async def serve(self, request: Request) -> Response:
        """Answer one request."""
        try:
            function = self._function(request)
            payload = _payload(request)
            kind = request.header("x-amz-invocation-type") or "RequestResponse"
            if kind == "RequestResponse":
                return await self._run(function, payload)
            if kind == "Event":
                return self._queue(function, payload)
            if kind == "DryRun":
                return Response(204)
            raise _InvokeError(400, "InvalidParameterValueException", f"no invocation type {kind}")
        except ThrottledError:
            return _error(429, "TooManyRequestsException", "Rate Exceeded.")
        except _InvokeError as refused:
            return _error(refused.status, refused.code, str(refused))

    def _function(self, request: Request) -> Function:
        if request.header("origin") is not None:  # a web page has no business here
            raise _InvokeError(403, "AccessDeniedException", "browsers may not invoke functions")
        match request.method, request.path.split("/"):
            case "POST", ["", "2015-03-31", "functions", name, "invocations"]:
                function = self._template.function(unquote(name))
                if function is None:
                    missing = f"Function not found: {unquote(name)}"
                    raise _InvokeError(404, "ResourceNotFoundException", missing)
                return function
        raise _InvokeError(404, "UnknownOperationException", "only Invoke is served here")

    async def _run(self, function: Function, payload: bytes) -> Response:
        outcome = await self._pools.invoke(function, payload)
        headers = [
            ("content-type", "application/json"),
            ("x-amzn-requestid", str(uuid.uuid4())),
            ("x-amz-executed-version", "$LATEST"),
        ]
        if outcome.error is not None:
            headers.append(("x-amz-function-error", outcome.error))
        return Response(200, headers, outcome.payload)

    def _queue(self, function: Function, payload: bytes) -> Response:
        if len(self._events) >= _EVENTS_LIMIT:
            raise ThrottledError(function.name)
        task = asyncio.create_task(self._forget(function, payload))
        self._events.add(task)
        task.add_done_callback(self._events.discard)
        return Response(202, [("x-amzn-requestid", str(uuid.uuid4()))])

    async def _forget(self, function: Function, payload: bytes) -> None:
        with contextlib.suppress(ThrottledError):  # the answer is not awaited
            await self._pools.invoke(function, payload)


def _payload(request: Request) -> bytes:
    payload = request.body or b"{}"
    try:
        json.loads(payload)
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise _InvokeError(400, "InvalidRequestContentException", message) from None
    return payload


def refusal(status: int) -> Response:
    """The answer to a request that cannot be read or is too large."""
    code = "RequestTooLargeException" if status == 413 else "InvalidRequestContentException"
    return _error(status, code, PHRASES[status])


def _error(status: int, code: str, message: str) -> Response:
    headers = [
        ("content-type", "application/json"),
        ("x-amzn-errortype", code),
        ("x-amzn-requestid", str(uuid.uuid4())),
    ]
    side = "User" if status < 500 else "Service"
    return Response(status, headers, json.dumps({"Type": side, "message": message}).encode())
