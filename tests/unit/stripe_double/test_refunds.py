"""Refunds: how much can be refunded, and what happens to a refund."""

import pytest
import stripe

from dev.stripe_double.double import Double
from tests.unit.stripe_double.conftest import Inbox, Opens


def _refund(client: stripe.StripeClient, intent: str, amount: int | None = None) -> stripe.Refund:
    params: stripe.params.RefundCreateParams = {"payment_intent": intent}
    if amount is not None:
        params["amount"] = amount
    return client.v1.refunds.create(params)


def test_parts_add_up_to_no_more_than_the_charge(
    paid: Opens, client: stripe.StripeClient, double: Double
) -> None:
    """Partial refunds leave the rest, more than the rest is refused, and then nothing is left."""
    intent = str(paid().payment_intent)
    first = _refund(client, intent, 1000)
    with pytest.raises(stripe.InvalidRequestError) as too_much:
        _refund(client, intent, 1401)
    rest = _refund(client, intent)
    with pytest.raises(stripe.InvalidRequestError) as nothing_left:
        _refund(client, intent)
    charge = client.v1.charges.list({"payment_intent": intent}).data[0]

    assert (first.amount, first.status, rest.amount) == (1000, "succeeded", 1400)
    assert too_much.value.param == "amount"
    assert "(€14.01) is greater than unrefunded amount on charge (€14.00)" in str(too_much.value)
    assert nothing_left.value.code == "charge_already_refunded"
    assert (charge.amount_refunded, charge.refunded) == (2400, True)
    assert double.state()["refunded"] == {"EUR": 2400}


def test_a_refund_says_what_it_is_of(paid: Opens, client: stripe.StripeClient) -> None:
    """By charge or intent, with reason and metadata, retrieved and listed by either."""
    intent = str(paid().payment_intent)
    charge = client.v1.charges.list({"payment_intent": intent}).data[0].id
    refund = client.v1.refunds.create(
        {"charge": charge, "reason": "requested_by_customer", "metadata": {"effect": "7"}}
    )
    other = _refund(client, str(paid().payment_intent))
    again = client.v1.refunds.retrieve(refund.id)

    assert (again.payment_intent, again.charge, again.reason) == (
        intent,
        charge,
        "requested_by_customer",
    )
    assert again.metadata is not None
    assert again.metadata["effect"] == "7"
    assert [r.id for r in client.v1.refunds.list({"payment_intent": intent})] == [refund.id]
    assert [r.id for r in client.v1.refunds.list({"charge": charge})] == [refund.id]
    assert [r.id for r in client.v1.refunds.list()] == [other.id, refund.id]


def test_a_refund_may_fail_later(
    paid: Opens, client: stripe.StripeClient, double: Double, inbox: Inbox
) -> None:
    """A failed refund gives the money back to the shop, and may be made again."""
    intent = str(paid().payment_intent)
    refund = _refund(client, intent)
    double.move_refund(refund.id, "failed")
    failed = client.v1.refunds.retrieve(refund.id)
    again = _refund(client, intent)
    double.pump(inbox)

    assert (failed.status, failed.failure_reason) == ("failed", "unknown")
    assert again.status == "succeeded"
    assert inbox.types[4:9] == [
        "refund.created",
        "charge.refunded",
        "refund.updated",
        "charge.refund.updated",
        "refund.failed",
    ]
    assert double.state()["refunded"] == {"EUR": 2400}


def test_a_refund_may_be_pending_first(
    paid: Opens, opened: Opens, client: stripe.StripeClient, double: Double
) -> None:
    """By the card, by the delayed method, or by control; then it succeeds or fails."""
    by_card = _refund(client, str(paid("4000000000007726").payment_intent))
    session = opened()
    double.act(session.id, "delayed")
    double.settle(session.id, "succeed")
    session = client.v1.checkout.sessions.retrieve(session.id)
    by_method = _refund(client, str(session.payment_intent))
    double.refunds_start_as("pending")
    by_decree = _refund(client, str(paid().payment_intent))
    double.refunds_start_as(None)
    plain = _refund(client, str(paid().payment_intent))

    assert [r.status for r in (by_card, by_method, by_decree)] == ["pending"] * 3
    assert plain.status == "succeeded"
    assert double.move_refund(by_card.id, "succeeded")["balance_transaction"] is not None
    assert double.move_refund(by_method.id, "failed")["status"] == "failed"


def test_nothing_is_refunded_that_was_not_captured(
    opened: Opens, paid: Opens, client: stripe.StripeClient, double: Double
) -> None:
    """Neither an authorisation, nor a pending payment, nor a declined attempt."""
    held = paid(payment_intent_data={"capture_method": "manual"})
    waiting, declined = opened(), opened()
    double.act(waiting.id, "delayed")
    double.act(declined.id, "decline")
    for intent in client.v1.payment_intents.list().data:
        with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
            _refund(client, intent.id)
        with pytest.raises(stripe.InvalidRequestError, match="captured payment"):
            client.v1.refunds.create({"charge": str(intent.latest_charge)})

    assert held.payment_status == "unpaid"
    assert double.state()["refunds"] == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "parameter_missing"),
        ({"payment_intent": "pi_unknown"}, "resource_missing"),
        ({"payment_intent": "pi_unknown", "amount": 0}, "resource_missing"),
        ({"payment_intent": "pi_1", "reason": "bored"}, None),
    ],
)
def test_bad_refunds_are_refused(
    client: stripe.StripeClient, params: dict[str, str], code: str | None
) -> None:
    """Each with Stripe's code and a 400."""
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create(params)  # type: ignore[arg-type]

    assert (caught.value.http_status, caught.value.code) == (400, code)


def test_metadata_changes_by_key(paid: Opens, client: stripe.StripeClient) -> None:
    """New keys are added, empty values remove theirs, and an empty whole removes all."""
    refund = client.v1.refunds.create(
        {"payment_intent": str(paid().payment_intent), "metadata": {"a": "1", "b": "2"}}
    )
    changed = client.v1.refunds.update(refund.id, {"metadata": {"a": "", "c": "3"}})
    cleared = client.v1.refunds.update(refund.id, {"metadata": ""})

    assert changed.metadata is not None
    assert cleared.metadata is not None
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
    assert cleared.metadata.to_dict() == {}


def test_the_balance_adds_up(paid: Opens, client: stripe.StripeClient, double: Double) -> None:
    """Charges in, fees and refunds out; a failed refund comes back in."""
    intent = str(paid().payment_intent)
    refund = _refund(client, intent, 400)
    double.move_refund(refund.id, "failed")
    entries = client.v1.balance_transactions.list().data

    assert [(entry.type, entry.amount, entry.fee) for entry in entries] == [
        ("refund_failure", 400, 0),
        ("refund", -400, 0),
        ("charge", 2400, 100),
    ]
    assert sum(entry.net for entry in entries) == 2300
