"""The double over real sockets."""

import http.client
import threading
from urllib.parse import urlsplit

import pytest
import stripe

from dev.stripe_double.double import Double
from dev.stripe_double.server import running
from tests.unit.stripe_double.conftest import API_KEY, SECRET, order
from tests.unit.stripe_double.over_http import Receiver, pay, sdk


def test_the_story_over_http(receiver: Receiver) -> None:
    """Open, pay on the page, get the webhook, refund, get its webhook."""
    double = Double()
    double.register_endpoint(receiver.url, SECRET)
    with running(double) as url:
        client = sdk(url)
        session = client.v1.checkout.sessions.create(order())
        status = pay(url, session.id)
        receiver.wait_for("checkout.session.completed")
        paid = client.v1.checkout.sessions.retrieve(session.id)
        client.v1.refunds.create({"payment_intent": str(paid.payment_intent)})
        receiver.wait_for("charge.refunded")

    assert status == 303
    assert str(session.url).startswith(url)
    assert paid.payment_status == "paid"
    assert len(receiver.events) == 6


def test_a_failed_delivery_comes_again(receiver: Receiver) -> None:
    """The thread retries by itself."""
    receiver.refuse = 1
    double = Double()
    double.backoff = type(double.backoff)(first=0.05)
    double.register_endpoint(receiver.url, SECRET, ["checkout.session.expired"])
    with running(double) as url:
        client = sdk(url)
        client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(order()).id)
        receiver.wait_for("checkout.session.expired")

    assert len(receiver.events) == 1


@pytest.mark.parametrize("kind", ["refuse", "timeout_after"])
def test_lost_connections_look_lost(double: Double, remote: stripe.StripeClient, kind: str) -> None:
    """The SDK sees no answer, on a new connection and on one kept alive."""
    for _ in range(2):
        double.faults.add(kind)
        with pytest.raises(stripe.APIConnectionError):
            remote.v1.checkout.sessions.create(order())
        remote.v1.accounts.retrieve_current()

    assert len(double.documents("checkout.session")) == (2 if kind == "timeout_after" else 0)


def test_the_connection_is_kept_alive(served: str) -> None:
    """Two requests, one connection, quickly."""
    parts = urlsplit(served)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    headers = {"Authorization": f"Bearer {API_KEY}"}
    sockets = []
    for _ in range(2):
        connection.request("GET", "/v1/account", headers=headers)
        assert connection.getresponse().read()
        sockets.append(connection.sock)
    connection.close()

    assert sockets[0] is sockets[1]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Length": "2000000"}, 413),
        ({"Content-Length": "x"}, 411),
        ({"Transfer-Encoding": "chunked"}, 411),
    ],
)
def test_bodies_are_bounded(served: str, headers: dict[str, str], status: int) -> None:
    """Too large, or of unknown length: refused before it is read."""
    parts = urlsplit(served)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    connection.putrequest("POST", "/v1/refunds")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answered = connection.getresponse().status
    connection.close()

    assert answered == status


def test_a_slow_request_delays_only_its_own_key() -> None:
    """Another with its key gets 409, through the real SDK."""
    entered, leave = threading.Event(), threading.Event()

    def wait(_seconds: float) -> None:
        entered.set()
        assert leave.wait(5)

    double = Double(sleep=wait)
    double.faults.add("slow", seconds=1)
    results: list[stripe.checkout.Session] = []
    with running(double) as url:

        def create(key: str) -> stripe.checkout.Session:
            return sdk(url).v1.checkout.sessions.create(order(), {"idempotency_key": key})

        slow = threading.Thread(target=lambda: results.append(create("k1")))
        slow.start()
        assert entered.wait(5)
        with pytest.raises(stripe.APIError) as caught:
            create("k1")
        other = create("k2")
        leave.set()
        slow.join(5)
        again = create("k1")

    assert caught.value.http_status == 409
    assert caught.value.error is not None
    assert caught.value.error.code == "idempotency_key_in_use"
    assert other.status == "open"
    assert again.id == results[0].id
