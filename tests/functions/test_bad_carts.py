"""Invalid carts, series and pools: refused, and nothing changes."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from tests.harness.system.in_process import System
from tests.harness.system.problems import refused
from tests.harness.system.setup import TEN, at_start

Body = dict[str, Any]
CUSTOMER = {"name": "Grace Hopper", "email": "grace@example.com"}
LATER = "2030-01-07T14:00:00Z"


@pytest.fixture
def shared_system(system: System) -> System:
    """The whole system, its clock on a Monday morning."""
    return at_start(system)


def _item(shared_system: System, **fields: Any) -> Body:
    body = shared_system.hold_body(TEN) | fields
    return {name: value for name, value in body.items() if name != "customer"}


def _items(shared_system: System, *items: Body, **fields: Any) -> Body:
    return {"items": list(items), "customer": CUSTOMER} | fields


def _weekly(weeks: object, shared_system: System) -> Body:
    return shared_system.hold_body(TEN) | {"repeat": {"weeks": weeks}}


SHAPES: dict[str, Callable[[System], Body]] = {
    "no items": _items,
    "items are null": lambda shared_system: {"items": None, "customer": CUSTOMER},
    "neither a period nor items": lambda _: {"customer": CUSTOMER},
    "both": lambda shared_system: (
        _items(shared_system, _item(shared_system)) | _item(shared_system)
    ),
    "items and a series": lambda shared_system: _items(
        shared_system, _item(shared_system), repeat={"weeks": 2}
    ),
    "an item with a customer": lambda shared_system: _items(
        shared_system, _item(shared_system) | {"customer": CUSTOMER}
    ),
    "an item with a price": lambda shared_system: _items(
        shared_system, _item(shared_system, discount=1)
    ),
    "items in items": lambda shared_system: _items(
        shared_system, {"items": [_item(shared_system)]}
    ),
    "21 items": lambda shared_system: _items(shared_system, *[_item(shared_system)] * 21),
    "53 periods": lambda shared_system: _items(
        shared_system,
        _item(shared_system, repeat={"weeks": 52}),
        _item(shared_system, starts_at=LATER),
    ),
    "a resource and a pool": lambda shared_system: (
        _item(shared_system, pool_id=str(uuid4())) | {"customer": CUSTOMER}
    ),
    "an item of neither": lambda shared_system: _items(
        shared_system, {"offering_id": str(uuid4()), "starts_at": TEN}
    ),
    "a pool without offering": lambda _: {
        "pool_id": str(uuid4()),
        "starts_at": TEN,
        "customer": CUSTOMER,
    },
    "a pool that is no id": lambda shared_system: shared_system.hold_body(TEN) | {"pool_id": "any"},
    "a date and a start": lambda shared_system: _items(
        shared_system, _item(shared_system, date="2030-01-07")
    ),
    "neither date nor start": lambda shared_system: _items(
        shared_system, _item(shared_system, starts_at=None)
    ),
    **{
        f"{weeks!r} weeks": partial(_weekly, weeks)
        for weeks in (0, 1, -1, 53, 2.5, "two", None, 10**30)
    },
    "a series without weeks": lambda shared_system: shared_system.hold_body(TEN) | {"repeat": {}},
    "a monthly series": lambda shared_system: (
        shared_system.hold_body(TEN) | {"repeat": {"months": 2}}
    ),
    "a series by name": lambda shared_system: shared_system.hold_body(TEN) | {"repeat": "weekly"},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_bad_shape_is_refused(shared_system: System, shape: Callable[[System], Body]) -> None:
    """422 that names the fault, before the database is called."""
    body = shape(shared_system)

    answer = refused(
        shared_system,
        lambda: shared_system.request("POST", "/v1/holds", body),
        422,
        "invalid_request",
    )

    assert answer.body["errors"]


def test_a_series_of_a_closed_time_names_each_week(shared_system: System) -> None:
    """422 not_offered, item by item."""
    body = shared_system.hold_body("2030-01-07T05:00:00Z", repeat={"weeks": 2})

    answer = refused(
        shared_system, lambda: shared_system.request("POST", "/v1/holds", body), 422, "not_offered"
    )

    assert [(each["item"], each["reason"]) for each in answer.body["items"]] == [
        (1, "past"),
        (2, "closed"),
    ]


def test_currencies_do_not_mix(shared_system: System) -> None:
    """A lesson in pounds and a class in dollars are two holds.

    Proves: ASVS 2.2.3
    """
    studio = shared_system.studio
    body = _items(
        shared_system,
        _item(shared_system),
        {
            "resource_id": studio["id"],
            "offering_id": studio["offerings"][0]["id"],
            "starts_at": "2030-01-07T15:00:00Z",
        },
    )

    answer = refused(
        shared_system, lambda: shared_system.request("POST", "/v1/holds", body), 422, "cart_invalid"
    )

    assert answer.body["reason"] == "currencies_differ"


def test_one_time_twice_is_a_conflict(shared_system: System) -> None:
    """409 for the second item."""
    body = _items(shared_system, _item(shared_system), _item(shared_system))

    answer = refused(
        shared_system, lambda: shared_system.request("POST", "/v1/holds", body), 409, "slot_taken"
    )

    assert [each["item"] for each in answer.body["conflicts"]] == [2]


def test_an_unknown_pool_is_not_found(shared_system: System) -> None:
    """404, as for a resource."""
    body = shared_system.hold_body(TEN) | {"pool_id": str(uuid4())}
    del body["resource_id"]

    refused(
        shared_system, lambda: shared_system.request("POST", "/v1/holds", body), 404, "not_found"
    )
