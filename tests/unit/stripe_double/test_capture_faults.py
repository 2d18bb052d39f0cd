"""Captures and releases act once, even if answers are lost or requests are repeated or race."""

import threading
from typing import Any

import pytest
import stripe

from dev.stripe_double.double import Double
from dev.stripe_double.messages import Request, Response
from dev.stripe_double.sdk_client import DoubleClient
from tests.unit.stripe_double.conftest import API_KEY, MANUAL, Clock, Inbox, Opens, order

CALLS = [("capture", "succeeded"), ("cancel", "canceled")]


@pytest.mark.parametrize(("call", "status"), CALLS)
def test_a_repeat_under_the_key_is_the_first_answer(
    authorised: str,
    client: stripe.StripeClient,
    double: Double,
    inbox: Inbox,
    *,
    call: str,
    status: str,
) -> None:
    """One effect; with another key the request is refused."""
    first = _act(client, call, authorised, "k1")
    second = _act(client, call, authorised, "k1")
    double.pump(inbox)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        _act(client, call, authorised, "k2")

    assert first.status == status
    assert second.to_dict() == first.to_dict()
    assert len(inbox.types) == len(set(inbox.types))
    assert caught.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(("call", "status"), CALLS)
def test_an_answer_that_is_lost_after_the_act(
    authorised: str, once: stripe.StripeClient, double: Double, *, call: str, status: str
) -> None:
    """The intent shows the effect, and the key returns the lost answer."""
    double.faults.add("timeout_after", path=f"/v1/payment_intents/*/{call}")
    with pytest.raises(stripe.APIConnectionError):
        _act(once, call, authorised, "k1")
    there = once.v1.payment_intents.retrieve(authorised)

    assert there.status == status
    assert _act(once, call, authorised, "k1").to_dict() == there.to_dict()


@pytest.mark.parametrize("effect", [True, False])
@pytest.mark.parametrize(("call", "status"), CALLS)
def test_a_500_is_kept_under_its_key(
    authorised: str,
    once: stripe.StripeClient,
    double: Double,
    *,
    call: str,
    status: str,
    effect: bool,
) -> None:
    """With or without the effect; only the intent shows which."""
    double.faults.add("500_after", path=f"*/{call}", effect=effect)
    for _ in range(2):
        with pytest.raises(stripe.APIError) as caught:
            _act(once, call, authorised, "k1")
    there = once.v1.payment_intents.retrieve(authorised)

    assert caught.value.http_status == 500
    assert there.status == (status if effect else "requires_capture")


@pytest.mark.parametrize(("call", "status"), CALLS)
def test_what_had_no_effect_can_be_sent_again(
    authorised: str, once: stripe.StripeClient, double: Double, *, call: str, status: str
) -> None:
    """After a refused connection or a 429 the same key works."""
    double.faults.add("refuse", path=f"*/{call}")
    double.faults.add("status", path=f"*/{call}", status=429)
    for error in (stripe.APIConnectionError, stripe.RateLimitError):
        with pytest.raises(error):
            _act(once, call, authorised, "k1")

    assert _act(once, call, authorised, "k1").status == status


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("charge_expired_for_capture", stripe.InvalidRequestError),
        ("capture_charge_authorization_expired", stripe.CardError),
    ],
)
def test_a_refusal_is_kept_under_its_key(
    paid: Opens,
    once: stripe.StripeClient,
    double: Double,
    *,
    clock: Clock,
    code: str,
    error: type[stripe.StripeError],
) -> None:
    """400s and 402s are replayed with the intent as it was at the time."""
    double.authorisations(lag=60, code=code)
    intent = str(paid(**MANUAL).payment_intent)
    clock.move(days=7)
    bodies: list[Any] = []
    for _ in range(2):
        with pytest.raises(error) as caught:
            _act(once, "capture", intent, "k1")
        bodies.append(caught.value.json_body)
        clock.move(seconds=60)

    assert caught.value.code == code
    assert bodies[0] == bodies[1]
    assert bodies[1]["error"]["payment_intent"]["status"] == "requires_capture"
    assert once.v1.payment_intents.retrieve(intent).status == "canceled"


