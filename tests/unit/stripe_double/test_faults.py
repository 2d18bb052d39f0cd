"""Faults affect exactly the requests they name, in exactly the given way."""

from typing import Any

import pytest
import stripe

from dev.stripe_double import front
from dev.stripe_double.double import Double
from dev.stripe_double.messages import ApiError, Request
from tests.unit.stripe_double.conftest import Clock, order


def _create(client: stripe.StripeClient, key: str = "k1") -> stripe.checkout.Session:
    return client.v1.checkout.sessions.create(order(), {"idempotency_key": key})


def _sessions(double: Double) -> int:
    return len(double.documents("checkout.session"))


def test_a_refused_connection_has_no_effect(double: Double, once: stripe.StripeClient) -> None:
    """Nothing happened, and the retry is the first to do it."""
    double.faults.add("refuse")
    with pytest.raises(stripe.APIConnectionError):
        _create(once)

    assert _sessions(double) == 0
    assert _create(once).status == "open"


def test_a_time_out_after_the_effect_hides_a_success(
    double: Double, once: stripe.StripeClient
) -> None:
    """The caller cannot know; the key finds the session again."""
    double.faults.add("timeout_after", method="POST")
    with pytest.raises(stripe.APIConnectionError):
        _create(once)
    before = [document.id for document in double.documents("checkout.session")]

    assert [_create(once).id] == before


@pytest.mark.parametrize(
    ("status", "error"),
    [(429, stripe.RateLimitError), (500, stripe.APIError), (503, stripe.APIError)],
)
def test_a_status_comes_before_any_effect(
    double: Double, once: stripe.StripeClient, status: int, error: type[Exception]
) -> None:
    """Nothing happens, and nothing is stored under the key."""
    double.faults.add("status", status=status)
    with pytest.raises(error):
        _create(once)

    assert _sessions(double) == 0
    assert _create(once).status == "open"


@pytest.mark.parametrize("effect", [True, False])
def test_a_500_after_is_kept(double: Double, once: stripe.StripeClient, *, effect: bool) -> None:
    """The same key fails for ever, whether or not the session exists; another key is free."""
    double.faults.add("500_after", effect=effect)
    for _ in range(2):
        with pytest.raises(stripe.APIError) as caught:
            _create(once)
    made = _sessions(double)
    _create(once, "k2")

    assert caught.value.http_status == 500
    assert made == int(effect)
    assert _sessions(double) == made + 1


def test_the_sdk_does_not_retry_a_kept_500(double: Double, client: stripe.StripeClient) -> None:
    """The answer says that retrying is no use."""
    double.faults.add("500_after")
    with pytest.raises(stripe.APIError):
        _create(client)

    assert double.faults.listing()[0]["struck"] == 1
    assert _sessions(double) == 1


def test_the_sdk_retries_what_had_no_effect(double: Double, client: stripe.StripeClient) -> None:
    """Two failures are within its two retries."""
    double.faults.add("refuse")
    double.faults.add("status", status=503)

    assert _create(client).status == "open"


def test_slowness_takes_time_and_nothing_else(
    double: Double, once: stripe.StripeClient, clock: Clock
) -> None:
    """The double's clock advances by as much as was slept."""
    before = clock.moment
    double.faults.add("slow", seconds=3)
    session = _create(once)

    assert (clock.moment - before).total_seconds() == 3
    assert session.created == int(clock.moment.timestamp())


def test_a_fault_strikes_only_what_it_names(double: Double, once: stripe.StripeClient) -> None:
    """By method and path, after as many as it spares, as often as it says."""
    double.faults.add("refuse", path="/v1/checkout/sessions/*/expire", skip=1, times=2)
    sessions = [_create(once, f"k{n}") for n in range(4)]
    outcomes = []
    for session in sessions:
        try:
            once.v1.checkout.sessions.expire(session.id)
            outcomes.append("expired")
        except stripe.APIConnectionError:
            outcomes.append("refused")

    assert outcomes == ["expired", "refused", "refused", "expired"]


def test_faults_can_be_lifted(double: Double, once: stripe.StripeClient) -> None:
    """All at once."""
    double.faults.add("refuse", times=None)
    double.faults.clear()

    assert _create(once).status == "open"


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "earthquake"},
        {"kind": "slow", "second": 1},
        {"kind": "slow", "seconds": "1"},
        {"kind": "status", "status": True},
    ],
)
def test_a_misspelt_fault_is_refused(double: Double, bad: dict[str, Any]) -> None:
    """A fault that can never apply would make a test that proves nothing."""
    with pytest.raises(ApiError):
        double.faults.add(**bad)


def test_faults_leave_pages_and_controls_alone(double: Double) -> None:
    """They only affect the API."""
    double.faults.add("refuse", times=None)

    assert front.answer(double, Request("GET", "/_double/state")).status == 200
    assert front.answer(double, Request("GET", "/pay/cs_test_unknown")).status == 404
