"""The parts of a stack in the order in which they depend on each other."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dev.cloudformation import template
from dev.cloudformation.template import Function, Template
from dev.stack import lambda_api, logs, manifest, ports, secrets, summary
from dev.stack.console import Console
from dev.stack.database import Database
from dev.stack.environment import Backends, environment
from dev.stack.gateway import API_LIMITS, URL_LIMITS, Gateway
from dev.stack.http_message import Request, Response
from dev.stack.http_server import Server
from dev.stack.lambda_api import LambdaApi
from dev.stack.lock import StackLock
from dev.stack.scheduler import Scheduler
from dev.stack.secrets import LocalSecrets
from dev.stack.services import Service, answers
from dev.stack.static import SHARED, Pages
from dev.stack.workers import Pool, Pools, concurrency

_HOST = "http://127.0.0.1"
_DOOR = "http://localhost"  # browsers allow on it what else needs TLS: passkeys, __Host- cookies
_PARAMETERS = {"ServeBookingPage": "yes", "EmbedOrigins": "*"}
_GRACE_SECONDS = 3.0  # for requests and invocations in progress when the stack stops


@dataclass(frozen=True, slots=True)
class Settings:
    """What to run, and where its data are (`local` is shared by all stacks, `folder` is ours)."""

    root: Path
    local: Path
    folder: Path
    template: Path
    schedules: bool
    warm: bool

    @property
    def logs(self) -> Path:
        """Where the parts write their logs."""
        return self.folder / "logs"


class Stack:
    """Everything that `make up` runs.

    Args:
        api: the sockets of the HTTP API, bound but not listening: clients are refused until ready.
    """

    def __init__(
        self, settings: Settings, api: Sequence[socket.socket], lock: StackLock, console: Console
    ) -> None:
        self._settings = settings
        self._lock = lock
        self._console = console
        self._port: int = api[0].getsockname()[1]
        self._template: Template = template.load(settings.template, _PARAMETERS)
        local = secrets.load(settings.folder / "secrets.json")
        real = secrets.with_real_stripe(local)
        self._secrets: LocalSecrets = real or local
        self._database = Database(
            settings.folder, settings.root / "sql", api_port=self._port, lock=lock.descriptor
        )
        self._api_sockets = api
        self._control_socket = ports.reserve(self._port, "control")
        self._url_sockets = {
            function.logical_id: ports.reserve(self._port, "webhook" if position == 0 else "other")
            for position, function in enumerate(self._functions_with_url())
        }
        self._dynamodb_port = ports.choose(self._port, "dynamodb")
        self._stripe_port = None if real else ports.choose(self._port, "stripe")
        self._services = [self._dynamodb(), *([] if real else [self._stripe()])]
        self._pools: Pools | None = None
        self._servers: list[Server] = []
        self._scheduler: Scheduler | None = None
        self._background: list[asyncio.Task[None]] = []

    # what there is ----------------------------------------------------------------------------

    def _functions_with_url(self) -> list[Function]:
        """Those with a function URL, the one that takes Stripe's webhooks first."""
        found = [function for function in self._template.functions.values() if function.has_url]
        return sorted(found, key=lambda f: "STRIPE_WEBHOOK_SECRET_ARN" not in f.environment)

    def _webhook_url(self) -> str:
        first = next(iter(self._url_sockets.values()), None)
        return "" if first is None else f"{_HOST}:{first.getsockname()[1]}/"

    def _stripe_url(self) -> str:
        return summary.STRIPE if self._stripe_port is None else self._double_url()

    def _double_url(self) -> str:
        return f"{_HOST}:{self._stripe_port}"

    def _dynamodb(self) -> Service:
        port = self._dynamodb_port
        arguments = ["-m", "dev.stack.dynamodb", "--port", str(port), "--exit-with-parent"]
        return self._service("dynamodb", arguments, partial(_listens, port), self._create_tables)

    async def _create_tables(self) -> None:
        from dev.stack.dynamodb import create_tables  # noqa: PLC0415 - boto3 is slow to import

        url = f"{_HOST}:{self._dynamodb_port}"
        await asyncio.to_thread(create_tables, url, self._template.tables)

    def _stripe(self) -> Service:
        assert self._stripe_port is not None
        arguments = ["-m", "dev.stripe_double", "--port", str(self._stripe_port)]
        arguments += ["--data", str(self._settings.folder / "stripe.sqlite")]
        arguments += ["--public-url", self._double_url(), "--webhook-url", self._webhook_url()]
        arguments += ["--webhook-secret", self._secrets.webhook_secret, "--exit-with-parent"]
        return self._service(
            "stripe", arguments, partial(answers, self._stripe_port, "/_double/state")
        )

    def _service(
        self,
        name: str,
        arguments: list[str],
        ready: Callable[[], Awaitable[None]],
        prepare: Callable[[], Awaitable[None]] | None = None,
    ) -> Service:
        return Service(
            name,
            arguments,
            root=self._settings.root,
            logs=self._settings.logs,
            lock=self._lock.descriptor,
            ready=ready,
            prepare=prepare,
        )

    # starting ---------------------------------------------------------------------------------

    async def start(self) -> dict[str, Any]:
        """Bring everything up; returns what stack.json holds."""
        manifest.clear(self._settings.local, self._settings.folder)
        seeded, *_ = await _all(
            [self._start_database(), *(self._start_service(each) for each in self._services)]
        )
        self._lock.note_services(pid for each in self._services if (pid := each.pid) is not None)
        await self._open()
        described = self._describe(seeded)
        manifest.publish(self._settings.local, self._settings.folder, described)
        return described

    async def _start_service(self, service: Service) -> None:
        started = time.monotonic()
        await service.start()
        self._console.step(service.name, started)

    async def _start_database(self) -> Any:
        started = time.monotonic()
        await self._database.start()
        self._console.step("postgres", started)
        started = time.monotonic()
        note = await self._database.migrate()
        self._console.step("migrations", started, note)
        started = time.monotonic()
        from dev.stack.demo import seed  # noqa: PLC0415 - imports the models

        seeded = await self._database.seed(lambda url: seed(url, self._secrets))
        self._console.step("demo data", started)
        return seeded

    async def _open(self) -> None:
        """Open the doors: everything behind them is ready."""
        settings = self._settings
        backends = Backends(
            root=settings.root,
            database_url=self._database.url,
            dynamodb=f"{_HOST}:{self._dynamodb_port}",
            stripe=None if self._stripe_port is None else self._double_url(),
            secrets=self._secrets,
            booking_page=self._booking_page(),
        )
        self._pools = pools = Pools(
            Pool(
                function,
                settings.root,
                environment(function, backends),
                logs=settings.logs,
                console=self._console,
                limit=concurrency(function),
            )
            for function in self._template.functions.values()
        )
        headers = self._template.headers
        web = settings.root / "web"
        pages = Pages(
            web / "booking",
            headers["PageHeaders"],
            headers["EmbedHeaders"],
            shared=web / SHARED,
        )
        gateway = Gateway(self._template, pools, self._console, pages)
        for function in self._functions_with_url():
            sock = self._url_sockets[function.logical_id]
            serve_url = partial(_serve_url, gateway, function, sock.getsockname()[1])
            self._servers.append(Server(serve_url, sock, limits=URL_LIMITS))
        lambdas = LambdaApi(self._template, pools)
        self._servers.append(
            Server(
                lambdas.serve,
                self._control_socket,
                limits=lambda_api.LIMITS,
                refusal=lambda_api.refusal,
            )
        )
        serve_api = partial(_serve_api, gateway, self._port)
        self._servers += [Server(serve_api, sock, limits=API_LIMITS) for sock in self._api_sockets]
        for server in self._servers:
            await server.start()
        self._scheduler = Scheduler(self._template, pools, self._console)

    def _booking_page(self) -> str:
        return f"{_DOOR}:{self._port}/?key={self._secrets.publishable_key}"

    def _describe(self, seeded: Any) -> dict[str, Any]:
        api = f"{_DOOR}:{self._port}"
        resources = [
            asdict(each) if is_dataclass(each) and not isinstance(each, type) else each
            for each in seeded.resources
        ]
        return {
            "api": api,
            "webhook": self._webhook_url(),
            "stripe": self._stripe_url(),
            "booking_page": self._booking_page(),
            "docs": f"{api}/docs",
            "database": self._database.url(),
            "publishable_key": self._secrets.publishable_key,
            "secret_key": self._secrets.secret_key,
            "webhook_secret": self._secrets.webhook_secret,
            "tenant_id": str(seeded.tenant_id),
            "resources": resources,
            "pools": seeded.pools,
            "control": f"{_HOST}:{self._control_socket.getsockname()[1]}",
            "pid": os.getpid(),
        }

    async def run(self) -> None:
        """Work until cancelled: schedules, warm processes. What dies is restarted.

        Raises:
            ServiceError, DatabaseError, PostgresError: something does not stay up.
        """
        assert self._pools is not None
        assert self._scheduler is not None
        if self._settings.schedules:
            self._scheduler.start()
        if self._settings.warm:
            called = {route.function for route in self._template.routes} | set(self._url_sockets)
            hot = [f for f in self._template.functions.values() if f.logical_id in called]
            self._background.append(asyncio.create_task(self._pools.warm(hot)))
        watches = [service.watch(self._console) for service in self._services]
        await _all([self._database.watch(self._console), logs.watch(self._logs), *watches])

    def _logs(self) -> list[Path]:
        own = self._database.log
        return [*self._settings.logs.glob("*.log"), *([] if own is None else [own])]

    # stopping ---------------------------------------------------------------------------------

    async def stop(self) -> None:
        """Stop everything in order: doors, functions, their backends."""
        manifest.withdraw(self._settings.local, self._settings.folder)
        self._lock.note_stopping()
        for task in self._background:
            task.cancel()
        if self._scheduler is not None:
            await self._scheduler.stop()
        await asyncio.gather(*(server.stop(_GRACE_SECONDS) for server in self._servers))
        if self._pools is not None:
            await self._pools.stop(_GRACE_SECONDS)
        for sock in (*self._api_sockets, self._control_socket, *self._url_sockets.values()):
            with contextlib.suppress(OSError):
                sock.close()
        await asyncio.gather(self._database.stop(), *(service.stop() for service in self._services))

    def kill(self) -> None:
        """End every process at once; PostgreSQL's guard stops the server when we are gone."""
        if self._pools is not None:
            self._pools.kill()
        for service in self._services:
            service.kill()


async def _all(parts: list[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Run them at once; the first failure ends the others and is raised as it is."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _listens(port: int) -> None:
    """Return if something accepts connections on that port, else raise OSError."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


async def _serve_url(gateway: Gateway, function: Function, port: int, request: Request) -> Response:
    return await gateway.serve_url(function, request, port)


async def _serve_api(gateway: Gateway, port: int, request: Request) -> Response:
    return await gateway.serve_api(request, port)
