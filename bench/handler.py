"""A warm handler in this process, its time taken apart: `python -m bench.handler KIND URL FOLDER`.

KIND is `hold` (the handler of `functions/checkout`) or `listing` (30 days of free times, from
`functions/availability`; only `total`, `database` and `own` are taken). The real handler in the
environment of template.yaml, with API Gateway's event, PostgreSQL and a DynamoDB in a separate
process. Prints the medians in ms:

    total         from the event to the answer
    parse         until the use case begins: routing, rates, validation, credentials
    idempotency   what repeats cost here: hashing, requests to DynamoDB made and read
    store         waiting for DynamoDB, by rates and by repeats
    database      the stored function, its round trip and its answer's decoding
    serialise     from the end of the use case: validation of the answer, JSON
    own           parse + idempotency + serialise: what is left without the two waits
"""

import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
from botocore.httpsession import URLLib3Session

from bench import client, world
from bench.results import ROOT
from dev.cloudformation import template
from dev.programs.processes import free_port
from dev.stack import dynamodb, environment, http_message, payload, secrets
from holdfast.bookings import holds
from holdfast.platform import database

_CALLS = 120
_WARM = 20
_START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class _Span:
    """One call of a function that is watched, in ms of this process's clock."""

    began: float
    ended: float

    @property
    def taken(self) -> float:
        return self.ended - self.began


@contextmanager
def _watched(owner: Any, name: str, spans: list[_Span]) -> Iterator[None]:
    """Note when calls of `owner.name` begin and end."""
    original: Callable[..., Any] = getattr(owner, name)

    def watched(*arguments: Any, **options: Any) -> Any:
        began = _now()
        try:
            return original(*arguments, **options)
        finally:
            spans.append(_Span(began, _now()))

    setattr(owner, name, watched)
    try:
        yield
    finally:
        setattr(owner, name, original)


def _now() -> float:
    return time.perf_counter() * 1000


@dataclass
class _Context:
    """What Lambda tells a handler of its invocation."""

    function_name: str = "bench"
    aws_request_id: str = "bench"
    memory_limit_in_mb: str = "512"
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:bench"

    def get_remaining_time_in_millis(self) -> int:
        return 20_000


def _get(path: str, route: str, query: dict[str, str], **parameters: str) -> dict[str, Any]:
    origin = payload.Origin("api", is_url=False)
    headers = [("host", "api.example"), ("authorization", f"Bearer {world.PUBLISHABLE}")]
    return payload.event(
        http_message.Request("GET", path, urlencode(query), headers, b"", "203.0.113.7"),
        origin=origin,
        route_key=f"GET {route}",
        path_parameters=parameters,
        identifier=payload.request_id(origin),
        port=443,
    )


def _event(body: dict[str, Any]) -> dict[str, Any]:
    headers = [
        ("host", "api.example"),
        ("authorization", f"Bearer {world.PUBLISHABLE}"),
        ("content-type", "application/json"),
        ("idempotency-key", str(uuid.uuid4())),
    ]
    data = json.dumps(body).encode()
    origin = payload.Origin("api", is_url=False)
    return payload.event(
        http_message.Request("POST", "/v1/holds", "", headers, data, "203.0.113.7"),
        origin=origin,
        route_key="POST /v1/holds",
        path_parameters={},
        identifier=payload.request_id(origin),
        port=443,
    )


@contextmanager
def _tables(described: template.Template) -> Iterator[str]:
    """DynamoDB in a separate process, so that its work is not counted as the handler's."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable,
        "-m",
        "dev.stack.dynamodb",
        "--port",
        str(port),
        "--exit-with-parent",
    ]
    server = subprocess.Popen(command, cwd=ROOT)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                dynamodb.create_tables(url, described.tables)
            except Exception:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                break
        yield url
    finally:
        server.terminate()
        server.wait()


def _handler(
    name: str, url: str, tables: str, described: template.Template, folder: Path
) -> Callable[[Any, Any], dict[str, Any]]:
    """The handler of a function, in the environment that template.yaml gives it."""
    function = described.function(name)
    assert function is not None
    backends = environment.Backends(
        ROOT, lambda _role: url, tables, "http://stripe.invalid", secrets.load(folder / "s.json")
    )
    os.environ.update(environment.environment(function, backends))
    spec = importlib.util.spec_from_file_location(name, ROOT / function.code / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Callable[[Any, Any], dict[str, Any]] = module.lambda_handler
    return handler


def _hold(handler: Callable[[Any, Any], dict[str, Any]], number: int) -> dict[str, float]:
    """One hold, its time taken apart."""
    event = _event(
        {
            "resource_id": client.identifier(f"resource{number % 30}"),
            "offering_id": client.identifier("offering30"),
            "starts_at": (world.FIRST_DAY + timedelta(hours=number // 30)).isoformat(),
            "customer": {"name": "C", "email": f"c{number}@example.com"},
        }
    )
    spans: dict[str, list[_Span]] = defaultdict(list)
    with (
        _watched(holds, "create", spans["create"]),
        _watched(database, "call", spans["database"]),
        _watched(URLLib3Session, "send", spans["store"]),
    ):
        began = _now()
        answer = handler(event, _Context())
        ended = _now()
    if answer["statusCode"] != 201:
        raise RuntimeError(f"a hold was answered {answer}")
    (create,) = spans["create"]

    def waited(since: float, until: float) -> float:
        waits = (*spans["database"], *spans["store"])
        return sum(span.taken for span in waits if since <= span.began < until)

    taken = {part: sum(span.taken for span in spans[part]) for part in ("database", "store")}
    taken["total"] = ended - began
    taken["parse"] = create.began - began - waited(began, create.began)
    taken["idempotency"] = create.taken - waited(create.began, create.ended)
    taken["serialise"] = ended - create.ended
    taken["own"] = taken["total"] - taken["database"] - taken["store"]
    return taken


def _listing(handler: Callable[[Any, Any], dict[str, Any]], number: int) -> dict[str, float]:
    """Thirty days of a resource that is open all day, never asked for with the same answer."""
    resource = client.identifier(f"resource{1 + number % 900}")
    query = {
        "offering_id": client.identifier("offering30"),
        "from": world.FIRST_DAY.isoformat(),
        "to": (world.FIRST_DAY + timedelta(days=30)).isoformat(),
    }
    event = _get(
        f"/v1/resources/{resource}/slots",
        "/v1/resources/{resource_id}/slots",
        query,
        resource_id=resource,
    )
    spans: list[_Span] = []
    with _watched(psycopg.Connection, "execute", spans):
        began = _now()
        answer = handler(event, _Context())
        ended = _now()
    if answer["statusCode"] != 200:
        raise RuntimeError(f"a listing was answered {answer}")
    taken = {"database": sum(span.taken for span in spans), "total": ended - began}
    taken["own"] = taken["total"] - taken["database"]
    return taken


def main() -> None:
    kind, url, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    name, measure = {"hold": ("checkout", _hold), "listing": ("availability", _listing)}[kind]
    described = template.load(ROOT / "template.yaml")
    taken: dict[str, list[float]] = defaultdict(list)
    with _tables(described) as tables:
        handler = _handler(name, url, tables, described, folder)
        for number in range(_CALLS + _WARM):
            for part, milliseconds in measure(handler, number).items():
                if number >= _WARM:
                    taken[part].append(milliseconds)
        database.disconnect()
    medians = {part: round(statistics.median(times), 4) for part, times in taken.items()}
    print(json.dumps(medians))


if __name__ == "__main__":
    main()
