"""Carts, series and pools that no client should send: refused, and nothing changes."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from tests.harness.system.in_process import System
from tests.harness.system.problems import refused
from tests.harness.system.stage import TEN, staged

Body = dict[str, Any]
CUSTOMER = {"name": "Grace Hopper", "email": "grace@example.com"}
LATER = "2030-01-07T14:00:00Z"


@pytest.fixture
def shop(system: System) -> System:
    """The whole system, its clock on a Monday morning."""
    return staged(system)


def _item(shop: System, **fields: Any) -> Body:
    body = shop.hold_body(TEN) | fields
    return {name: value for name, value in body.items() if name != "customer"}


def _items(shop: System, *items: Body, **fields: Any) -> Body:
    return {"items": list(items), "customer": CUSTOMER} | fields


def _weekly(weeks: object, shop: System) -> Body:
    return shop.hold_body(TEN) | {"repeat": {"weeks": weeks}}


SHAPES: dict[str, Callable[[System], Body]] = {
    "no items": _items,
    "items are null": lambda shop: {"items": None, "customer": CUSTOMER},
    "neither a period nor items": lambda _: {"customer": CUSTOMER},
    "both": lambda shop: _items(shop, _item(shop)) | _item(shop),
    "items and a series": lambda shop: _items(shop, _item(shop), repeat={"weeks": 2}),
    "an item with a customer": lambda shop: _items(shop, _item(shop) | {"customer": CUSTOMER}),
    "an item with a price": lambda shop: _items(shop, _item(shop, discount=1)),
    "items in items": lambda shop: _items(shop, {"items": [_item(shop)]}),
    "21 items": lambda shop: _items(shop, *[_item(shop)] * 21),
    "53 periods": lambda shop: _items(
        shop, _item(shop, repeat={"weeks": 52}), _item(shop, starts_at=LATER)
    ),
    "a resource and a pool": lambda shop: (
        _item(shop, pool_id=str(uuid4())) | {"customer": CUSTOMER}
    ),
    "an item of neither": lambda shop: _items(
        shop, {"offering_id": str(uuid4()), "starts_at": TEN}
    ),
    "a pool without offering": lambda _: {
        "pool_id": str(uuid4()),
        "starts_at": TEN,
        "customer": CUSTOMER,
    },
    "a pool that is no id": lambda shop: shop.hold_body(TEN) | {"pool_id": "any"},
    "a date and a start": lambda shop: _items(shop, _item(shop, date="2030-01-07")),
    "neither date nor start": lambda shop: _items(shop, _item(shop, starts_at=None)),
    **{
        f"{weeks!r} weeks": partial(_weekly, weeks)
        for weeks in (0, 1, -1, 53, 2.5, "two", None, 10**30)
    },
    "a series without weeks": lambda shop: shop.hold_body(TEN) | {"repeat": {}},
    "a monthly series": lambda shop: shop.hold_body(TEN) | {"repeat": {"months": 2}},
    "a series by name": lambda shop: shop.hold_body(TEN) | {"repeat": "weekly"},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_bad_shape_is_refused(shop: System, shape: Callable[[System], Body]) -> None:
    """422 with what is wrong, before the database is asked."""
    body = shape(shop)

    answer = refused(shop, lambda: shop.request("POST", "/v1/holds", body), 422, "invalid_request")

    assert answer.body["errors"]


def test_a_series_of_a_closed_time_names_each_week(shop: System) -> None:
    """422 not_offered, item by item."""
    body = shop.hold_body("2030-01-07T05:00:00Z", repeat={"weeks": 2})

    answer = refused(shop, lambda: shop.request("POST", "/v1/holds", body), 422, "not_offered")

    assert [(each["item"], each["reason"]) for each in answer.body["items"]] == [
        (1, "past"),
        (2, "closed"),
    ]


def test_currencies_do_not_mix(shop: System) -> None:
    """A lesson in pounds and a class in dollars are two holds.

    Proves: ASVS 2.2.3
    """
    studio = shop.studio
    body = _items(
        shop,
        _item(shop),
        {
            "resource_id": studio["id"],
            "offering_id": studio["offerings"][0]["id"],
            "starts_at": "2030-01-07T15:00:00Z",
        },
    )

    answer = refused(shop, lambda: shop.request("POST", "/v1/holds", body), 422, "cart_invalid")

    assert answer.body["reason"] == "currencies_differ"


def test_one_time_twice_is_a_conflict(shop: System) -> None:
    """409, and it is the second item that cannot be had."""
    body = _items(shop, _item(shop), _item(shop))

    answer = refused(shop, lambda: shop.request("POST", "/v1/holds", body), 409, "slot_taken")

    assert [each["item"] for each in answer.body["conflicts"]] == [2]


def test_an_unknown_pool_is_not_found(shop: System) -> None:
    """404, as for a resource."""
    body = shop.hold_body(TEN) | {"pool_id": str(uuid4())}
    del body["resource_id"]

    refused(shop, lambda: shop.request("POST", "/v1/holds", body), 404, "not_found")
