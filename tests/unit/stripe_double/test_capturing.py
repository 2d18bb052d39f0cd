"""An authorisation is captured or released, by the API or in Stripe's dashboard, and once."""

from typing import Any

import pytest
import stripe

from dev.stripe_double.double import Double
from dev.stripe_double.messages import ApiError
from tests.unit.stripe_double.conftest import MANUAL, Clock, Inbox, Opens, card_of


def test_completing_only_authorises(
    paid: Opens, client: stripe.StripeClient, double: Double, inbox: Inbox, clock: Clock
) -> None:
    """The session stays unpaid, nothing reaches the balance, and the charge names its deadline."""
    session = paid(**MANUAL)
    intent = client.v1.payment_intents.retrieve(str(session.payment_intent))
    charge = _charge(client, intent.id)
    double.pump(inbox)

    assert (session.status, session.payment_status) == ("complete", "unpaid")
    assert (intent.status, intent.capture_method) == ("requires_capture", "manual")
    assert (intent.amount_capturable, intent.amount_received) == (2400, 0)
    assert (charge.status, charge.captured, charge.amount_captured) == ("succeeded", False, 0)
    assert charge.balance_transaction is None
    assert card_of(client, intent.id).capture_before == charge.created + 7 * 86_400
    assert charge.created == int(clock.moment.timestamp())
    assert inbox.types == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "checkout.session.completed",
    ]
    assert client.v1.balance_transactions.list().data == []
    assert (double.state()["authorised"], double.state()["captured"]) == ({"EUR": 2400}, {})


def test_an_authorisation_is_captured_later(
    paid: Opens, client: stripe.StripeClient, double: Double, inbox: Inbox
) -> None:
    """Manual capture: complete but unpaid until captured, and captured only once."""
    session = paid(**MANUAL)
    intent_id = str(session.payment_intent)
    held = client.v1.payment_intents.retrieve(intent_id)
    captured = client.v1.payment_intents.capture(intent_id)
    after = client.v1.checkout.sessions.retrieve(session.id)
    double.pump(inbox)

    assert (session.status, session.payment_status) == ("complete", "unpaid")
    assert (held.status, held.amount_capturable) == ("requires_capture", 2400)
    assert (captured.status, captured.amount_received) == ("succeeded", 2400)
    assert after.payment_status == "paid"
    assert inbox.types[-2:] == ["charge.captured", "payment_intent.succeeded"]
    assert "payment_intent.amount_capturable_updated" in inbox.types
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.capture(intent_id)
    assert caught.value.code == "payment_intent_unexpected_state"


def test_no_more_than_the_authorisation_is_captured(
    paid: Opens, client: stripe.StripeClient
) -> None:
    """More is refused and changes nothing; less is allowed."""
    intent_id = str(paid(**MANUAL).payment_intent)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.capture(intent_id, {"amount_to_capture": 2401})
    intent = client.v1.payment_intents.capture(intent_id, {"amount_to_capture": 2000})

    assert caught.value.code == "amount_too_large"
    assert intent.amount_received == 2000


def test_a_partial_capture_releases_the_rest(
    authorised: str, client: stripe.StripeClient, double: Double
) -> None:
    """The rest is no refund and moves no money; only the captured part can be refunded."""
    captured = client.v1.payment_intents.capture(authorised, {"amount_to_capture": 1500})
    charge = _charge(client, authorised)
    entries = client.v1.balance_transactions.list().data
    with pytest.raises(stripe.InvalidRequestError) as again:
        client.v1.payment_intents.capture(authorised, {"amount_to_capture": 900})
    with pytest.raises(stripe.InvalidRequestError) as too_much:
        client.v1.refunds.create({"payment_intent": authorised, "amount": 1501})
    refund = client.v1.refunds.create({"payment_intent": authorised})

    assert (captured.amount, captured.amount_received, captured.amount_capturable) == (
        2400,
        1500,
        0,
    )
    assert (charge.amount, charge.amount_captured, charge.captured) == (2400, 1500, True)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert [(entry.type, entry.amount, entry.fee) for entry in entries] == [("charge", 1500, 74)]
    assert again.value.code == "payment_intent_unexpected_state"
    assert too_much.value.param == "amount"
    assert refund.amount == 1500
    assert (double.state()["authorised"], double.state()["captured"]) == ({}, {"EUR": 1500})


def test_a_capture_may_change_metadata(authorised: str, client: stripe.StripeClient) -> None:
    """Key by key, as in other requests."""
    intent = client.v1.payment_intents.capture(
        authorised, {"metadata": {"booking_id": "", "effect": "7"}}
    )

    assert intent.metadata.to_dict() == {"effect": "7"}


@pytest.mark.parametrize(
    "params",
    [
        {"final_capture": False},
        {"application_fee_amount": 100},
        {"transfer_data": {"amount": 100}},
        {"amount_to_capture": 0},
        {"amount_to_capture": -1},
        {"nonsense": 1},
    ],
)
def test_what_the_double_cannot_capture_is_refused(
    authorised: str, client: stripe.StripeClient, params: Any
) -> None:
    """400 naming the parameter, and the card is still authorised."""
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.capture(authorised, params)

    assert (caught.value.http_status, caught.value.param) == (400, next(iter(params)))
    assert client.v1.payment_intents.retrieve(authorised).amount_capturable == 2400


def test_other_method_options_are_refused(opened: Opens) -> None:
    """An option without effect would make a test that proves nothing."""
    with pytest.raises(stripe.InvalidRequestError) as caught:
        opened(payment_method_options={"card": {"request_multicapture": "if_available"}})

    assert caught.value.param == "payment_method_options[card][request_multicapture]"


