"""The life of a Checkout Session, from opening to its end."""

import pytest
import stripe

from dev.stripe_double.double import Double
from dev.stripe_double.paying import NotOpen
from tests.unit.stripe_double.conftest import MANUAL, Clock, Inbox, Opens, order


def test_a_new_session_is_open_and_has_no_intent(opened: Opens, double: Double) -> None:
    """It adds up its line items, answers a page, and has no payment intent before an attempt."""
    session = opened()

    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert (session.amount_total, session.currency) == (2400, "eur")
    assert session.payment_intent is None
    assert session.url == f"{double.public_url}/pay/{session.id}"
    assert session.expires_at == session.created + 86_400


def test_paying_completes_it(
    paid: Opens, client: stripe.StripeClient, double: Double, inbox: Inbox
) -> None:
    """A good card completes the session, and the intent has its own metadata."""
    session = paid()
    intent = client.v1.payment_intents.retrieve(str(session.payment_intent))
    double.pump(inbox)

    assert (session.status, session.payment_status, session.url) == ("complete", "paid", None)
    assert (intent.status, intent.amount_received) == ("succeeded", 2400)
    assert intent.metadata["booking_id"] == "booking-1"
    assert inbox.types == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


@pytest.mark.parametrize(
    ("card", "code", "reason"),
    [
        ("4000 0000 0000 0002", "card_declined", "generic_decline"),
        ("4000-0000-0000-9995", "card_declined", "insufficient_funds"),
        ("4000000000000069", "expired_card", "expired_card"),
        ("1234", "incorrect_number", "incorrect_number"),
    ],
)
def test_a_declined_card_leaves_it_open(
    opened: Opens, client: stripe.StripeClient, double: Double, card: str, code: str, reason: str
) -> None:
    """The customer may try again, and the second attempt is made on the same intent."""
    session = opened()
    outcome = double.act(session.id, "pay", card)
    intent = client.v1.payment_intents.list().data[0]
    double.act(session.id, "pay")
    after = client.v1.checkout.sessions.retrieve(session.id)

    assert outcome.decline is not None
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error is not None
    assert (intent.last_payment_error.code, intent.last_payment_error.decline_code) == (
        code,
        reason,
    )
    assert (after.status, after.payment_intent) == ("complete", intent.id)
    charges = client.v1.charges.list({"payment_intent": intent.id}).data
    assert [charge.status for charge in charges] == ["succeeded", "failed"]


@pytest.mark.parametrize(
    ("outcome", "payment_status", "intent_status", "last_event"),
    [
        ("succeed", "paid", "succeeded", "checkout.session.async_payment_succeeded"),
        ("fail", "unpaid", "requires_payment_method", "checkout.session.async_payment_failed"),
    ],
)
def test_a_delayed_method_settles_later(
    opened: Opens,
    client: stripe.StripeClient,
    double: Double,
    inbox: Inbox,
    outcome: str,
    payment_status: str,
    intent_status: str,
    last_event: str,
) -> None:
    """Complete but unpaid while the intent is processing; then paid, or failed for good."""
    session = opened()
    double.act(session.id, "delayed")
    expand = {"expand": ["payment_intent"]}
    waiting = client.v1.checkout.sessions.retrieve(session.id, expand)  # type: ignore[arg-type]
    double.settle(session.id, outcome)
    settled = client.v1.checkout.sessions.retrieve(session.id, expand)  # type: ignore[arg-type]
    double.pump(inbox)

    assert isinstance(waiting.payment_intent, stripe.PaymentIntent)
    assert isinstance(settled.payment_intent, stripe.PaymentIntent)
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    assert waiting.payment_intent.status == "processing"
    assert (settled.status, settled.payment_status) == ("complete", payment_status)
    assert settled.payment_intent.status == intent_status
    assert "checkout.session.completed" in inbox.types
    assert inbox.types[-1] == last_event
    with pytest.raises(NotOpen):
        double.settle(session.id, outcome)


