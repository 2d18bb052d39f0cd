"""Dying at every call that leaves the process: to PostgreSQL, to Stripe, to AWS.

The hooks are where other libraries put bytes on the wire; our own code runs as it is.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import botocore.httpsession
import psycopg
import requests
from botocore.exceptions import ConnectionClosedError

BEFORE = "before it is sent"
AFTER = "after its effect"
LOST = "answer lost"
MOMENTS = (BEFORE, AFTER, LOST)

_STORED_FUNCTION = re.compile(rb"select api\.(\w+)\(")
_ID = re.compile(r"/(cs|re|pi)_\w+")


class Crash(BaseException):
    """The process is gone. No handler of exceptions sees it, as none would see a SIGKILL."""


@dataclass
class Calls:
    """The external calls of an operation, in order: `postgres create_hold`, `stripe POST /v1/…`.

    Attributes:
        at: index of the call that goes wrong, or its name for the first so named; None: none does.
        moment: BEFORE and AFTER end the process; LOST loses the answer, and the process lives on.
        struck: whether that call was reached.
    """

    at: int | str | None = None
    moment: str = BEFORE
    names: list[str] = field(default_factory=list)
    struck: bool = False

    def through(self, name: str, call: Callable[[], Any], lose: Callable[[], Exception]) -> Any:
        """Make a call, or die at it."""
        strikes = not self.struck and self.at in (len(self.names), name)
        self.names.append(name)
        self.struck = self.struck or strikes
        if strikes and self.moment == BEFORE:
            raise Crash(name)
        answer = call()
        if strikes and self.moment == AFTER:
            raise Crash(name)
        if strikes:
            raise lose()
        return answer


@contextmanager
def external_calls(at: int | str | None = None, moment: str = BEFORE) -> Iterator[Calls]:
    """Within the block, record every external call, and let one of them go wrong."""
    calls = Calls(at, moment)
    execute = psycopg.Connection.execute
    send_http = requests.Session.request
    send_aws = botocore.httpsession.URLLib3Session.send

    def to_postgres(connection: psycopg.Connection[Any], query: Any, *rest: Any, **how: Any) -> Any:
        match = _STORED_FUNCTION.match(query) if isinstance(query, bytes) else None
        if match is None:
            return execute(connection, query, *rest, **how)

        def lose() -> Exception:
            connection.close()
            return psycopg.OperationalError("the connection was lost")

        return calls.through(
            f"postgres {match[1].decode()}", lambda: execute(connection, query, *rest, **how), lose
        )

    def to_stripe(session: requests.Session, method: str, url: str, **how: Any) -> Any:
        path = "/v1/" + url.partition("?")[0].partition("/v1/")[2]
        return calls.through(
            f"stripe {method.upper()} {_ID.sub('/{id}', path)}",
            lambda: send_http(session, method, url, **how),
            lambda: requests.exceptions.ConnectionError("the connection was lost"),
        )

    def to_aws(session: Any, request: Any) -> Any:
        operation = request.headers.get("X-Amz-Target")  # DynamoDB's; SES has paths instead
        named = operation.decode() if isinstance(operation, bytes) else operation
        return calls.through(
            f"dynamodb {named.rpartition('.')[2]}" if named else "ses SendEmail",
            lambda: send_aws(session, request),
            lambda: ConnectionClosedError(endpoint_url=request.url),
        )

    hooks = (
        (psycopg.Connection, "execute", execute, to_postgres),
        (requests.Session, "request", send_http, to_stripe),
        (botocore.httpsession.URLLib3Session, "send", send_aws, to_aws),
    )
    for owner, name, _, hook in hooks:
        setattr(owner, name, hook)
    try:
        yield calls
    finally:
        for owner, name, original, _ in hooks:
            setattr(owner, name, original)
