"""A world under the seed's control: execution environments, clocks, Stripe, DynamoDB, customers."""

import contextlib
import importlib.util
import json
import os
import random
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import stripe
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sesv2.models import sesv2_backends

from dev.stack import dynamodb, environment, http_message, payload
from dev.stack import secrets as local_secrets
from dev.stripe_double.deliveries import sign
from dev.stripe_double.double import Double
from dev.stripe_double.sdk_client import DoubleClient
from holdfast.api import idempotency, limits
from holdfast.outbox import mail
from holdfast.platform import database as holdfast_database
from holdfast.platform.database import Place
from holdfast.platform.errors import Unavailable
from holdfast.platform.settings import settings
from holdfast.stripe import gateway
from tests.harness.database.migrated import Database, demo_tenant
from tests.harness.system.in_process import (
    ROOT,
    Answer,
    Context,
    System,
    _routes,
    forget,
    restore_tables,
    the_template,
)
from tests.simulation.tasks import Order, Site, Task, current, hooked

BEGINNING = datetime(2027, 3, 8, 5, 30, tzinfo=UTC)  # the week before clocks change in New York
_IDS = re.compile(r"/(cs|pi|py|pyr|re)_\w+")
_DOOMED = 0.2  # with more, no history would reach what comes after a dozen other calls
_MODULES = 0


@dataclass(eq=False)
class Environment:
    """An execution environment of one function: its own module, its own kept connection."""

    function: str
    variables: dict[str, str]
    module: ModuleType
    connections: dict[Place, psycopg.Connection[Any]] = field(default_factory=dict)
    context: Context | None = None
    alive: dict[str, float] = field(default_factory=dict)
    memory: limits.Memory | None = None

    def install(self) -> None:
        """Make the process look like this environment; the one before is put away."""
        os.environ["DATABASE_URL"] = self.variables.get("DATABASE_URL", "")
        os.environ["AWS_LAMBDA_FUNCTION_NAME"] = self.variables["AWS_LAMBDA_FUNCTION_NAME"]
        settings.cache_clear()
        holdfast_database._connections = self.connections
        idempotency._alive = self.alive
        limits._memory = self.memory
        idempotency.config().lambda_context = self.context  # type: ignore[assignment]

    def put_away(self) -> None:
        """Store what the invocation left for the next one."""
        holdfast_database._connections = {}
        idempotency._alive = {}
        self.memory = limits._memory
        limits._memory = None

    def destroy(self) -> None:
        """The process has died: nothing of it is left."""
        for connection in self.connections.values():
            connection.close()
        self.connections.clear()