@pytest.mark.parametrize(("call", "status"), CALLS)
def test_a_key_in_use_is_refused(clock: Clock, *, call: str, status: str) -> None:
    """409 during the first request, then its answer; another key may act meanwhile."""
    entered, leave = threading.Event(), threading.Event()

    def wait(_seconds: float) -> None:
        entered.set()
        assert leave.wait(5)

    double = Double(clock=clock, sleep=wait)
    intent = _authorise(double)
    double.faults.add("slow", path=f"*/{call}", seconds=3)
    answers: list[Response] = []
    slow = threading.Thread(target=lambda: answers.append(_post(double, intent, call, "k1")))
    slow.start()
    assert entered.wait(5)
    meanwhile = _post(double, intent, call, "k1")
    other = _post(double, intent, call, "k2")
    leave.set()
    slow.join(5)

    assert meanwhile.status == 409
    assert meanwhile.json()["error"]["code"] == "idempotency_key_in_use"
    assert (other.status, other.json()["status"]) == (200, status)
    assert answers[0].json()["error"]["code"] == "payment_intent_unexpected_state"
    assert answers[0].json()["error"]["payment_intent"] == other.json()
    assert _post(double, intent, call, "k1").body == answers[0].body


def test_captures_and_releases_race_for_one_authorisation(clock: Clock) -> None:
    """One of sixteen succeeds; the others are refused with the intent as it is now."""
    double = Double(clock=clock)
    intent = _authorise(double)
    answers: list[Response] = []
    start = threading.Barrier(16)

    def race(number: int) -> None:
        start.wait()
        answers.append(_post(double, intent, ("capture", "cancel")[number % 2], f"k{number}"))

    racers = [threading.Thread(target=race, args=(number,)) for number in range(16)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    (won,) = [answer.json() for answer in answers if answer.status == 200]
    lost = [answer.json()["error"] for answer in answers if answer.status == 400]

    assert len(lost) == 15
    assert [error["payment_intent"] for error in lost] == [won] * 15
    assert double.state()["captured"] == ({"EUR": 2400} if won["status"] == "succeeded" else {})


@pytest.mark.parametrize(
    ("fault", "at_once", "later"),
    [
        ({"kind": "reorder", "seconds": 30, "times": 2}, [], [1, 0]),
        ({"kind": "delay", "event": "charge.*", "seconds": 30}, [1], [0]),
        ({"kind": "duplicate", "event": "payment_intent.*"}, [0, 1, 1], []),
        ({"kind": "drop", "event": "payment_intent.succeeded"}, [0], []),
    ],
)
def test_events_of_a_capture_are_manipulated(
    authorised: str,
    client: stripe.StripeClient,
    double: Double,
    *,
    clock: Clock,
    inbox: Inbox,
    fault: Any,
    at_once: list[int],
    later: list[int],
) -> None:
    """Reordered, delayed, duplicated or dropped, like all others."""
    types = ["charge.captured", "payment_intent.succeeded"]
    double.faults.add(**fault)
    client.v1.payment_intents.capture(authorised)
    double.pump(inbox)
    first = len(inbox.types)
    clock.move(seconds=30)
    double.pump(inbox)

    assert inbox.types[:first] == [types[number] for number in at_once]
    assert inbox.types[first:] == [types[number] for number in later]


def _act(client: stripe.StripeClient, call: str, intent: str, key: str) -> stripe.PaymentIntent:
    """Capture or cancel under an idempotency key."""
    options: Any = {"idempotency_key": key}
    if call == "capture":
        return client.v1.payment_intents.capture(intent, {"amount_to_capture": 2000}, options)
    return client.v1.payment_intents.cancel(intent, {}, options)


def _authorise(double: Double) -> str:
    """An authorised €24.00 at a double that no fixture made; answers the intent."""
    options: Any = {"http_client": DoubleClient(double)}
    client = stripe.StripeClient(API_KEY, **options)
    session = client.v1.checkout.sessions.create(order(**MANUAL))
    double.act(session.id, "pay")
    return str(client.v1.checkout.sessions.retrieve(session.id).payment_intent)


def _post(double: Double, intent: str, call: str, key: str) -> Response:
    headers = {"Authorization": f"Bearer {API_KEY}", "Idempotency-Key": key}
    return double.handle(Request("POST", f"/v1/payment_intents/{intent}/{call}", headers))