def test_an_authorisation_is_voided(
    paid: Opens, client: stripe.StripeClient, double: Double, inbox: Inbox
) -> None:
    """Cancelling releases the money; a cancelled intent can be neither captured nor cancelled."""
    intent_id = str(paid(**MANUAL).payment_intent)
    intent = client.v1.payment_intents.cancel(
        intent_id, {"cancellation_reason": "requested_by_customer"}
    )
    double.pump(inbox)

    assert (intent.status, intent.amount_capturable) == ("canceled", 0)
    assert inbox.types[-1] == "payment_intent.canceled"
    assert double.state()["captured"] == {}
    for call in (client.v1.payment_intents.capture, client.v1.payment_intents.cancel):
        with pytest.raises(stripe.InvalidRequestError, match="status of canceled"):
            call(intent_id)


def test_releasing_is_no_refund(
    authorised: str, client: stripe.StripeClient, double: Double, inbox: Inbox
) -> None:
    """No refund, no balance transaction, no event of the charge; the session stays unpaid."""
    intent = client.v1.payment_intents.cancel(authorised, {"cancellation_reason": "abandoned"})
    charge = _charge(client, authorised)
    session = client.v1.checkout.sessions.list({"payment_intent": authorised}).data[0]
    double.pump(inbox)

    assert (intent.cancellation_reason, intent.canceled_at) == ("abandoned", int(double.now()))
    assert (charge.captured, charge.refunded, charge.amount_refunded) == (False, False, 0)
    assert (session.status, session.payment_status) == ("complete", "unpaid")
    assert inbox.types == ["payment_intent.canceled"]
    assert client.v1.refunds.list().data == client.v1.balance_transactions.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
        client.v1.refunds.create({"payment_intent": authorised})


def test_only_an_authorisation_is_cancelled(
    paid: Opens, opened: Opens, client: stripe.StripeClient, double: Double
) -> None:
    """Not a paid intent, not a pending or failed bank debit, not one of an expired session."""
    expired = opened()
    double.act(expired.id, "decline")
    client.v1.checkout.sessions.expire(expired.id)
    paid()
    waiting, bounced = opened(), opened()
    for session in (waiting, bounced):
        double.act(session.id, "delayed")
    double.settle(bounced.id, "fail")
    refusals = {}
    for intent in client.v1.payment_intents.list().data:
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.payment_intents.cancel(intent.id)
        assert client.v1.payment_intents.retrieve(intent.id).to_dict() == intent.to_dict()
        refusals[intent.status] = caught.value.code

    assert refusals == {
        "canceled": "payment_intent_unexpected_state",
        "succeeded": "payment_intent_unexpected_state",
        "processing": "payment_intent_unexpected_state",
        "requires_payment_method": None,
    }


def test_the_intent_of_an_open_session_cannot_be_cancelled(
    opened: Opens, client: stripe.StripeClient, double: Double
) -> None:
    """Stripe requires the session to be expired instead."""
    session = opened()
    double.act(session.id, "decline")
    intent = client.v1.payment_intents.list().data[0]

    with pytest.raises(stripe.InvalidRequestError, match="created by Checkout"):
        client.v1.payment_intents.cancel(intent.id)


@pytest.mark.parametrize(("amount", "received"), [(None, 2400), (1000, 1000)])
def test_the_dashboard_captures(
    authorised: str,
    client: stripe.StripeClient,
    double: Double,
    *,
    inbox: Inbox,
    amount: int | None,
    received: int,
) -> None:
    """Like the API, with events that name no request; a later capture by the API is refused."""
    double.capture(authorised, amount)
    double.pump(inbox)
    events = client.v1.events.list({"types": ["charge.captured", "payment_intent.succeeded"]}).data
    session = client.v1.checkout.sessions.list({"payment_intent": authorised}).data[0]
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.capture(authorised, {}, {"idempotency_key": "effect-1"})

    assert inbox.types == ["charge.captured", "payment_intent.succeeded"]
    assert [event.request and event.request.id for event in events] == [None, None]
    assert client.v1.payment_intents.retrieve(authorised).amount_received == received
    assert session.payment_status == "paid"
    assert caught.value.error is not None
    assert caught.value.error.payment_intent is not None
    assert caught.value.error.payment_intent.status == "succeeded"


def test_the_dashboard_releases(
    authorised: str, client: stripe.StripeClient, double: Double, inbox: Inbox
) -> None:
    """A later capture is refused, with the cancelled intent in the answer."""
    double.void(authorised, "duplicate")
    double.pump(inbox)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.capture(authorised)

    assert inbox.types == ["payment_intent.canceled"]
    assert caught.value.code == "payment_intent_unexpected_state"
    assert caught.value.error is not None
    assert caught.value.error.payment_intent is not None
    assert caught.value.error.payment_intent.cancellation_reason == "duplicate"


def test_the_dashboard_is_refused_like_the_api(authorised: str, double: Double) -> None:
    """Too much, nothing, for an unknown reason, or too late: nothing changes."""
    for amount in (2401, 0):
        with pytest.raises(ApiError):
            double.capture(authorised, amount)
    with pytest.raises(ApiError):
        double.void(authorised, "bored")
    with pytest.raises(ApiError):
        double.capture("pi_none")
    assert double.state()["authorised"] == {"EUR": 2400}
    double.void(authorised)
    with pytest.raises(ApiError, match="status of canceled"):
        double.capture(authorised)


def _charge(client: stripe.StripeClient, intent: str) -> stripe.Charge:
    return client.v1.charges.list({"payment_intent": intent}).data[0]
