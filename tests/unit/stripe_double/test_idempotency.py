"""Idempotency keys: one key, one answer."""

import threading
from typing import Any

import pytest
import stripe

from dev.stripe_double.double import Double
from dev.stripe_double.messages import Request, Response
from dev.stripe_double.sdk_client import DoubleClient
from tests.unit.stripe_double.conftest import API_KEY, Clock, Opens, order

SESSION = b"mode=payment&success_url=https://shop.test/&line_items[0][quantity]=1" + b"".join(
    b"&line_items[0][price_data]" + part
    for part in (b"[currency]=eur", b"[unit_amount]=500", b"[product_data][name]=x")
)


def _post(double: Double, path: str, body: bytes, key: str) -> Response:
    headers = {"Authorization": f"Bearer {API_KEY}", "Idempotency-Key": key}
    return double.handle(Request("POST", path, headers, body))


def test_the_first_answer_is_repeated(double: Double) -> None:
    """Byte for byte and marked, with one effect; the order of parameters does not matter."""
    first = _post(double, "/v1/checkout/sessions", SESSION, "k1")
    shuffled = b"&".join(reversed(SESSION.split(b"&")))
    second = _post(double, "/v1/checkout/sessions", shuffled, "k1")

    assert (second.status, second.body) == (200, first.body)
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["Original-Request"] == first.headers["Request-Id"]
    assert second.headers["Request-Id"] != first.headers["Request-Id"]
    assert len(double.state()["sessions"]) == 1


def test_an_answer_is_repeated_although_the_world_has_moved_on(
    double: Double, client: stripe.StripeClient, clock: Clock
) -> None:
    """A session paid and a deadline past: the same creation still gets the same session."""
    params = order(expires_at=int(clock.moment.timestamp()) + 1_800)
    first = client.v1.checkout.sessions.create(params, {"idempotency_key": "k1"})
    double.act(first.id, "pay")
    clock.move(hours=23)
    second = client.v1.checkout.sessions.create(params, {"idempotency_key": "k1"})

    assert (second.id, second.status) == (first.id, "open")


def test_another_request_under_the_key_is_refused(double: Double, paid: Opens) -> None:
    """Other parameters, or another endpoint: 400 idempotency_error, and no effect."""
    _post(double, "/v1/checkout/sessions", SESSION, "k1")
    intent = str(paid().payment_intent)
    other = _post(double, "/v1/checkout/sessions", SESSION + b"&locale=de", "k1")
    elsewhere = _post(double, "/v1/refunds", f"payment_intent={intent}".encode(), "k1")

    for answer in (other, elsewhere):
        assert answer.status == 400
        assert answer.json()["error"]["type"] == "idempotency_error"
    assert "for the same endpoint" in elsewhere.json()["error"]["message"]
    assert double.state()["refunds"] == []


def test_the_sdk_knows_the_mismatch(client: stripe.StripeClient, opened: Opens) -> None:
    """It raises IdempotencyError."""
    client.v1.checkout.sessions.create(order(), {"idempotency_key": "k1"})

    with pytest.raises(stripe.IdempotencyError):
        client.v1.checkout.sessions.create(order(locale="de"), {"idempotency_key": "k1"})


def test_errors_of_execution_are_kept(double: Double, paid: Opens) -> None:
    """A refusal stays a refusal under its key, even if the request would now succeed."""
    intent = str(paid().payment_intent)
    body = f"payment_intent={intent}&amount=2000".encode()
    _post(double, "/v1/refunds", f"payment_intent={intent}&amount=1000".encode(), "k1")
    refused = _post(double, "/v1/refunds", body, "k2")
    double.move_refund(double.state()["refunds"][0]["id"], "failed")
    repeated = _post(double, "/v1/refunds", body, "k2")
    fresh = _post(double, "/v1/refunds", body, "k3")

    assert (refused.status, repeated.status, fresh.status) == (400, 400, 200)
    assert repeated.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    "bad", [SESSION + b"&nonsense=1", SESSION + b"&expires_at=1", b"mode=payment", b"mode=x"]
)
def test_validation_errors_are_not_kept(double: Double, bad: bytes) -> None:
    """No endpoint began to execute, so the key is still free."""
    refused = _post(double, "/v1/checkout/sessions", bad, "k1")
    corrected = _post(double, "/v1/checkout/sessions", SESSION, "k1")

    assert (refused.status, corrected.status) == (400, 200)


def test_keys_are_forgotten_after_a_day(double: Double, clock: Clock) -> None:
    """24 hours later the same request is a new one."""
    first = _post(double, "/v1/checkout/sessions", SESSION, "k1")
    clock.move(hours=23, minutes=59)
    kept = _post(double, "/v1/checkout/sessions", SESSION, "k1")
    clock.move(minutes=1)
    again = _post(double, "/v1/checkout/sessions", SESSION, "k1")

    assert kept.body == first.body
    assert again.json()["id"] != first.json()["id"]


def test_keys_mean_nothing_to_reading(double: Double) -> None:
    """GET ignores them."""
    headers = {"Authorization": f"Bearer {API_KEY}", "Idempotency-Key": "k1"}
    for path in ("/v1/refunds", "/v1/charges"):
        assert double.handle(Request("GET", path, headers)).status == 200


def test_a_key_in_use_is_refused_at_once(clock: Clock) -> None:
    """While the first request is slow, a second with its key gets 409; others do not wait."""
    entered, leave = threading.Event(), threading.Event()

    def wait(_seconds: float) -> None:
        entered.set()
        assert leave.wait(5)

    double = Double(clock=clock, sleep=wait)
    double.faults.add("slow", path="/v1/checkout/sessions", seconds=3)
    answers: list[Response] = []
    slow = threading.Thread(
        target=lambda: answers.append(_post(double, "/v1/checkout/sessions", SESSION, "k1"))
    )
    slow.start()
    assert entered.wait(5)
    meanwhile = _post(double, "/v1/checkout/sessions", SESSION, "k1")
    other = _post(double, "/v1/checkout/sessions", SESSION, "k2")
    leave.set()
    slow.join(5)
    afterwards = _post(double, "/v1/checkout/sessions", SESSION, "k1")

    assert meanwhile.status == 409
    assert meanwhile.json()["error"]["code"] == "idempotency_key_in_use"
    assert (other.status, answers[0].status) == (200, 200)
    assert afterwards.body == answers[0].body


def test_racing_requests_with_one_key_have_one_effect(double: Double) -> None:
    """One request comes first; all others get the same answer or a 409."""
    answers: list[Response] = []
    start = threading.Barrier(16)

    def race() -> None:
        start.wait()
        answers.append(_post(double, "/v1/checkout/sessions", SESSION, "k1"))

    racers = [threading.Thread(target=race) for _ in range(16)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()

    assert {answer.status for answer in answers} <= {200, 409}
    assert len({answer.body for answer in answers if answer.status == 200}) == 1
    assert len(double.state()["sessions"]) == 1


def test_the_sdk_retries_into_the_kept_answer(double: Double) -> None:
    """A time-out after the effect is repaired by the SDK's own retry, with one session made."""
    double.faults.add("timeout_after", path="/v1/checkout/sessions")
    options: Any = {"http_client": DoubleClient(double), "max_network_retries": 2}
    session = stripe.StripeClient(API_KEY, **options).v1.checkout.sessions.create(order())

    assert [entry["id"] for entry in double.state()["sessions"]] == [session.id]
