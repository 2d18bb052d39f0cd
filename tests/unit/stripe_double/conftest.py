"""Builders: a double on a clock that only tests move, the real SDK with it, and an inbox."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from dev.stripe_double.double import Double
from dev.stripe_double.sdk_client import DoubleClient
from dev.stripe_double.server import running
from tests.unit.stripe_double.over_http import Receiver

SECRET = "whsec_for_tests"
API_KEY = "sk_test_for_tests"
MANUAL: Any = {"payment_intent_data": {"capture_method": "manual"}}


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        # The present, because the SDK compares signatures with the real time.
        self.moment = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.moment

    def move(self, **delta: float) -> None:
        """Let time pass: `move(minutes=31)`."""
        self.moment += timedelta(**delta)


@dataclass
class Inbox:
    """A webhook endpoint: answers `status` (None: does not answer), stores what it was sent."""

    status: int | None = 200
    deliveries: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)

    def __call__(self, _url: str, headers: Mapping[str, str], body: bytes) -> int:
        if self.status is None:
            raise ConnectionRefusedError
        self.deliveries.append((headers, body))
        return self.status

    @property
    def types(self) -> list[str]:
        """The types of the events received, in order."""
        return [json.loads(body)["type"] for _, body in self.deliveries]

    @property
    def ids(self) -> list[str]:
        """The ids of the events received, in order."""
        return [json.loads(body)["id"] for _, body in self.deliveries]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def double(clock: Clock) -> Iterator[Double]:
    """A double in memory, with one endpoint that listens to everything."""
    double = Double(clock=clock, seed=1, sleep=lambda seconds: clock.move(seconds=seconds))
    double.register_endpoint("http://shop.test/webhook", SECRET)
    yield double
    double.close()


@pytest.fixture
def client(double: Double) -> stripe.StripeClient:
    """The real SDK, in process, with the gateway's retries."""
    return stripe.StripeClient(API_KEY, http_client=DoubleClient(double), max_network_retries=2)


@pytest.fixture
def once(double: Double) -> stripe.StripeClient:
    """The SDK without retries, to see each answer."""
    return stripe.StripeClient(API_KEY, http_client=DoubleClient(double), max_network_retries=0)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def order(**changes: Any) -> Any:
    """Parameters of a session for €24.00; None removes a parameter."""
    params = {
        "mode": "payment",
        "success_url": "https://shop.test/done?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://shop.test/back",
        "client_reference_id": "booking-1",
        "metadata": {"booking_id": "booking-1"},
        "payment_intent_data": {"metadata": {"booking_id": "booking-1"}},
        "line_items": [
            {
                "quantity": 2,
                "price_data": {
                    "currency": "eur",
                    "unit_amount": 1200,
                    "product_data": {"name": "Lesson «Grüße»"},
                },
            }
        ],
        **changes,
    }
    return {name: value for name, value in params.items() if value is not None}


Opens = Callable[..., stripe.checkout.Session]


@pytest.fixture
def opened(client: stripe.StripeClient) -> Opens:
    """Open a session: `opened(expires_at=…)`."""
    return lambda **changes: client.v1.checkout.sessions.create(order(**changes))


@pytest.fixture
def paid(double: Double, client: stripe.StripeClient, opened: Opens) -> Opens:
    """Open a session and pay it with a card: `paid(card="4242…")`."""

    def pay(card: str = "4242424242424242", **changes: Any) -> stripe.checkout.Session:
        session = opened(**changes)
        double.act(session.id, "pay", card)
        return client.v1.checkout.sessions.retrieve(session.id)

    return pay


@pytest.fixture
def authorised(paid: Opens, double: Double, inbox: Inbox) -> str:
    """The intent of €24.00 that waits for capture; its events have been delivered."""
    intent = str(paid(**MANUAL).payment_intent)
    double.pump(inbox)
    inbox.deliveries.clear()
    return intent


def card_of(client: stripe.StripeClient, intent: str) -> Any:
    """What the charge of an intent says of its card."""
    details = client.v1.charges.list({"payment_intent": intent}).data[0].payment_method_details
    assert details is not None
    return details.card


@pytest.fixture
def served(double: Double) -> Iterator[str]:
    """The same double over HTTP; returns its address."""
    with running(double) as url:
        yield url


@pytest.fixture
def remote(served: str) -> stripe.StripeClient:
    """The real SDK over HTTP, without retries."""
    return stripe.StripeClient(API_KEY, base_addresses={"api": served}, max_network_retries=0)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver(SECRET)
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()
