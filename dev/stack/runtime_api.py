"""One process of a function, and the Lambda Runtime API it talks to.

Source: the Lambda developer guide, "Using the Lambda runtime API". The runtime client puts nothing
in its requests that names the process, so each process has a port of its own.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from dev.cloudformation.template import Function
from dev.programs.processes import planted_clock
from dev.stack.http_message import Request, Response
from dev.stack.http_server import Limits, Server
from dev.stack.invocation import PAYLOAD_LIMIT, Invocation, Outcome

_PREFIX = "/2018-06-01/runtime/"
_JSON = [("content-type", "application/json")]
_ACCEPTED = Response(202, _JSON, b'{"status":"OK"}')
_INIT_SECONDS = 30.0  # Lambda gives 10; a laptop that starts several functions at once needs more
_LIMITS = Limits(body=4 * PAYLOAD_LIMIT, connections=8, idle_seconds=3600.0)


class Worker:
    """A process that runs one function, one event at a time.

    Args:
        on_idle: called when it asks for its next event.
        on_end: called once when the process has gone, after its last invocation was answered.
    """

    def __init__(
        self,
        function: Function,
        root: Path,
        environment: Mapping[str, str],
        *,
        log: Path,
        on_idle: Callable[["Worker"], None],
        on_end: Callable[["Worker"], None],
    ) -> None:
        self.initialised = asyncio.Event()  # it has asked for an event at least once
        self.ended = asyncio.Event()
        self.failure: Outcome | None = None  # why it never initialised
        self.status: int | None = None
        self._function = function
        self._root = root
        self._environment = environment
        self._log = log
        self._on_idle = on_idle
        self._on_end = on_end
        self._parked: asyncio.Future[Invocation] | None = None
        self._current: Invocation | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._process: asyncio.subprocess.Process | None = None

    @property
    def busy(self) -> bool:
        """Whether it is working on an event."""
        return self._current is not None

    async def run(self) -> None:
        """Start the process and see it through to its end."""
        server = Server(self._serve, listen(), limits=_LIMITS, refusal=_refusal)
        try:
            await server.start()
            await self._launch(server.port)
            assert self._process is not None
            try:
                async with asyncio.timeout(_INIT_SECONDS):
                    await self._until_initialised()
            except TimeoutError:
                self.kill()
            self.status = await self._process.wait()
        except OSError as error:  # no more processes, no interpreter, …
            self.failure = Invocation(b"").exited(None)
            print(f"{self._function.name}: {error}", file=sys.stderr)
        finally:
            self.kill()
            self._end()
            await server.stop()

    async def _launch(self, port: int) -> None:
        variables = dict(self._environment)
        variables["AWS_LAMBDA_RUNTIME_API"] = f"127.0.0.1:{port}"
        variables["AWS_LAMBDA_LOG_STREAM_NAME"] = f"{time.strftime('%Y/%m/%d')}/[$LATEST]{port}"
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                str(Path(__file__).with_name("worker.py")),
                str(os.getpid()),
                self._function.handler,
                cwd=self._root / self._function.code,
                env=variables | planted_clock(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the supervisor; its children die with it
            )

    async def _until_initialised(self) -> None:
        assert self._process is not None
        waits = {
            asyncio.ensure_future(self.initialised.wait()),
            asyncio.ensure_future(self._process.wait()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def give(self, invocation: Invocation) -> None:
        """Hand over an event; only to a worker that has announced itself idle."""
        assert self._parked is not None
        assert self._current is None
        invocation.started = True
        self._current = invocation
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._function.timeout, self._time_out)
        self._parked.set_result(invocation)
        self._parked = None

    def _time_out(self) -> None:
        if self._current is not None:
            self._answer(self._current.timed_out(self._function.timeout))
        self.kill()  # whatever hangs in it would hang in the next invocation too

    def terminate(self) -> None:
        """Ask the process to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process and what it started, at once."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def _answer(self, outcome: Outcome) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if self._current is not None:
            self._current.finish(outcome)
            self._current = None

    def _end(self) -> None:
        if self._current is not None:
            self._answer(self._current.exited(self.status))
        if not self.initialised.is_set() and self.failure is None:
            self.failure = Invocation(b"").exited(self.status)
        if self._parked is not None:
            self._parked.cancel()
            self._parked = None
        self.ended.set()
        self._on_end(self)

    async def _serve(self, request: Request) -> Response:
        """The Runtime API of this one process."""
        match request.method, request.path.removeprefix(_PREFIX).split("/"):
            case "GET", ["invocation", "next"]:
                return await self._next()
            case "POST", ["invocation", identifier, "response"]:
                return self._result(identifier, Outcome(request.body))
            case "POST", ["invocation", identifier, "error"]:
                return self._result(identifier, Outcome(request.body, "Unhandled"))
            case "POST", ["init", "error"]:
                self.failure = Outcome(request.body, "Unhandled")
                return _ACCEPTED
        return _error(404, "NotFound", f"{request.method} {request.path}")

    async def _next(self) -> Response:
        self._parked = asyncio.get_running_loop().create_future()
        self.initialised.set()
        parked = self._parked
        self._on_idle(self)
        invocation = await parked
        deadline = int((time.time() + self._function.timeout) * 1000)
        headers = [
            *_JSON,
            ("lambda-runtime-aws-request-id", invocation.identifier),
            ("lambda-runtime-deadline-ms", str(deadline)),
            ("lambda-runtime-invoked-function-arn", self._function.arn),
        ]
        return Response(200, headers, invocation.payload)

    def _result(self, identifier: str, outcome: Outcome) -> Response:
        if self._current is None or self._current.identifier != identifier:
            return _error(400, "InvalidRequestID", "Invalid request ID")
        if len(outcome.payload) > PAYLOAD_LIMIT:
            self._answer(self._current.too_large(len(outcome.payload)))
            return _error(413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size")
        self._answer(outcome)
        return _ACCEPTED


def listen(port: int = 0, host: str = "127.0.0.1") -> socket.socket:
    """A socket bound to a port of a loopback address, 0 for any free one.

    Raises OSError if it is taken, or if there is no such address here.
    """
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _error(status: int, kind: str, message: str) -> Response:
    return Response(status, _JSON, f'{{"errorType":"{kind}","errorMessage":"{message}"}}'.encode())


def _refusal(status: int) -> Response:
    return _error(status, "InvalidRequest", "the request cannot be read")
