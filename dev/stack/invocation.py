"""One invocation of a function: what goes in, what comes out, and Lambda's own error documents."""

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

PAYLOAD_LIMIT = 6 * 1024 * 1024  # bytes, each way (Lambda quotas, synchronous invocation)


class ThrottledError(Exception):
    """No process of the function became free in time, or too many callers were waiting."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a function answered, or how it failed.

    Attributes:
        payload: JSON; the function's return value, or Lambda's error document.
        error: None, or the value of `X-Amz-Function-Error`.
    """

    payload: bytes
    error: str | None = None

    @property
    def failure(self) -> dict[str, Any]:
        """The error document: errorType, errorMessage and perhaps stackTrace."""
        try:
            document = json.loads(self.payload)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


@dataclass(slots=True)
class Invocation:
    """An event on its way to a process. `outcome` is set once; a caller may have given up on it."""

    payload: bytes
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    outcome: asyncio.Future[Outcome] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    started: bool = False

    def finish(self, outcome: Outcome) -> None:
        """Give the caller its answer, if it is still there and has none."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def timed_out(self, seconds: int) -> Outcome:
        """The answer when the function used up its time."""
        return self._unhandled("Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds")

    def exited(self, status: int | None) -> Outcome:
        """The answer when the process ended during the invocation."""
        how = f"signal: {-status}" if status is not None and status < 0 else f"exit status {status}"
        return self._unhandled("Runtime.ExitError", f"Runtime exited with error: {how}")

    def too_large(self, size: int) -> Outcome:
        """The answer when what the function returned exceeds `PAYLOAD_LIMIT`."""
        return self._unhandled(
            "Function.ResponseSizeTooLarge",
            f"Response payload size ({size} bytes) exceeded maximum allowed payload size "
            f"({PAYLOAD_LIMIT} bytes).",
        )

    def _unhandled(self, kind: str, message: str) -> Outcome:
        text = f"RequestId: {self.identifier} Error: {message}"
        return Outcome(json.dumps({"errorType": kind, "errorMessage": text}).encode(), "Unhandled")
