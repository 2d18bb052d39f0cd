"""The last request of a budget goes to one caller, however many ask at the same time."""

from collections.abc import Callable
from typing import Any

import pytest

from holdfast.api import limits
from holdfast.platform.settings import settings

Race = Callable[..., list[Any]]

NOON = 1_893_499_200.0
QUOTA = 8
RACERS = 24


class Unconditional:
    """A DynamoDB client without the condition: all add, and none is refused."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def update_item(self, **named: Any) -> Any:
        del named["ConditionExpression"]
        del named["ExpressionAttributeValues"][":room"]
        return self._client.update_item(**named)


@pytest.fixture
def client(dynamodb: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """DynamoDB with the tables of the template, as limits finds it."""
    from dev.stack.dynamodb import client as made  # noqa: PLC0415 slow to import

    monkeypatch.setenv("RATE_LIMIT_TABLE", "RateLimitTable")
    settings.cache_clear()
    yield made(dynamodb)
    settings.cache_clear()


def _racer(client: Any, subject: str, *, always: bool = True) -> Callable[[], bool]:
    """One request in its own environment; whether it was let through."""
    budget = limits.Budget("hold", subject, QUOTA, 300, always, True, "address")

    def ask() -> bool:
        remembered = limits.Memory(client=client)
        here = remembered.window(subject, budget.window, NOON)
        return limits._spend(remembered, budget, here, subject, NOON)

    return ask


def test_as_many_pass_as_the_budget_has(client: Any, race: Race) -> None:
    """Of 24 requests at once in as many environments, eight are let through."""
    outcomes = race(_racer(client, "race"), racers=RACERS)

    assert sorted(outcomes) == [False] * (RACERS - QUOTA) + [True] * QUOTA


def test_the_last_one_is_taken_once(client: Any, race: Race) -> None:
    """With one left, one of 24 is let through.

    Proves: ASVS 2.4.1, 15.4.2
    """
    one = _racer(client, "last")
    assert [one() for _ in range(QUOTA - 1)] == [True] * (QUOTA - 1)

    assert sum(race(one, racers=RACERS)) == 1


def test_twin_without_the_condition_lets_all_pass(client: Any, race: Race) -> None:
    """An ADD without a condition counts, and refuses no request."""
    outcomes = race(_racer(Unconditional(client), "twin"), racers=RACERS)

    assert sum(outcomes) > QUOTA