class World:
    """The system and everything around it, as one seed wants it."""

    def __init__(
        self, base: Database, folder: Path, seed: str, doomed: Sequence[Site] = ()
    ) -> None:
        self.database = base
        self.now = BEGINNING
        self.database.clock.set(self.now)
        self.double = Double(
            clock=lambda: self.now, seed=random.Random(seed).getrandbits(32), sleep=self._nap
        )
        self.secrets = local_secrets.load(folder / "secrets.json")
        self.backends = environment.Backends(
            ROOT,
            lambda role: self.database.url(role or "postgres"),
            "http://dynamodb.invalid",
            "http://stripe.invalid",
            self.secrets,
        )
        self.tenant = demo_tenant(self.database, self.secrets)
        self.database.execute(  # two share a unit of the studio, so that seats are contested
            "update core.offerings set group_size = 2 where name = 'Open class';"
            " update core.resources set capacity = 1 where name = 'Yoga studio';"
            # all requests come from one address, for one of a few customers: all limits apply
            " update core.tenants set live_holds_per_customer = 2, live_holds_per_address = 12,"
            " live_holds_per_day = 6, places_per_customer = 2, places_per_address = 6,"
            " offers_per_address = 2, letters_per_unproved = 3;"
            # delayed methods on every page whose time is a day away, and few pages for one hold
            " update core.tenants set delayed_methods = 'all', delayed_method_days = 1,"
            " payment_pages_per_hold = 4"
        )
        self.double.register_endpoint(
            "https://hooks.example/stripe", secret=self.secrets.webhook_secret
        )
        self.free: dict[str, list[Environment]] = {}
        self.tasks: list[tuple[Task, Environment, Callable[[Answer | None], None]]] = []
        self.rng = random.Random(seed)
        self._seed = seed
        self._doomed = doomed
        self.sites: Counter[Site] = Counter()
        self.crashes: Counter[Site] = Counter()
        self.faults: Counter[str] = Counter()
        self.calm = False  # True: no more faults
        self.drained = False  # True: and no one is left who met one before
        self._connected = 0

    # Time ------------------------------------------------------------------------------------

    def advance(self, duration: timedelta) -> None:
        """Move the database's clock and Stripe's."""
        self.now += duration
        self.database.clock.set(self.now)

    def _nap(self, seconds: float) -> None:
        """A slow answer of Stripe's: time passes without sleeping."""
        self.advance(timedelta(seconds=seconds))

    # Invocations -----------------------------------------------------------------------------

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str = "publishable",
        secret: str | None = None,
        idempotency_key: str | None = None,
        then: Callable[[Answer | None], None],
    ) -> None:
        """A client's request; `then` gets the answer, or None if none comes."""
        credential = {
            "publishable": self.secrets.publishable_key,
            "secret": self.secrets.secret_key,
        }[key]
        headers = {"host": "api.example", "authorization": f"Bearer {credential}"}
        data = b""
        if body is not None:
            data = json.dumps(body).encode()
            headers["content-type"] = "application/json"
        if secret is not None:
            headers["booking-secret"] = secret
        if idempotency_key is not None:
            headers["idempotency-key"] = idempotency_key
        pathname, _, query = path.partition("?")
        match = _routes().match(method, pathname)
        assert match is not None, path
        event = _event(
            http_message.Request(
                method, pathname, query, list(headers.items()), data, "203.0.113.7"
            ),
            f"{match.route.method} {match.route.path}",
            match.parameters,
        )
        self.invoke(match.route.function, event, then)

    def post_event(self, body: bytes, then: Callable[[Answer | None], None]) -> None:
        """Stripe delivers an event."""
        signature = sign([self.secrets.webhook_secret], int(time.time()), body)
        headers = [("host", "hooks.example"), ("stripe-signature", signature)]
        headers.append(("content-type", "application/json"))
        request = http_message.Request("POST", "/", "", headers, body, "198.51.100.9")
        self.invoke("webhook", _event(request, "$default", {}, is_url=True), then)

    def invoke(
        self,
        function: str,
        event: Any,
        then: Callable[[Answer | None], None],
        *,
        remaining_ms: int | None = None,
    ) -> None:
        """Start an invocation and let it run until it waits or ends.

        Args:
            remaining_ms: how long it may take; by default that is left to chance.
        """
        known = the_template().function(function)
        assert known is not None, function
        waiting = self.free.setdefault(known.name, [])
        place = waiting.pop() if waiting else self._new_environment(known)
        # a lease that ends before its invocation: that is what the fence behind it is for
        lasting = 20_000 if self.rng.random() < 0.4 else 0
        context = Context(known.logical_id, str(uuid.uuid4()), remaining_ms=remaining_ms or lasting)
        place.context = context

        def act() -> Any:
            return place.module.lambda_handler(event, context)

        task = Task(
            f"{known.name} {context.aws_request_id}", known.name, act, self._order, place.install
        )
        self.tasks.append((task, place, then))
        self.resume(len(self.tasks) - 1)

    def resume(self, index: int) -> None:
        """Let a waiting invocation continue."""
        task, place, then = self.tasks[index]
        task.run()
        place.put_away()
        if not task.done:
            return
        del self.tasks[index]
        if task.crashed is not None:
            self.crashes[task.crashed] += 1
            self.faults["crash"] += 1
            place.destroy()
            then(None)
            return
        if isinstance(task.failure, Unavailable) and not self.drained:
            self.free[place.function].append(place)
            then(None)  # a scheduled run failed; the next one is a minute away
            return
        if task.failure is not None:
            raise task.failure
        self.free[place.function].append(place)
        returned = task.result
        if isinstance(returned, dict) and "statusCode" in returned:
            then(System.answer(returned))
        else:
            then(Answer(200, {}, returned))

    def kill(self, index: int) -> None:
        """A waiting invocation's process dies."""
        task, _, _ = self.tasks[index]
        task.decide = lambda _task, _site: Order.CRASH
        self.resume(index)

    def _order(self, task: Task, site: Site) -> Order:
        if self.calm:  # the end of a history: nothing may be struck any more
            return Order.GO
        self.sites[site] += 1
        visits = self.sites[site]
        if visits == 1 and self._is_doomed(site):
            return Order.CRASH
        chance = self.rng.random()
        deadly = 0.05 if visits in range(2, 7) else 0.01
        if chance < deadly:
            return Order.CRASH
        if chance < deadly + 0.03:
            self.faults[
                f"{site.call.partition(' ')[0]} answer lost"
                if site.after
                else f"{site.call.partition(' ')[0]} refused"
            ] += 1
            return Order.LOSE if site.after else Order.REFUSE
        if chance < deadly + 0.1 and len(self.tasks) < 6:
            return Order.WAIT
        return Order.GO

    def _is_doomed(self, site: Site) -> bool:
        """Whether the first to get there dies: in some of all histories, whatever else they do.

        So a place that few histories reach is struck as often, for each such history, as one that
        every history passes. A history can be played again to strike more of them.
        """
        return site in self._doomed or random.Random(f"{self._seed}/{site}").random() < _DOOMED

    def _new_environment(self, function: Any) -> Environment:
        global _MODULES  # noqa: PLW0603 a name for each module
        _MODULES += 1
        path = ROOT / function.code / "app.py"
        spec = importlib.util.spec_from_file_location(f"environment_{_MODULES}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        variables = environment.environment(function, self.backends)
        return Environment(function.name, variables, module)

    # What else can happen --------------------------------------------------------------------

    def end_backend(self) -> None:
        """The database ends the session of some idle environment."""
        places = [place for group in self.free.values() for place in group]
        kept = [c for p in places for c in p.connections.values() if not c.closed]
        if kept:
            victim = self.rng.choice(kept)
            self.database.execute(f"select pg_terminate_backend({victim.info.backend_pid})")
            self.faults["database session ended"] += 1

    def lose_records(self) -> None:
        """DynamoDB forgets everything: the fence in PostgreSQL must suffice, and rates begin at
        0.
        """
        client = dynamodb.client("http://dynamodb.us-east-1.amazonaws.com")
        for table in (os.environ["IDEMPOTENCY_TABLE"], os.environ["RATE_LIMIT_TABLE"]):
            for item in client.scan(TableName=table, ProjectionExpression="id")["Items"]:
                client.delete_item(TableName=table, Key={"id": item["id"]})
        self.faults["records of DynamoDB lost"] += 1

    def close(self) -> None:
        """End what runs: invocations that wait die, connections are closed."""
        while self.tasks:
            self.kill(0)
        for group in self.free.values():
            for place in group:
                place.destroy()
        self.double.close()


class _StripeClient(DoubleClient):
    """The SDK's HTTP client, under orders."""

    def request(
        self, method: str, url: str, headers: Any, post_data: Any = None, **how: Any
    ) -> Any:
        task = current()
        request = super().request
        if task is None:
            return request(method, url, headers, post_data, **how)
        path = "/v1/" + url.partition("?")[0].partition("/v1/")[2]
        return task.through(
            f"stripe {method.upper()} {_IDS.sub('/{id}', path)}",
            lambda: request(method, url, headers, post_data, **how),
            lambda: stripe.APIConnectionError("the connection was lost"),  # type: ignore[no-untyped-call]
        )


@dataclass
class Cell:
    """The double of the episode that runs now."""

    double: Double | None = None


@contextlib.contextmanager
def laboratory() -> Iterator[Cell]:
    """The process prepared for episodes: no sockets to Stripe or AWS, no sleeping."""
    cell = Cell()
    before = dict(os.environ)
    sleep, requests_client, connect = time.sleep, stripe.RequestsClient, psycopg.connect
    clock = limits.clock

    def client(**_: Any) -> _StripeClient:
        assert cell.double is not None
        return _StripeClient(cell.double)

    def connect_repeatably(*arguments: Any, **options: Any) -> Any:
        connection = connect(*arguments, **options)
        if current() is not None:
            connection.execute("select setseed(0.5)")  # the jitter of retries is the seed's too
        return connection

    try:
        with mock_aws(), hooked():
            setattr(stripe, "RequestsClient", client)  # noqa: B010
            setattr(psycopg, "connect", connect_repeatably)  # noqa: B010
            time.sleep = lambda _seconds: None
            _common_environment()
            url = "http://dynamodb.us-east-1.amazonaws.com"
            dynamodb.create_tables(url, the_template().tables)
            backend = sesv2_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].core_backend
            backend.verify_domain("example.com")
            mail._client.cache_clear()
            yield cell
    finally:
        time.sleep = sleep
        setattr(limits, "clock", clock)  # noqa: B010
        setattr(psycopg, "connect", connect)  # noqa: B010
        setattr(stripe, "RequestsClient", requests_client)  # noqa: B010
        os.environ.clear()
        os.environ.update(before)
        mail._client.cache_clear()
        forget()
        restore_tables()