def test_a_card_only_session_has_no_delayed_method(opened: Opens, double: Double) -> None:
    """Only the named methods are offered; an authorisation cannot be delayed either."""
    for session in (opened(excluded_payment_method_types=["sepa_debit"]), opened(**MANUAL)):
        with pytest.raises(NotOpen, match="accepts only: card"):
            double.act(session.id, "delayed")


def test_abandoning_leaves_it_open(
    opened: Opens, client: stripe.StripeClient, double: Double
) -> None:
    """The customer goes to cancel_url and could still come back to pay."""
    session = opened()
    outcome = double.act(session.id, "abandon")

    assert outcome.redirect == "https://shop.test/back"
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_only_an_open_session_can_be_expired(
    opened: Opens, paid: Opens, client: stripe.StripeClient, double: Double, inbox: Inbox
) -> None:
    """Expiring tells the shop once; a complete or expired one is refused with Stripe's text."""
    session = opened()
    expired = client.v1.checkout.sessions.expire(session.id)
    complete = paid()
    double.pump(inbox)

    assert (expired.status, expired.url) == ("expired", None)
    assert inbox.types.count("checkout.session.expired") == 1
    for session_id, status in ((session.id, "expired"), (complete.id, "complete")):
        with pytest.raises(stripe.InvalidRequestError, match=f"has a status of `{status}`"):
            client.v1.checkout.sessions.expire(session_id)


def test_it_expires_by_itself(
    opened: Opens, client: stripe.StripeClient, double: Double, clock: Clock, inbox: Inbox
) -> None:
    """At expires_at, and not a second earlier, with or without requests; the event is sent once."""
    session = opened(expires_at=int(clock.moment.timestamp()) + 1_800)
    clock.move(seconds=1_799)
    before = client.v1.checkout.sessions.retrieve(session.id)
    clock.move(seconds=1)
    with pytest.raises(NotOpen):
        double.act(session.id, "pay")
    double.pump(inbox)
    double.pump(inbox)

    assert before.status == "open"
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert inbox.types == ["checkout.session.expired"]


def test_pumping_alone_lets_it_expire(
    opened: Opens, double: Double, clock: Clock, inbox: Inbox
) -> None:
    """The webhook is sent although no one reads the session."""
    opened()
    clock.move(days=1)
    double.pump(inbox)

    assert inbox.types == ["checkout.session.expired"]


def test_expiry_cancels_the_intent_of_declined_attempts(
    opened: Opens, client: stripe.StripeClient, double: Double
) -> None:
    """No intent stays payable behind an expired session."""
    session = opened()
    double.act(session.id, "decline")
    client.v1.checkout.sessions.expire(session.id)

    assert client.v1.payment_intents.list().data[0].status == "canceled"


@pytest.mark.parametrize("seconds", [1_799, 86_401])
def test_expires_at_has_limits(opened: Opens, clock: Clock, seconds: int) -> None:
    """30 minutes to 24 hours from creation, as at Stripe."""
    with pytest.raises(stripe.InvalidRequestError) as caught:
        opened(expires_at=int(clock.moment.timestamp()) + seconds)

    assert (caught.value.http_status, caught.value.param) == (400, "expires_at")


def test_a_free_session_needs_no_payment(client: stripe.StripeClient, double: Double) -> None:
    """A total of nothing completes without an intent."""
    price = {"currency": "usd", "unit_amount": 0, "product_data": {"name": "Trial"}}
    items = [{"quantity": 1, "price_data": price}]
    session = client.v1.checkout.sessions.create(order(line_items=items))
    double.act(session.id, "pay")
    after = client.v1.checkout.sessions.retrieve(session.id)

    assert (after.status, after.payment_status) == ("complete", "no_payment_required")
    assert after.payment_intent is None


def test_a_paid_session_cannot_be_paid_again(paid: Opens, double: Double) -> None:
    """Two windows on one session pay once."""
    session = paid()

    with pytest.raises(NotOpen, match="complete"):
        double.act(session.id, "pay")
    assert double.state()["captured"] == {"EUR": 2400}
