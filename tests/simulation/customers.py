"""Customers: what each wants, what it was told, and what it does when it gets no answer."""

import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dev.stripe_double.messages import ApiError
from dev.stripe_double.paying import NotOpen
from tests.harness.system import Answer
from tests.simulation.world import World

_EXPECTED = {
    "hold": {201, 409, 410, 422, 503},
    "checkout": {200, 404, 409, 410, 503},
    "release": {200, 202, 404, 409, 503},
    "confirmation": {200, 503},
    "read": {200, 304, 503},
}
_ADDRESSES = ("https://studio.example/a", "https://studio.example/b")


class Untrue(AssertionError):
    """The system told somebody something that is not so, or that it must not say."""


@dataclass
class Customer:
    """One customer with one wish."""

    wish: dict[str, Any]
    hold_key: str
    checkout_key: str
    address: str = _ADDRESSES[0]
    booking: str | None = None
    secret: str | None = None
    page: str | None = None
    acted: bool = False
    told: list[str] = field(default_factory=list)


def expect(kind: str, answer: Answer | None) -> Answer | None:
    """The answer, unless its status is not a documented one. Raises Untrue."""
    if answer is not None and answer.status not in _EXPECTED[kind]:
        raise Untrue(f"{kind} was answered {answer.status}: {answer.body}")
    if answer is not None and answer.status == 503 and "retry-after" not in answer.headers:
        raise Untrue(f"{kind} was answered 503 without Retry-After")
    return answer


def new_customer(world: World, rng: random.Random) -> Customer:
    """Somebody who wants one of a few times that many want."""
    which = rng.choices(range(3), (6, 3, 1))[0]
    resource = world.tenant.resources[which]
    day = world.now.replace(hour=0, minute=0, second=0) + timedelta(days=rng.randint(1, 3))
    wish: dict[str, Any] = {
        "resource_id": resource["id"],
        "offering_id": rng.choice(resource["offerings"])["id"],
        "customer": {"name": "Grace Hopper", "email": f"grace{rng.randint(1, 9)}@example.com"},
    }
    if resource["booking_mode"] == "date":
        wish["date"] = day.date().isoformat()
    else:
        # near each other, so that lengths and buffers overlap and not only equal starts
        start = day + timedelta(hours=rng.choice((14, 15, 16)), minutes=rng.choice((0, 0, 30)))
        wish["starts_at"] = start.isoformat()
    return Customer(_several(wish, rng), _key(rng), _key(rng))


def _several(wish: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Now and then the wish is for two weeks, or for another time of that day as well."""
    chance = rng.random()
    if chance < 0.1:
        return wish | {"repeat": {"weeks": 2}}
    if chance > 0.2 or "starts_at" not in wish:
        return wish
    customer = wish.pop("customer")
    start = datetime.fromisoformat(wish["starts_at"]) + timedelta(hours=rng.choice((-2, 2)))
    items = [wish, wish | {"starts_at": start.isoformat()}]
    rng.shuffle(items)
    return {"items": items, "customer": customer}


def _key(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def hold(world: World, customer: Customer) -> None:
    """Ask for the time; the same request again if it is a repeat."""

    def then(answer: Answer | None) -> None:
        if (got := expect("hold", answer)) is None or got.status != 201:
            return
        if customer.booking not in (None, got.body["id"]):
            raise Untrue(f"one key made two bookings: {customer.booking} and {got.body['id']}")
        customer.booking, customer.secret = got.body["id"], got.body["client_secret"]

    world.request("POST", "/v1/holds", customer.wish, idempotency_key=customer.hold_key, then=then)


def checkout(world: World, customer: Customer, rng: random.Random) -> None:
    """Ask for the payment page: again, in another tab, or with other addresses."""
    chance = rng.random()
    if chance < 0.2:
        customer.checkout_key = _key(rng)
    if chance < 0.1:
        customer.address = rng.choice(_ADDRESSES)

    def then(answer: Answer | None) -> None:
        if (got := expect("checkout", answer)) is not None and got.status == 200:
            customer.page = got.body["checkout_url"].rpartition("/")[2]

    addresses = {"success_url": customer.address, "cancel_url": customer.address}
    world.request(
        "POST",
        f"/v1/bookings/{customer.booking}/checkout",
        addresses,
        secret=customer.secret,
        idempotency_key=f"{customer.checkout_key}-{customer.address[-1]}",
        then=then,
    )


def release(world: World, customer: Customer) -> None:
    """Give the time back."""
    world.request(
        "DELETE",
        f"/v1/holds/{customer.booking}",
        secret=customer.secret,
        then=lambda answer: _ignore(expect("release", answer)),
    )


def look(world: World, customer: Customer) -> None:
    """Look what has become of it; what was confirmed before one looks stays confirmed."""
    was_confirmed = "confirmed" in customer.told  # an older look may be answered later

    def then(answer: Answer | None) -> None:
        if (got := expect("confirmation", answer)) is None or got.status != 200:
            return
        status = got.body["status"]
        if was_confirmed and status != "confirmed":
            raise Untrue(f"{customer.booking} was confirmed and is now {status}")
        customer.told.append(status)

    world.request(
        "GET", f"/v1/bookings/{customer.booking}/confirmation", secret=customer.secret, then=then
    )


def act_on_page(world: World, customer: Customer, rng: random.Random) -> None:
    """Pay, be declined, pay by a method that takes days, or close the window."""
    action = rng.choices(("pay", "decline", "delayed", "abandon"), (7, 1, 2, 1))[0]
    page = customer.page
    (wanted, *_) = customer.wish.get("items", [customer.wish])
    if action == "delayed" and wanted["resource_id"] == world.tenant.resources[2]["id"]:
        action = "pay"
    assert page is not None
    try:
        world.double.act(page, action)
    except (NotOpen, ApiError):
        return
    finally:
        if action != "decline" and rng.random() < 0.9:  # the others keep the tab open
            customer.page = None
    customer.acted = True


def read(world: World, rng: random.Random) -> None:
    """Somebody reads: free times, resources, all bookings."""
    resource = rng.choice(world.tenant.resources)
    offering = rng.choice(resource["offerings"])
    path, key = rng.choice(
        (
            (f"/v1/resources/{resource['id']}/slots?offering_id={offering['id']}", "publishable"),
            ("/v1/resources", "publishable"),
            ("/v1/bookings?limit=5", "secret"),
        )
    )
    world.request("GET", path, key=key, then=lambda answer: _ignore(expect("read", answer)))


def _ignore(_answer: Answer | None) -> None:
    """Nothing follows from it."""
