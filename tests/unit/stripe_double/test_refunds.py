"""Refunds: how much can be refunded, and what happens to a refund."""

import inspect
import json

import pytest
import stripe

from dev.stripe_double.double import Double
from dev.stripe_double.messages import ApiError
from dev.stripe_double.refunds import FAILURE_REASONS
from tests.unit.stripe_double.conftest import Clock, Inbox, Opens


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


@pytest.mark.parametrize("reason", [None, "declined", "expired_or_canceled_card"])
@pytest.mark.parametrize("begins", ["pending", "succeeded"])
def test_a_failed_refund_says_why(
    paid: Opens,
    client: stripe.StripeClient,
    double: Double,
    inbox: Inbox,
    *,
    begins: str,
    reason: str | None,
) -> None:
    """Each of its events has the reason; charge and balance have the money again."""
    intent = str(paid().payment_intent)
    double.refunds_start_as(begins)
    refund = _refund(client, intent, 1000)
    double.pump(inbox)
    inbox.deliveries.clear()
    double.move_refund(refund.id, "failed", reason)
    double.pump(inbox)
    charge = client.v1.charges.list({"payment_intent": intent}).data[0]
    failed = client.v1.refunds.retrieve(refund.id)
    entries = client.v1.balance_transactions.list().data
    told = [json.loads(body)["data"]["object"] for _, body in inbox.deliveries]

    assert inbox.types == ["refund.updated", "charge.refund.updated", "refund.failed"]
    assert {body["failure_reason"] for body in told} == {reason or "unknown"}
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert (failed.status, failed.pending_reason) == ("failed", None)
    assert ("failure_balance_transaction" in failed) == (begins == "succeeded")
    assert sum(entry.net for entry in entries) == 2300


def test_the_sdk_names_the_reasons_of_failures() -> None:
    """The double has all the reasons in the SDK's description, and no others."""
    text = inspect.getsource(stripe.Refund)
    described = text[text.index("Provides the reason for the refund failure") :].split("\n")[0]

    assert set(described.split("`")[1::2]) == set(FAILURE_REASONS)


@pytest.mark.parametrize(
    ("status", "reason"),
    [("failed", "bored"), ("succeeded", "declined"), ("canceled", "declined")],
)
def test_a_reason_must_be_one_of_a_failure(
    paid: Opens, client: stripe.StripeClient, double: Double, status: str, reason: str
) -> None:
    """Others are refused, and the refund is unchanged."""
    double.refunds_start_as("pending")
    refund = _refund(client, str(paid().payment_intent))
    with pytest.raises(ApiError):
        double.move_refund(refund.id, status, reason)

    assert client.v1.refunds.retrieve(refund.id).status == "pending"


def test_a_card_may_let_its_refunds_fail(
    paid: Opens, client: stripe.StripeClient, double: Double, clock: Clock, inbox: Inbox
) -> None:
    """After a minute by the clock, with one event; a second refund fails as well."""
    intent = str(paid("4000000000005126").payment_intent)
    refund = _refund(client, intent)
    clock.move(seconds=59)
    before = client.v1.refunds.retrieve(refund.id)
    clock.move(seconds=1)
    double.pump(inbox)
    after = client.v1.refunds.retrieve(refund.id)
    again = _refund(client, intent)
    clock.move(seconds=60)

    assert (before.status, after.status, again.status) == ("succeeded", "failed", "succeeded")
    assert inbox.types.count("refund.failed") == 1
    assert client.v1.refunds.retrieve(again.id).status == "failed"
    assert double.state()["refunded"] == {}
    assert double.next_due() is not None  # the events of the second


def test_a_refund_that_ended_does_not_fail_again(
    paid: Opens, client: stripe.StripeClient, double: Double, clock: Clock
) -> None:
    """After a failure by control the clock changes nothing."""
    refund = _refund(client, str(paid("4000000000005126").payment_intent))
    double.move_refund(refund.id, "failed", "declined")
    clock.move(minutes=5)

    assert client.v1.refunds.retrieve(refund.id).failure_reason == "declined"
    assert len(client.v1.events.list({"type": "refund.failed"}).data) == 1


