"""Handlers that run in turns: each may be stopped, killed or deceived at every external call.

An invocation runs in its own thread, but only one thread holds the baton at any time, and the seed
decides which gets it next. Between two external calls a handler runs undisturbed, as it does in its
own execution environment; at the calls, others may overtake it.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import botocore.client
import botocore.exceptions
import psycopg

from tests.harness.system.crashes import _STORED_FUNCTION


class Crash(BaseException):
    """The process is gone. No handler of exceptions sees it, as none would see a SIGKILL."""


class Order(Enum):
    """What happens to an invocation at an external call."""

    GO = auto()
    WAIT = auto()  # others first
    CRASH = auto()  # the process dies here
    REFUSE = auto()  # before the call: it never gets there
    LOSE = auto()  # after the call: the answer does not arrive


@dataclass(frozen=True, slots=True)
class Site:
    """A place where an invocation can die: function, call, and before or after its effect."""

    function: str
    call: str
    after: bool

    def __str__(self) -> str:
        return f"{self.function}: {'after' if self.after else 'before'} {self.call}"

    @classmethod
    def named(cls, text: str) -> "Site":
        """The site that a report names so."""
        function, _, place = text.partition(": ")
        when, _, call = place.partition(" ")
        return cls(function, call, when == "after")


Decide = Callable[["Task", Site], Order]


@dataclass(eq=False)
class Task:
    """One invocation.

    Attributes:
        done: it has returned, failed or died.
        result: what it returned; None if it died.
        crashed: where it died.
    """

    name: str
    function: str
    action: Callable[[], Any]
    decide: Decide
    enter: Callable[[], None]  # makes the process look like this invocation's environment
    result: Any = None
    failure: BaseException | None = None
    crashed: Site | None = None
    done: bool = False
    _turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _back: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _thread: threading.Thread | None = None

    def run(self) -> None:
        """Give it the baton until it waits or ends."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._live, name=self.name, daemon=True)
            self._thread.start()
        self.enter()
        self._turn.release()
        self._back.acquire()

    def kill(self) -> None:
        """Let it die where it waits."""
        self.decide = lambda _task, _site: Order.CRASH
        self.run()

    def _live(self) -> None:
        self._turn.acquire()
        _here.task = self
        try:
            self.result = self.action()
        except Crash:
            pass
        except BaseException as error:
            self.failure = error
        finally:
            self.done = True
            self._back.release()

    def at(self, call: str, *, after: bool) -> Order:
        """What happens here; waits in between, as often as the seed wants."""
        site = Site(self.function, call, after)
        while (order := self.decide(self, site)) is Order.WAIT:
            self._back.release()
            self._turn.acquire()
        if order is Order.CRASH:
            self.crashed = site
        return order

    def through(self, call: str, perform: Callable[[], Any], lose: Callable[[], Exception]) -> Any:
        """Make an external call under orders."""
        match self.at(call, after=False):
            case Order.CRASH:
                raise Crash(call)
            case Order.REFUSE:
                raise lose()
        answer = perform()
        match self.at(call, after=True):
            case Order.CRASH:
                raise Crash(call)
            case Order.LOSE:
                raise lose()
        return answer


_here = threading.local()


def current() -> Task | None:
    """The invocation that this thread runs; None in the simulator itself."""
    return getattr(_here, "task", None)


@contextlib.contextmanager
def hooked() -> Iterator[None]:
    """Within the block, calls to PostgreSQL and AWS are made under orders.

    Calls to Stripe pass through the SDK's own HTTP client, which the world provides.
    """
    execute = psycopg.Connection.execute
    call_aws = botocore.client.BaseClient._make_api_call

    def to_postgres(connection: psycopg.Connection[Any], query: Any, *rest: Any, **how: Any) -> Any:
        task = current()
        match = _STORED_FUNCTION.match(query) if isinstance(query, bytes) else None
        if task is None or match is None:
            return execute(connection, query, *rest, **how)

        def lose() -> Exception:
            connection.close()
            return psycopg.OperationalError("the connection was lost")

        return task.through(
            f"postgres {match[1].decode()}", lambda: execute(connection, query, *rest, **how), lose
        )

    def to_aws(client: Any, operation: str, parameters: Any) -> Any:
        task = current()
        if task is None:
            return call_aws(client, operation, parameters)
        return task.through(
            f"{client.meta.service_model.service_name} {operation}",
            lambda: call_aws(client, operation, parameters),
            lambda: botocore.exceptions.ConnectionClosedError(
                endpoint_url=client.meta.endpoint_url
            ),
        )

    setattr(psycopg.Connection, "execute", to_postgres)  # noqa: B010
    setattr(botocore.client.BaseClient, "_make_api_call", to_aws)  # noqa: B010
    try:
        yield
    finally:
        setattr(psycopg.Connection, "execute", execute)  # noqa: B010
        setattr(botocore.client.BaseClient, "_make_api_call", call_aws)  # noqa: B010
