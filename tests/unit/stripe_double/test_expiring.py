"""An authorisation that is not captured expires by itself, at the time and in the way chosen."""

from typing import Any

import pytest
import stripe

from dev.stripe_double.authorisations import STANDARD
from dev.stripe_double.double import Double
from dev.stripe_double.messages import ApiError
from tests.unit.stripe_double.conftest import MANUAL, Clock, Inbox, Opens, card_of

CODES = [
    ("charge_expired_for_capture", 400, stripe.InvalidRequestError),
    ("capture_charge_authorization_expired", 402, stripe.CardError),
]


def test_an_authorisation_ends_after_seven_days(
    paid: Opens, client: stripe.StripeClient, clock: Clock
) -> None:
    """What is not captured in time is released by itself, at capture_before."""
    intent_id = str(paid(**MANUAL).payment_intent)
    deadline = card_of(client, intent_id).capture_before
    clock.move(days=7)

    assert deadline == int(clock.moment.timestamp())
    assert client.v1.payment_intents.retrieve(intent_id).status == "canceled"


@pytest.mark.parametrize("reason", ["expired", "automatic"])
def test_time_alone_ends_an_authorisation(
    authorised: str,
    client: stripe.StripeClient,
    double: Double,
    *,
    clock: Clock,
    inbox: Inbox,
    reason: str,
) -> None:
    """At capture_before and not a second earlier, with the chosen reason; events are sent once."""
    double.authorisations(reason=reason)
    clock.move(seconds=STANDARD - 1)
    before = client.v1.payment_intents.retrieve(authorised)
    due = double.next_due()
    clock.move(seconds=1)
    double.pump(inbox)
    double.pump(inbox)
    after = client.v1.payment_intents.retrieve(authorised)

    assert (before.status, due) == (
        "requires_capture",
        card_of(client, authorised).capture_before,
    )
    assert (after.status, after.cancellation_reason) == ("canceled", reason)
    assert (after.amount_capturable, after.canceled_at) == (0, due)
    assert inbox.types == ["charge.expired", "payment_intent.canceled"]
    assert double.next_due() is None
    assert client.v1.refunds.list().data == []


def test_what_was_captured_does_not_expire(
    authorised: str, client: stripe.StripeClient, double: Double, *, clock: Clock
) -> None:
    """After the capture nothing is due."""
    client.v1.payment_intents.capture(authorised)
    clock.move(days=30)

    assert client.v1.payment_intents.retrieve(authorised).status == "succeeded"
    assert double.state()["captured"] == {"EUR": 2400}


@pytest.mark.parametrize(("code", "status", "error"), CODES)
def test_a_late_capture_is_refused_before_the_intent_knows(
    paid: Opens,
    client: stripe.StripeClient,
    double: Double,
    *,
    clock: Clock,
    code: str,
    status: int,
    error: type[stripe.CardError | stripe.InvalidRequestError],
) -> None:
    """The authorisation has expired, the intent still waits: refused, later cancelled."""
    double.authorisations(lag=3_600, code=code)
    intent = str(paid(**MANUAL).payment_intent)
    clock.move(seconds=STANDARD)
    waiting = client.v1.payment_intents.retrieve(intent)
    with pytest.raises(error) as caught:
        client.v1.payment_intents.capture(intent)
    clock.move(seconds=3_600)
    after = client.v1.payment_intents.retrieve(intent)
    with pytest.raises(stripe.InvalidRequestError) as later:
        client.v1.payment_intents.capture(intent)

    assert (waiting.status, waiting.amount_capturable) == ("requires_capture", 2400)
    assert (caught.value.http_status, caught.value.code) == (status, code)
    assert caught.value.error is not None
    assert caught.value.error.payment_intent is not None
    assert caught.value.error.payment_intent.id == intent
    assert bool(caught.value.error.charge) == (status == 402)
    assert (after.status, double.state()["captured"]) == ("canceled", {})
    assert later.value.code == "payment_intent_unexpected_state"


def test_a_late_authorisation_can_still_be_released(
    paid: Opens, client: stripe.StripeClient, double: Double, clock: Clock
) -> None:
    """As long as the intent waits for capture; nothing expires afterwards."""
    double.authorisations(lag=3_600)
    intent = str(paid(**MANUAL).payment_intent)
    clock.move(seconds=STANDARD)
    cancelled = client.v1.payment_intents.cancel(intent)
    clock.move(seconds=3_600)

    assert cancelled.status == "canceled"
    assert client.v1.events.list({"type": "charge.expired"}).data == []


def test_a_slow_capture_may_come_too_late(
    authorised: str, once: stripe.StripeClient, double: Double, clock: Clock
) -> None:
    """The authorisation expires during the request, and the refusal is stored under the key."""
    double.faults.add("slow", path="*/capture", seconds=60)
    clock.move(seconds=STANDARD - 60)
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError, match="status of canceled"):
            once.v1.payment_intents.capture(authorised, {}, {"idempotency_key": "k1"})

    assert double.state()["captured"] == {}


def test_a_bank_may_end_an_authorisation_early(
    authorised: str, client: stripe.StripeClient, double: Double, inbox: Inbox
) -> None:
    """With the same events as at its time, once."""
    double.end_authorisation(authorised)
    double.pump(inbox)

    assert inbox.types == ["charge.expired", "payment_intent.canceled"]
    assert client.v1.payment_intents.retrieve(authorised).cancellation_reason == "expired"
    with pytest.raises(ApiError, match="status of canceled"):
        double.end_authorisation(authorised)


@pytest.mark.parametrize(
    ("asked", "seconds", "status"),
    [
        (None, 410_400, "disabled"),
        ("never", 30 * 86_400, "disabled"),
        ("if_available", STANDARD, "disabled"),
        ("if_available", 30 * 86_400, "enabled"),
    ],
)
def test_authorisations_last_as_long_as_is_said(
    paid: Opens,
    client: stripe.StripeClient,
    double: Double,
    *,
    clock: Clock,
    asked: str | None,
    seconds: int,
    status: str,
) -> None:
    """4 days 18 hours, 7 days or 30; more than 7 counts as extended only if it was requested."""
    double.authorisations(seconds=seconds)
    options = {"card": {"request_extended_authorization": asked}} if asked else None
    session = paid(**MANUAL, payment_method_options=options)
    card = card_of(client, str(session.payment_intent))
    deadline = int(clock.moment.timestamp()) + seconds
    clock.move(seconds=seconds - 1)

    assert card.extended_authorization.status == status
    assert card.capture_before == deadline
    assert client.v1.payment_intents.capture(str(session.payment_intent)).status == "succeeded"


def test_terms_return_to_what_stripe_does(double: Double) -> None:
    """A call without arguments restores the defaults."""
    usual = double.authorisations()
    double.authorisations(seconds=60, lag=5, reason="automatic", code=CODES[1][0])

    assert double.authorisations() == usual
    assert usual["seconds"] == STANDARD


@pytest.mark.parametrize(
    "bad",
    [
        {"seconds": 0},
        {"seconds": "60"},
        {"lag": -1},
        {"lag": True},
        {"reason": "abandoned"},
        {"code": "card_declined"},
        {"second": 1},
    ],
)
def test_misspelt_terms_are_refused(double: Double, bad: dict[str, Any]) -> None:
    """Terms without effect would make a test that proves nothing."""
    with pytest.raises(ApiError):
        double.authorisations(**bad)
