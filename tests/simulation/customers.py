"""Customers: what each wants, what it was answered, and what it does without an answer."""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from dev.stripe_double.messages import ApiError
from dev.stripe_double.paying import NotOpen
from tests.harness.system.in_process import Answer
from tests.simulation.world import World

_EXPECTED = {
    "hold": {201, 409, 422, 429, 503},
    "checkout": {200, 409, 410, 429, 503},
    "release": {200, 202, 409, 429, 503},
    "confirmation": {200, 429, 503},
    "read": {200, 304, 429, 503},
    "move": {200, 202, 404, 409, 410, 422, 429, 503},
    "give up": {200, 202, 409, 429, 503},
    "wait": {201, 409, 422, 429, 503},
    "place": {200, 429, 503},
    "leave": {200, 409, 429, 503},
    "close": {201, 404, 409, 429, 503},
    "reopen": {204, 404, 429, 503},
}
_AT_DAWN = 4  # the demo's yoga in the park
_ADDRESSES = ("https://studio.example/a", "https://studio.example/b")


class Untrue(AssertionError):
    """The system gave a false answer, or one that it must not give."""


@dataclass
class Customer:
    """One customer with one wish.

    Attributes:
        bookings: all that are held together; `booking` is the first.
        moving: the booking that another time was asked for, and how; `owes`: it costs more.
        place: the waitlist entry, and its secret, which opens its offer as well.
    """

    wish: dict[str, Any]
    hold_key: str
    checkout_key: str
    address: str = _ADDRESSES[0]
    booking: str | None = None
    bookings: list[str] = field(default_factory=list)
    secret: str | None = None
    page: str | None = None
    acted: bool = False  # on the page, or it is too late
    has_offer: bool = False  # its booking is an offer of the waitlist
    paid: bool = False
    told: list[str] = field(default_factory=list)
    moving: str | None = None
    owes: bool = False
    move: dict[str, Any] = field(default_factory=dict)
    move_key: str = ""
    place: str | None = None
    place_key: str = ""
    place_secret: str | None = None


def expect(
    kind: str, answer: Answer | None, is_gone: Callable[[], bool] = lambda: False
) -> Answer | None:
    """The answer; raises Untrue if its status is not a documented one.

    Args:
        is_gone: whether what was asked for has been deleted; only then may it be not found.
    """
    if answer is not None and answer.status == HTTPStatus.NOT_FOUND and is_gone():
        return None
    if answer is not None and answer.status not in _EXPECTED[kind]:
        raise Untrue(f"{kind} was answered {answer.status}: {answer.body}")
    if answer is not None and answer.status in (429, 503) and "retry-after" not in answer.headers:
        raise Untrue(f"{kind} was answered {answer.status} without Retry-After")
    return answer


def _deleted(world: World, table: str, identifier: str | None) -> Callable[[], bool]:
    """Whether the row is there no longer, when it is asked."""
    query = f"select not exists (select from core.{table} where id = %s)"
    return lambda: bool(world.database.value(query, identifier))


def new_customer(world: World, rng: random.Random) -> Customer:
    """A customer who wants one of a few popular times."""
    chance = rng.random()
    if chance < 0.12:
        start = some_start(world, rng)
        wish = _period(world, rng, rng.randrange(2), start)
        wish |= {"repeat": {"weeks": 2}}
    elif chance < 0.26:  # on different days, or at different times of one
        start, step = some_start(world, rng), timedelta(hours=rng.choice((2, 24)))
        items = [
            _period(world, rng, rng.choice((0, 0, 3)), start + number * step)
            for number in range(rng.choice((2, 3)))
        ]
        rng.shuffle(items)
        wish = {"items": items}
    elif chance < 0.38:
        pool = world.tenant.pools[0]
        wish = _period(world, rng, 3, some_start(world, rng))
        wish["pool_id"] = pool["id"]
        del wish["resource_id"]
    else:
        which = rng.choices(range(len(world.tenant.resources)), (6, 4, 1, 1, 1))[0]
        wish = _period(world, rng, which, some_start(world, rng))
    wish["customer"] = {"name": "Grace Hopper", "email": f"grace{rng.randint(1, 12)}@example.com"}
    return Customer(wish, new_key(rng), new_key(rng))


