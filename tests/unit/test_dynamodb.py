"""The local DynamoDB keeps DynamoDB's promise: a condition and its write are one step."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from moto.dynamodb import comparisons
from moto.dynamodb.models import table

from dev.stack import dynamodb

TABLE = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "TimeToLiveSpecification": {"AttributeName": "expiration", "Enabled": True},
}


@pytest.fixture
def serve() -> Iterator[Callable[..., Any]]:
    """`serve(atomic=…)`: a client of a fresh server."""
    servers = []

    def start(*, atomic: bool) -> Any:
        running = dynamodb.server(atomic=atomic)
        threading.Thread(target=running.serve_forever, daemon=True).start()
        servers.append(running)
        url = f"http://127.0.0.1:{running.server_port}"
        dynamodb.create_tables(url, {"races": TABLE})
        return dynamodb.client(url)

    yield start
    for running in servers:
        running.shutdown()
        running.server_close()
    dynamodb.server(atomic=True).server_close()  # the lock is the whole process's


@pytest.fixture(autouse=True)
def wide_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moto take 5 ms from the check of a condition to the write, where a rival can slip in."""
    parse = comparisons.get_filter_expression

    def parse_slowly(*arguments: Any) -> Any:
        condition = parse(*arguments)

        def check(item: Any) -> bool:
            held: bool = condition.expr(item)
            time.sleep(0.005)
            return held

        return SimpleNamespace(expr=check)

    monkeypatch.setattr(table, "get_filter_expression", parse_slowly)


def _winners(client: Any, rounds: int) -> list[int]:
    """How many of four conditional puts of one item succeeded, round by round."""

    def put(item: str) -> bool:
        try:
            client.put_item(
                TableName="races",
                Item={"id": {"S": item}},
                ConditionExpression="attribute_not_exists(id)",
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        prefix = f"{id(client)}"
        return [sum(pool.map(put, [f"{prefix}-{n}"] * 4)) for n in range(rounds)]


def test_a_conditional_put_has_one_winner(serve: Callable[..., Any]) -> None:
    """Of the puts that race for one new item, exactly one succeeds, forty times over."""
    client = serve(atomic=True)

    assert _winners(client, rounds=40) == [1] * 40


def test_without_the_lock_two_win(serve: Callable[..., Any]) -> None:
    """The twin: moto alone lets two racers pass the same condition."""
    client = serve(atomic=False)

    assert any(count > 1 for count in _winners(client, rounds=40))


def test_tables_are_made_once(serve: Callable[..., Any]) -> None:
    """Creating what exists changes nothing; the time to live is set."""
    client = serve(atomic=True)
    dynamodb.create_tables(client.meta.endpoint_url, {"races": TABLE})

    described = client.describe_time_to_live(TableName="races")["TimeToLiveDescription"]

    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiration"}