def test_refunds_wait_for_money_in_the_balance(
    paid: Opens, client: stripe.StripeClient, double: Double, inbox: Inbox
) -> None:
    """Pending with that reason while the balance is short, then made, each with one event."""
    earlier = _refund(client, str(paid().payment_intent), 100)
    double.run_short(short=True)
    intent = str(paid().payment_intent)
    waiting = [_refund(client, intent, amount) for amount in (600, 700)]
    charge = client.v1.charges.list({"payment_intent": intent}).data[0]
    booked = [entry.source for entry in client.v1.balance_transactions.list({"type": "refund"})]
    double.pump(inbox)
    inbox.deliveries.clear()
    double.run_short(short=False)
    double.run_short(short=False)
    double.pump(inbox)
    after = [client.v1.refunds.retrieve(refund.id) for refund in waiting]

    assert [(r.status, r.pending_reason) for r in waiting] == [
        ("pending", "insufficient_funds")
    ] * 2
    assert (charge.amount_refunded, booked) == (1300, [earlier.id])
    assert [(r.status, r.pending_reason) for r in after] == [("succeeded", None)] * 2
    assert all(refund.balance_transaction for refund in after)
    assert inbox.types == ["refund.updated", "charge.refund.updated"] * 2
    assert _refund(client, intent, 200).status == "succeeded"


def test_a_refund_that_waits_for_money_may_fail(
    paid: Opens, client: stripe.StripeClient, double: Double
) -> None:
    """It is not made when the balance is sufficient again."""
    double.run_short(short=True)
    refund = _refund(client, str(paid().payment_intent))
    double.move_refund(refund.id, "failed", "insufficient_funds")
    double.run_short(short=False)
    after = client.v1.refunds.retrieve(refund.id)

    assert (after.status, after.failure_reason) == ("failed", "insufficient_funds")
    assert double.state()["refunded"] == {}


def test_a_refund_to_a_bank_goes_on_slowly(
    paid: Opens, opened: Opens, client: stripe.StripeClient, double: Double, inbox: Inbox
) -> None:
    """With sufficient balance it is pending as it would have been at once."""
    session = opened()
    double.act(session.id, "delayed")
    double.settle(session.id, "succeed")
    under_way = _refund(client, str(paid("4000000000007726").payment_intent))
    double.run_short(short=True)
    intent = str(client.v1.checkout.sessions.retrieve(session.id).payment_intent)
    refunds = [
        _refund(client, intent),
        _refund(client, str(paid("4000000000007726").payment_intent)),
    ]
    double.pump(inbox)
    inbox.deliveries.clear()
    double.run_short(short=False)
    double.pump(inbox)
    after = [client.v1.refunds.retrieve(refund.id) for refund in refunds]

    assert [(r.status, r.pending_reason) for r in after] == [("pending", "processing")] * 2
    assert inbox.types == ["refund.updated", "charge.refund.updated"] * 2
    assert client.v1.refunds.retrieve(under_way.id).to_dict() == under_way.to_dict()
    assert double.move_refund(refunds[0].id, "succeeded")["pending_reason"] is None


def test_a_short_balance_takes_precedence(
    paid: Opens, client: stripe.StripeClient, double: Double
) -> None:
    """Over how refunds start, which applies once there is money."""
    double.refunds_start_as("succeeded")
    double.run_short(short=True)
    refund = _refund(client, str(paid("4000000000007726").payment_intent))
    double.run_short(short=False)

    assert refund.pending_reason == "insufficient_funds"
    assert client.v1.refunds.retrieve(refund.id).status == "succeeded"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "reorder", "seconds": 30, "times": 3}, [2, 1, 0]),
        ({"kind": "delay", "event": "refund.updated", "seconds": 30}, [1, 2, 0]),
        ({"kind": "duplicate", "event": "charge.*"}, [0, 1, 1, 2]),
        ({"kind": "drop", "event": "refund.failed"}, [0, 1]),
    ],
)
def test_events_of_a_failing_refund_are_manipulated(
    paid: Opens,
    client: stripe.StripeClient,
    double: Double,
    *,
    clock: Clock,
    inbox: Inbox,
    fault: dict[str, object],
    expected: list[int],
) -> None:
    """Reordered, delayed, duplicated or dropped, like all others."""
    types = ["refund.updated", "charge.refund.updated", "refund.failed"]
    refund = _refund(client, str(paid().payment_intent))
    double.pump(inbox)
    inbox.deliveries.clear()
    double.faults.add(**fault)  # type: ignore[arg-type]
    double.move_refund(refund.id, "failed")
    double.pump(inbox)
    clock.move(seconds=30)
    double.pump(inbox)

    assert inbox.types == [types[number] for number in expected]
