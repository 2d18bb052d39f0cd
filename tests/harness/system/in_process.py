"""The whole system in one process: real handlers, real SQL, the real Stripe SDK and its double.

A request becomes the event that API Gateway would send, found through the routes of template.yaml;
the handler runs with the environment that the template declares for it, database role included.
"""

import importlib
import json
import os
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
from stripe import HTTPClient

from dev.cloudformation import template
from dev.stack import environment, http_message, payload, routes
from dev.stack import secrets as local_secrets
from dev.stripe_double import server
from dev.stripe_double.deliveries import sign
from dev.stripe_double.double import Double
from holdfast.access.actors import digest
from holdfast.api import idempotency, limits
from holdfast.outbox import mail
from holdfast.platform import database as holdfast_database
from holdfast.platform import observability
from holdfast.platform.database import Place
from holdfast.platform.settings import settings
from holdfast.stripe import gateway
from tests.harness.database.migrated import Database, demo_tenant

ROOT = Path(__file__).parents[3]
RETURN_ADDRESSES = {
    "success_url": "https://studio.example/thanks?session={CHECKOUT_SESSION_ID}",
    "cancel_url": "https://studio.example/book",
}

# The SDK pauses between two attempts so that the real Stripe can recover; the double needs no
# pause.
HTTPClient.INITIAL_DELAY = 0.01


@cache
def the_template() -> template.Template:
    return template.load(ROOT / "template.yaml")


@cache
def _routes() -> routes.Routes:
    return routes.Routes(the_template().routes)


@contextmanager
def running_dynamodb() -> Iterator[str]:
    """DynamoDB in threads of this process, with the tables of template.yaml; its address."""
    from dev.stack import dynamodb  # noqa: PLC0415 moto is imported by the tests that need it

    url = dynamodb.serve(0)
    _serving.append(url)
    restore_tables()
    yield url
    _serving.remove(url)


def restore_tables() -> None:
    """Make the tables again, where this process serves DynamoDB: moto's mocks empty all of it."""
    for url in _serving:
        from dev.stack import dynamodb  # noqa: PLC0415 moto is imported by the tests that need it

        dynamodb.create_tables(url, the_template().tables)