def _common_environment() -> None:
    """What all functions may share in one process; role and name come with each environment."""
    variables: dict[str, str] = {}
    for function in the_template().functions.values():
        variables |= function.environment
    os.environ.update(variables)
    os.environ.update(
        AWS_ACCESS_KEY_ID="local",
        AWS_SECRET_ACCESS_KEY="local",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_REGION="us-east-1",
        POWERTOOLS_LOG_LEVEL="CRITICAL",
        POWERTOOLS_METRICS_DISABLED="true",
    )


def use(cell: Cell, world: World) -> None:
    """Let the process serve this world."""
    cell.double = world.double
    # windows are the seed's, too; asked each time, because the world's time goes on
    setattr(limits, "clock", lambda: world.now.timestamp())  # noqa: B010, PLW0108
    os.environ.update(
        STRIPE_API_KEY=world.secrets.stripe_api_key,
        STRIPE_API_BASE="http://stripe.invalid",
        STRIPE_WEBHOOK_SECRETS=world.secrets.webhook_secret,
        BOOKING_SECRET_KEY=world.secrets.booking_key,
    )
    gateway.client.cache_clear()
    settings.cache_clear()


def _event(
    request: http_message.Request,
    route_key: str,
    parameters: Mapping[str, str],
    *,
    is_url: bool = False,
) -> dict[str, Any]:
    origin = payload.Origin("webhook" if is_url else "api", is_url)
    return payload.event(
        request,
        origin=origin,
        route_key=route_key,
        path_parameters=parameters,
        identifier=payload.request_id(origin),
        port=443,
    )