def some_start(world: World, rng: random.Random) -> datetime:
    """Near each other, so that lengths and buffers overlap and not only equal starts."""
    day = world.now.replace(hour=0, minute=0, second=0) + timedelta(days=rng.randint(1, 3))
    return day + timedelta(hours=rng.choice((14, 15, 16)), minutes=rng.choice((0, 0, 30)))


def _period(world: World, rng: random.Random, which: int, start: datetime) -> dict[str, Any]:
    """One time of that resource."""
    resource = world.tenant.resources[which]
    wish: dict[str, Any] = {
        "resource_id": resource["id"],
        "offering_id": rng.choice(resource["offerings"])["id"],
    }
    if resource["booking_mode"] == "date":
        return wish | {"date": start.date().isoformat()}
    if which == _AT_DAWN:
        start = start.replace(hour=rng.choice((11, 12)), minute=0)
    return wish | {"starts_at": start.isoformat()}


def new_key(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def hold(world: World, customer: Customer) -> None:
    """Ask for the time; the same request again if it is a repeat."""

    def then(answer: Answer | None) -> None:
        if (got := expect("hold", answer)) is None or got.status != 201:
            return
        if customer.has_offer:  # what they asked for themselves they no longer need
            return
        if customer.booking not in (None, got.body["id"]):
            raise Untrue(f"one key made two bookings: {customer.booking} and {got.body['id']}")
        customer.booking, customer.secret = got.body["id"], got.body["client_secret"]
        customer.bookings = [booking["id"] for booking in got.body["bookings"]]

    world.request("POST", "/v1/holds", customer.wish, idempotency_key=customer.hold_key, then=then)


def checkout(world: World, customer: Customer, rng: random.Random) -> None:
    """Ask for the payment page: again, in another tab, or with other addresses."""
    chance = rng.random()
    if chance < 0.2:
        customer.checkout_key = new_key(rng)
    if chance < 0.1:
        customer.address = rng.choice(_ADDRESSES)

    booking = customer.moving or customer.booking

    def then(answer: Answer | None) -> None:
        if (got := expect("checkout", answer, _deleted(world, "bookings", booking))) is None:
            return
        if got.status == 200:
            customer.page = got.body["checkout_url"].rpartition("/")[2]
        elif got.status in (410, 429):
            customer.acted = True

    addresses = {"success_url": customer.address, "cancel_url": customer.address}
    world.request(
        "POST",
        f"/v1/bookings/{booking}/checkout",
        addresses,
        secret=customer.secret,
        idempotency_key="-".join(
            (customer.checkout_key, customer.address[-1], customer.moving or "")
        ),
        then=then,
    )


def move(world: World, customer: Customer, rng: random.Random) -> None:
    """Ask for another time: a new one, or the same once more."""
    if customer.moving is None or rng.random() < 0.7:
        customer.moving = rng.choice(customer.bookings)
        customer.move = {"starts_at": some_start(world, rng).isoformat()}
        customer.move_key = new_key(rng)
        if rng.random() < 0.2:
            customer.move["resource_id"] = world.tenant.resources[rng.choice((0, 3))]["id"]
        if world.tenant.resources[2]["id"] == customer.wish.get("resource_id"):
            customer.move = {"date": customer.move["starts_at"][:10]}

    def then(answer: Answer | None) -> None:
        if (got := expect("move", answer)) is None:
            return
        if got.status == 202:
            customer.acted, customer.owes = False, True
        elif got.status != 503:
            customer.moving = None

    world.request(
        "POST",
        f"/v1/bookings/{customer.moving}/reschedule",
        customer.move,
        secret=customer.secret,
        idempotency_key=customer.move_key,
        then=then,
    )


def give_up(world: World, customer: Customer) -> None:
    """Give up the reschedule."""

    booking = customer.moving or customer.booking

    def then(answer: Answer | None) -> None:
        got = expect("give up", answer, _deleted(world, "bookings", booking))
        if got is not None and got.status in (200, 409):
            customer.moving, customer.owes = None, False

    world.request("DELETE", f"/v1/bookings/{booking}/reschedule", secret=customer.secret, then=then)


def wait(world: World, customer: Customer, rng: random.Random) -> None:
    """Wait for the time, or for any time of that day; the same request again if it is a repeat."""
    (wanted, *_) = customer.wish.get("items", [customer.wish])
    names = ("resource_id", "offering_id", "starts_at", "date")
    request = {name: wanted[name] for name in names if name in wanted}
    request.setdefault("resource_id", world.tenant.resources[0]["id"])  # of a pool
    customer.place_key = customer.place_key or new_key(rng)
    if "starts_at" in request and int(customer.place_key[:2], 16) % 4 == 0:
        request["date"] = request.pop("starts_at")[:10]

    def then(answer: Answer | None) -> None:
        if (got := expect("wait", answer)) is None or got.status != 201:
            return
        if customer.place not in (None, got.body["id"]):
            raise Untrue(f"one key made two places: {customer.place} and {got.body['id']}")
        customer.place, customer.place_secret = got.body["id"], got.body["client_secret"]

    world.request(
        "POST",
        "/v1/waitlist",
        request | {"customer": customer.wish["customer"]},
        idempotency_key=customer.place_key,
        then=then,
    )


def look_at_place(world: World, customer: Customer) -> None:
    """See whether the time was offered; the offer is then what the customer pays."""

    is_gone = _deleted(world, "waitlist", customer.place)

    def then(answer: Answer | None) -> None:
        if (got := expect("place", answer, is_gone)) is None or got.status != 200:
            return
        if got.body["state"] == "offered" and customer.booking is None:
            customer.has_offer = True
            customer.booking, customer.secret = got.body["offer"]["id"], customer.place_secret
            customer.bookings = [customer.booking]

    world.request("GET", f"/v1/waitlist/{customer.place}", secret=customer.place_secret, then=then)


def leave(world: World, customer: Customer) -> None:
    """Leave the waitlist, or turn down the offer."""
    is_gone = _deleted(world, "waitlist", customer.place)
    world.request(
        "DELETE",
        f"/v1/waitlist/{customer.place}",
        secret=customer.place_secret,
        then=lambda answer: _ignore(expect("leave", answer, is_gone)),
    )


def release(world: World, customer: Customer) -> None:
    """Give the time back."""
    is_gone = _deleted(world, "bookings", customer.booking)
    world.request(
        "DELETE",
        f"/v1/holds/{customer.booking}",
        secret=customer.secret,
        then=lambda answer: _ignore(expect("release", answer, is_gone)),
    )


def look(world: World, customer: Customer) -> None:
    """Read the booking's state; once confirmed, it stays confirmed."""
    was_confirmed = "confirmed" in customer.told  # an older request may be answered later
    is_gone = _deleted(world, "bookings", customer.booking)

    def then(answer: Answer | None) -> None:
        got = expect("confirmation", answer, is_gone)
        if got is None and was_confirmed and is_gone():
            raise Untrue(f"{customer.booking} was confirmed and is deleted")
        if got is None or got.status != 200:
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
    if action == "delayed" and wanted.get("resource_id") == world.tenant.resources[2]["id"]:
        action = "pay"
    assert page is not None
    try:
        world.double.act(page, action)
    except (NotOpen, ApiError):
        return
    finally:
        if action != "decline" and rng.random() < 0.9:  # the others keep the tab open
            customer.page = None
    customer.acted, customer.owes = True, False
    customer.paid = customer.paid or action == "pay"


def read(world: World, rng: random.Random) -> None:
    """A visitor reads: free times, resources, all bookings."""
    resource = rng.choice(world.tenant.resources)
    offering = rng.choice(resource["offerings"])
    path, key = rng.choice(
        (
            (f"/v1/resources/{resource['id']}/slots?offering_id={offering['id']}", "publishable"),
            ("/v1/resources", "publishable"),
            ("/v1/bookings?limit=5", "secret"),
            ("/v1/waitlist?limit=5", "secret"),
        )
    )
    world.request("GET", path, key=key, then=lambda answer: _ignore(expect("read", answer)))


def _ignore(_answer: Answer | None) -> None:
    """Nothing follows from it."""