_serving: list[str] = []


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client sees."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        """The stable code of a problem document."""
        assert self.headers["content-type"] == "application/problem+json", self
        return str(self.body["code"])


@dataclass
class Context:
    """What Lambda passes to a handler."""

    function_name: str
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    memory_limit_in_mb: str = "512"
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:test"
    remaining_ms: int = 20_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


class System:
    """Holdfast on a database that has the demo tenant, with a Stripe double of its own."""

    def __init__(self, database: Database, dynamodb_url: str, folder: Path) -> None:
        self.database = database
        self.shift = timedelta()  # how far time was moved
        self.double = Double(clock=lambda: datetime.now(UTC) + self.shift)
        self._doors = ExitStack()
        self.address = "203.0.113.7"  # where requests come from
        self._running = ""  # the function that was invoked last
        stripe_url = self._doors.enter_context(server.running(self.double, deliver=False))
        self.secrets = local_secrets.load(folder / "secrets.json")
        self.backends = environment.Backends(
            ROOT, self._database_url, dynamodb_url, stripe_url, self.secrets
        )
        self.tenant = demo_tenant(database, self.secrets)
        self._database_as: str | None = None
        self._connections: dict[str, dict[Place, psycopg.Connection[Any]]] = {}
        self._memories: dict[str, limits.Memory | None] = {}
        self._variables: dict[str, dict[str, str]] = {}
        self._alive: dict[str, dict[str, float]] = {}  # by function: the keys it has seen alive
        self._extra: dict[str, str] = {}
        self.warm("publishable", "secret")
        self.webhook_id = self.double.register_endpoint(
            "https://hooks.example/stripe", secret=self.secrets.webhook_secret
        )["id"]

    def _database_url(self, role: str) -> str:
        return self._database_as or self.database.url(role or "postgres")

    def advance(self, duration: timedelta) -> None:
        """Move time: the database's clock and Stripe's."""
        self.shift += duration
        self.database.clock.advance(duration)

    # Clients ---------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = "publishable",
        secret: str | None = None,
        idempotency_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        address: str | None = None,
    ) -> Answer:
        """Send a request through API Gateway.

        Args:
            body: sent as JSON; bytes are sent as they are.
            key: "publishable", "secret", None, or a key itself.
            secret: the booking's client secret.
            idempotency_key: a new one for every POST unless given; "" sends none.
            address: where the client is; `self.address` unless given.
        """
        sent = {"host": "api.example", "user-agent": "tests"}
        if isinstance(body, bytes):
            data = body
        elif body is None:
            data = b""
        else:
            data = json.dumps(body).encode()
            sent["content-type"] = "application/json"
        if key is not None:
            sent["authorization"] = f"Bearer {self.credential(key)}"
        if secret is not None:
            sent["booking-secret"] = secret
        if method == "POST" and idempotency_key != "":
            sent["idempotency-key"] = idempotency_key or str(uuid.uuid4())
        sent |= headers or {}
        pathname, _, query = path.partition("?")
        match = _routes().match(method, pathname)
        if match is None:
            return Answer(404, {}, {"message": "Not Found"})
        event = self._event(
            http_message.Request(
                method, pathname, query, list(sent.items()), data, address or self.address
            ),
            route_key=f"{match.route.method} {match.route.path}",
            parameters=match.parameters,
        )
        return self.answer(self.invoke(match.route.function, event))

    def credential(self, kind: str) -> str:
        """The demo tenant's "publishable" or "secret" key; anything else is a key itself."""
        return {
            "publishable": self.secrets.publishable_key,
            "secret": self.secrets.secret_key,
        }.get(kind, kind)

    # Stripe ----------------------------------------------------------------------------------

    def post_webhook(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Deliver to the function URL."""
        request = http_message.Request(
            "POST", "/", "", [("host", "hooks.example"), *headers.items()], body, "198.51.100.9"
        )
        request.headers = [(name.lower(), value) for name, value in request.headers]
        event = self._event(request, route_key="$default", parameters={}, is_url=True)
        return self.answer(self.invoke("webhook", event))

    def deliver_webhooks(self) -> list[int]:
        """Deliver all events that are due; the statuses that Stripe got."""
        return [
            attempt.status or 0
            for attempt in self.double.pump(
                lambda _url, _headers, body: self.post_event(body).status
            )
        ]

    def post_event(self, body: bytes) -> Answer:
        """Deliver an event signed now: the functions' own clock is not moved."""
        signature = sign([self.secrets.webhook_secret], int(time.time()), body)
        return self.post_webhook(
            body, {"stripe-signature": signature, "content-type": "application/json"}
        )

    # Schedules -------------------------------------------------------------------------------

    def sweep(self, function: str = "expire_holds", *, remaining_ms: int = 20_000) -> Any:
        """Run a scheduled function once; it does one batch if no time remains."""
        return self.invoke(function, {}, remaining_ms=remaining_ms)

    def run_outbox(self) -> Any:
        """Perform the effects that are due."""
        return self.invoke("deliver", {})

    # Functions -------------------------------------------------------------------------------

    def invoke(self, name: str, event: Any, *, remaining_ms: int = 20_000) -> Any:
        """Run one handler as Lambda would: its own environment, its own kept connection."""
        function = the_template().function(name)
        assert function is not None, name
        module = _module(function.name)
        self._running = function.name
        with self._inside(function):
            return module.lambda_handler(
                event, Context(function.logical_id, remaining_ms=remaining_ms)
            )

    @contextmanager
    def _inside(self, function: template.Function) -> Iterator[None]:
        before = dict(os.environ)
        variables = environment.environment(function, self.backends) | self._extra
        _set_environment(variables)
        _warm((self, function.name, variables))
        holdfast_database._connections = self._connections.setdefault(function.name, {})
        limits._memory = self._memories.get(function.name)
        idempotency._alive = self._alive.setdefault(function.name, {})
        try:
            with _shared_clients():
                yield
        finally:
            holdfast_database._connections = {}
            self._memories[function.name] = limits._memory
            idempotency._alive = {}
            _set_environment(before)

    def with_environment(self, **variables: str) -> None:
        """Set variables for all later invocations."""
        self._extra |= variables
        self._memories.clear()

    def renew(self, dynamodb: str | None = None) -> None:
        """Let later invocations begin in new environments; with an address of DynamoDB in the same
        ones, which find it there.
        """
        if dynamodb is None:
            self._memories.clear()
            return
        self._extra["AWS_ENDPOINT_URL_DYNAMODB"] = dynamodb
        for memory in self._memories.values():
            if memory is not None:
                memory.client = None

    def warm(self, *keys: str) -> None:
        """Let every function have seen these keys alive, as it has the demo tenant's."""
        for function in the_template().functions.values():
            alive = self._alive.setdefault(function.name, {})
            alive |= {digest(self.credential(key)).hex(): float("inf") for key in keys}

    def cool(self) -> None:
        """New execution environments, which have seen no key alive, nor DynamoDB."""
        forget()
        self._alive.clear()

    def database_at(self, url: str | None) -> None:
        """Let the functions look for their database elsewhere; None: where it is."""
        self._database_as = url
        self.close()

    def close(self) -> None:
        """Drop the connections of all functions."""
        for connections in self._connections.values():
            for connection in connections.values():
                connection.close()
        self._connections.clear()

    def kill(self) -> None:
        """The process that ran the last invocation has died, and its connection with it."""
        self._memories.pop(self._running, None)
        forget()
        self._alive.pop(self._running, None)
        for connection in self._connections.pop(self._running).values():
            connection.close()

    def stop(self) -> None:
        """End what the system started."""
        forget()
        self.close()
        self._doors.close()
        self.double.close()

    def _event(
        self,
        request: http_message.Request,
        *,
        route_key: str,
        parameters: dict[str, str],
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

    @staticmethod
    def answer(returned: Any) -> Answer:
        response = payload.response(json.dumps(returned).encode())
        headers = dict(response.headers)
        kind = headers.get("content-type", "")
        body = json.loads(response.body) if response.body and "json" in kind else response.body
        return Answer(response.status, headers, body)

    # Stories ---------------------------------------------------------------------------------

    @cached_property
    def resource(self) -> dict[str, Any]:
        """The tutor: capacity one, with a buffer of a quarter of an hour after each lesson."""
        return self.tenant.resources[0]

    @cached_property
    def studio(self) -> dict[str, Any]:
        """The yoga studio: eight places at a time."""
        return self.tenant.resources[1]

    @cached_property
    def venue(self) -> dict[str, Any]:
        """The garden venue: booked by date."""
        return self.tenant.resources[2]

    def slots(self, resource: dict[str, Any] | None = None, query: str = "") -> list[Any]:
        """The free periods of a resource's first offering."""
        chosen = resource or self.resource
        offering = chosen["offerings"][0]["id"]
        answer = self.request(
            "GET", f"/v1/resources/{chosen['id']}/slots?offering_id={offering}{query}"
        )
        assert answer.status == 200, answer
        found: list[Any] = answer.body["slots"]
        return found

    def hold_body(self, starts_at: str, **changes: Any) -> dict[str, Any]:
        """A request to hold a lesson with the tutor."""
        return {
            "resource_id": self.resource["id"],
            "offering_id": self.resource["offerings"][0]["id"],
            "starts_at": starts_at,
            "customer": {"name": "Grace Hopper", "email": "grace@example.com"},
        } | changes

    def hold(self, starts_at: str | None = None, **changes: Any) -> dict[str, Any]:
        """A held lesson; by default the first free one."""
        body = self.hold_body(starts_at or self.slots()[0]["starts_at"], **changes)
        answer = self.request("POST", "/v1/holds", body)
        assert answer.status == 201, answer
        held: dict[str, Any] = answer.body
        return held

    def begin_checkout(
        self, held: Mapping[str, Any], *, idempotency_key: str | None = None, **addresses: str
    ) -> Answer:
        """Ask for the payment page of a held booking."""
        return self.request(
            "POST",
            f"/v1/bookings/{held['id']}/checkout",
            RETURN_ADDRESSES | addresses,
            secret=held["client_secret"],
            idempotency_key=idempotency_key,
        )

    def checkout(self, held: Mapping[str, Any] | None = None) -> tuple[dict[str, Any], str]:
        """A booking that is pending payment, and its session's id."""
        booking = dict(held or self.hold())
        answer = self.begin_checkout(booking)
        assert answer.status == 200, answer
        return booking, self.session_id(booking)

    def paid(self, held: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A booking that is paid and confirmed, and Stripe's events are delivered."""
        booking, session_id = self.checkout(held)
        self.pay(session_id)
        self.deliver_webhooks()
        assert self.booking(booking).status == "scheduled"
        return booking

    def move(
        self,
        held: Mapping[str, Any],
        starts_at: str,
        *,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Answer:
        """Ask for another time of a booking."""
        return self.request(
            "POST",
            f"/v1/bookings/{held['id']}/reschedule",
            {"starts_at": starts_at} | fields,
            secret=held["client_secret"],
            idempotency_key=idempotency_key,
        )

    def give_up(self, held: Mapping[str, Any]) -> Answer:
        """Give up a reschedule that waits for its payment."""
        return self.request(
            "DELETE", f"/v1/bookings/{held['id']}/reschedule", secret=held["client_secret"]
        )

    def change_prices(self, amount: int) -> None:
        """Raise all prices by so much; negative lowers them. Minor units."""
        self.database.execute("update core.prices set amount = amount + %s", amount)

    def offer_delayed_methods(self) -> None:
        """Let every payment page offer them whose time is a day away or more."""
        self.database.execute(
            "update core.tenants set delayed_methods = 'all', delayed_method_days = 1"
        )

    def session_id(self, held: Mapping[str, Any]) -> str:
        """The newest session of a booking."""
        return str(
            self.database.value(
                "select stripe_session_id from core.checkouts where booking_id = %s"
                " order by created_at desc limit 1",
                held["id"],
            )
        )

    def pay(self, session_id: str, action: str = "pay", card: str | None = None) -> None:
        """What the customer does on the payment page."""
        self.double.act(session_id, action, card)

    def confirmation(self, held: Mapping[str, Any]) -> dict[str, Any]:
        """What the customer's page shows."""
        answer = self.request(
            "GET", f"/v1/bookings/{held['id']}/confirmation", secret=held["client_secret"]
        )
        assert answer.status == 200, answer
        told: dict[str, Any] = answer.body
        return told

    def booking(self, held: Mapping[str, Any]) -> Any:
        """The booking's row."""
        return self.database.one("select * from core.bookings where id = %s", held["id"])

    def actor(self, held: Mapping[str, Any] | None = None, kind: str = "publishable") -> str:
        """The first argument of a stored function, as JSON."""
        secret = held["client_secret"] if held else None
        return json.dumps(
            {
                "key_hash": digest(self.credential(kind)).hex(),
                "booking_secret_hash": digest(secret).hex() if secret else None,
                "request_id": "test",
            }
        )


@cache
def _module(name: str) -> ModuleType:
    return importlib.import_module(f"functions.{name}.app")


@contextmanager
def _shared_clients() -> Iterator[None]:
    """Two AWS clients with the same options are one.

    They keep nothing but their connections, and take longer to make than the calls they make.
    """
    boto3 = sys.modules.get("boto3")  # slow to import, so this leaves it to the first who needs it
    if boto3 is None:
        yield
        return
    make = boto3.client

    def client(service: str, *, config: Any) -> Any:
        settings = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        key = repr((service, sorted(vars(config).items(), key=repr), sorted(settings.items())))
        if key not in _clients:
            _clients[key] = make(service, config=config)
        return _clients[key]

    setattr(boto3, "client", client)  # noqa: B010 a module of others
    try:
        yield
    finally:
        setattr(boto3, "client", make)  # noqa: B010


_clients: dict[str, Any] = {}


def _set_environment(variables: Mapping[str, str]) -> None:
    """Change what differs: most is the same from one invocation to the next."""
    now = dict(os.environ)
    for name in now.keys() - variables.keys():
        del os.environ[name]
    for name, value in variables.items():
        if now.get(name) != value:
            os.environ[name] = value


_running: tuple[System, str, dict[str, str]] | None = None  # whose settings and clients are kept


def _warm(environment: tuple[System, str, dict[str, str]]) -> None:
    """Continue in the environment of the last invocation, if it is this one; otherwise begin a new
    one.

    As Lambda does; and making new clients takes three times as long as their calls.
    """
    global _running  # noqa: PLW0603 the caches it describes are the modules' own
    if _running != environment:
        forget()
        _running = environment
    # these keep the stream that they wrote to
    observability.logger.cache_clear()
    observability.metrics.cache_clear()


def forget() -> None:
    """Forget everything that a new execution environment would read again."""
    global _running  # noqa: PLW0603
    _running = None
    settings.cache_clear()
    gateway.client.cache_clear()
    mail._client.cache_clear()
    idempotency.config.cache_clear()
    idempotency._guarded.cache_clear()
    observability.logger.cache_clear()
    observability.metrics.cache_clear()
    limits.forget()
