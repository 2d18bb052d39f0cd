"""CloudFormation's custom resources: do what a deployment asks for, and answer in every case.

An answer that never comes lets a deployment hang until its own time-out; so whatever goes wrong is
answered, a time-out included, and an answer that could not be delivered is raised: Lambda
then runs the request again, which must be safe to repeat.

Source: CloudFormation's "Custom resource request and response reference".
"""

import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.platform.observability import logger

_ANSWER_SECONDS = 20.0  # kept back to answer in, out of the invocation's time
_GRACE_SECONDS = 4.0  # for work that has to stop
_PUT_TIMEOUT_SECONDS = 4
_ATTEMPTS = 6
_FIRST_PAUSE_SECONDS = 0.2
_REASON_LENGTH = 1000  # characters; the whole answer may have 4096 bytes

# Presigned addresses of S3, in AWS's own domains. A caller of the function could otherwise let it
# send requests to addresses that the caller cannot reach.
_HOST = re.compile(r"[a-z0-9.-]+\.amazonaws\.(com|com\.cn|eu)")

Work = Callable[[float], Mapping[str, Any]]


class UndeliveredError(Exception):
    """CloudFormation has no answer; the request is to be run again."""


def is_request(event: object) -> bool:
    """Whether CloudFormation, or a caller in its name, waits for an answer."""
    return isinstance(event, dict) and ("ResponseURL" in event or "RequestType" in event)


def serve(
    request: Mapping[str, Any],
    context: LambdaContext,
    *,
    resource_id: str,
    work: Work,
    explain: Callable[[BaseException], str],
) -> dict[str, Any]:
    """Do the work on Create and Update, nothing on Delete, and answer.

    Args:
        resource_id: the physical id, always the same: another one would be a replacement.
        work: gets the seconds it may take; answers the attributes of the resource.
        explain: says in one line without secrets why the work failed.

    Returns:
        The answer that was delivered.

    Raises:
        ValueError: the request names no address that could be CloudFormation's; nothing was done.
        UndeliveredError: the answer was not accepted.
    """
    address = _address(request)
    ends_at = time.monotonic() + context.get_remaining_time_in_millis() / 1000
    answer = {
        "Status": "SUCCESS",
        "PhysicalResourceId": resource_id,
        "StackId": request.get("StackId", ""),
        "RequestId": request.get("RequestId", ""),
        "LogicalResourceId": request.get("LogicalResourceId", ""),
    }
    try:
        answer["Data"] = dict(_done(request.get("RequestType"), ends_at, work))
    except Exception as error:
        why = explain(error)[:_REASON_LENGTH]
        logger().error("custom resource failed", reason=why)
        answer |= {"Status": "FAILED", "Reason": f"{why} [{context.aws_request_id}]"}
    _deliver(address, json.dumps(answer).encode(), ends_at)
    return answer


def _address(request: Mapping[str, Any]) -> str:
    address = str(request.get("ResponseURL", ""))
    parts = urlsplit(address)
    if (
        parts.scheme != "https"
        or not _HOST.fullmatch(parts.hostname or "")
        or parts.netloc != parts.hostname
    ):
        raise ValueError("ResponseURL is no presigned address of S3")
    return address


def _done(kind: object, ends_at: float, work: Work) -> Mapping[str, Any]:
    if kind == "Delete":
        return {}
    if kind not in ("Create", "Update"):
        raise UnknownRequestError(f"RequestType {str(kind)[:40]!r} is not known")
    left = ends_at - time.monotonic()
    seconds = max(left - _ANSWER_SECONDS, left / 4)
    return _in_thread(lambda: work(seconds), seconds + min(_GRACE_SECONDS, left / 4))


class UnknownRequestError(Exception):
    """CloudFormation has a request type that we do not know."""


def _in_thread(work: Callable[[], Mapping[str, Any]], seconds: float) -> Mapping[str, Any]:
    """The work's result or error; TimeoutError if it is stuck where nothing can end it."""
    results: list[Mapping[str, Any]] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="work", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        failure = errors[0]
        raise failure if isinstance(failure, Exception) else RuntimeError(type(failure).__name__)
    if not results:
        raise TimeoutError(f"no answer within {seconds:.0f} s")
    return results[0]


def _deliver(address: str, body: bytes, ends_at: float) -> None:
    """PUT the answer until it is taken, as long as there is time."""
    pause, trouble = _FIRST_PAUSE_SECONDS, "no time was left"
    opener = urllib.request.build_opener()
    for attempt in range(1, _ATTEMPTS + 1):
        left = ends_at - time.monotonic()
        if left < 0.5:
            break
        request = urllib.request.Request(  # noqa: S310 https, by _address
            address,
            method="PUT",
            data=body,
            headers={"Content-Type": ""},  # it is part of what was signed
        )
        try:
            with opener.open(request, timeout=min(_PUT_TIMEOUT_SECONDS, left)):
                return
        except urllib.error.HTTPError as error:
            trouble = f"HTTP status {error.code}"
            error.close()
        except OSError as error:
            trouble = type(error).__name__
        logger().warning("answer not delivered", attempt=attempt, trouble=trouble)
        time.sleep(max(0.0, min(pause, ends_at - time.monotonic() - 1)))
        pause *= 2
    raise UndeliveredError(f"CloudFormation did not take the answer: {trouble}")
