"""One warm handler in this process, its time taken apart: `python -m bench.handler URL FOLDER`.

The real handler of `functions/checkout` with the environment of template.yaml, API Gateway's event,
moto's DynamoDB. Prints the medians in ms: total, and of it the database, DynamoDB, parsing and
serialising.
"""

import importlib.util
import json
import os
import statistics
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

from botocore.client import BaseClient

from bench import client, world
from bench.server import ROOT
from dev import dynamodb, environment, payload, secrets, template, wire
from holdfast import database, http

_CALLS = 120
_WARM = 20


@contextmanager
def _timed(owner: Any, name: str, spent: dict[str, float], part: str) -> Iterator[None]:
    """Add up the time of a function's calls."""
    original: Callable[..., Any] = getattr(owner, name)

    def timed(*arguments: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return original(*arguments, **options)
        finally:
            spent[part] += (time.perf_counter() - began) * 1000

    setattr(owner, name, timed)
    try:
        yield
    finally:
        setattr(owner, name, original)


@dataclass
class _Context:
    """What Lambda tells a handler of its invocation."""

    function_name: str = "bench"
    aws_request_id: str = "bench"
    memory_limit_in_mb: str = "512"
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:bench"

    def get_remaining_time_in_millis(self) -> int:
        return 20_000


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
        wire.Request("POST", "/v1/holds", "", headers, data, "203.0.113.7"),
        origin=origin,
        route_key="POST /v1/holds",
        path_parameters={},
        identifier=payload.request_id(origin),
        port=443,
    )


def _handler(url: str, folder: Path) -> Callable[[Any, Any], Any]:
    """The handler of `functions/checkout`, in the environment that template.yaml gives it."""
    described = template.load(ROOT / "template.yaml")
    function = described.function("checkout")
    assert function is not None
    tables = dynamodb.serve(0)
    dynamodb.create_tables(tables, described.tables)
    backends = environment.Backends(
        ROOT, lambda _role: url, tables, "http://stripe.invalid", secrets.load(folder / "s.json")
    )
    os.environ.update(environment.environment(function, backends))
    os.environ["POWERTOOLS_LOG_LEVEL"] = "CRITICAL"
    os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"
    spec = importlib.util.spec_from_file_location("checkout", ROOT / function.code / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Callable[[Any, Any], Any] = module.lambda_handler
    return handler


def main() -> None:
    handler = _handler(sys.argv[1], Path(sys.argv[2]))
    taken: dict[str, list[float]] = defaultdict(list)
    for number in range(_CALLS + _WARM):
        spent: dict[str, float] = defaultdict(float)
        event = _event(
            {
                "resource_id": client.identifier(f"resource{number % 30}"),
                "offering_id": client.identifier("offering30"),
                "starts_at": (world.FIRST_DAY + timedelta(hours=number // 30)).isoformat(),
                "customer": {"name": "C", "email": f"c{number}@example.com"},
            }
        )
        with (
            _timed(database, "call", spent, "database"),
            _timed(BaseClient, "_make_api_call", spent, "dynamodb"),
            _timed(http, "answer", spent, "serialise"),
        ):
            began = time.perf_counter()
            answer = handler(event, _Context())
            spent["total"] = (time.perf_counter() - began) * 1000
        if answer["statusCode"] != 201:
            raise RuntimeError(f"a hold was answered {answer}")
        if number >= _WARM:
            for part in ("total", "database", "dynamodb", "serialise"):
                taken[part].append(spent[part])
    medians = {part: statistics.median(times) for part, times in taken.items()}
    medians["parse"] = (
        medians["total"] - medians["database"] - medians["dynamodb"] - medians["serialise"]
    )
    print(json.dumps({part: round(figure, 3) for part, figure in medians.items()}))


if __name__ == "__main__":
    main()
