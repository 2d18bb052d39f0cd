"""What a session means, for every combination that Stripe can send; and what is stored of it."""

import itertools
from typing import Any

import pytest

from holdfast.stripe import gateway
from holdfast.stripe.gateway import refund_status

STATUSES = ("open", "complete", "expired")
PAYMENTS = ("paid", "unpaid", "no_payment_required")
INTENTS = (
    None,
    "pi_1",
    *(
        {"id": "pi_1", "status": status}
        for status in (
            "processing",
            "succeeded",
            "requires_payment_method",
            "requires_action",
            "requires_capture",
            "canceled",
        )
    ),
)
EVENTS = (
    None,
    "checkout.session.completed",
    "checkout.session.expired",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
)


def _expected(status: str, payment: str, intent: Any, event: str | None) -> str:
    """The table in words: open and expired decide alone, then money, then failure."""
    if status != "complete":
        return status
    if payment == "no_payment_required" and intent is None:
        return "failed"  # it asked for nothing and took nothing; none of ours is free
    if payment != "unpaid":
        return "paid"
    if event == "checkout.session.async_payment_failed":
        return "failed"
    failed = {"requires_payment_method", "canceled"}
    return "failed" if isinstance(intent, dict) and intent["status"] in failed else "pending"


@pytest.mark.parametrize(
    ("status", "payment", "intent", "event"),
    list(itertools.product(STATUSES, PAYMENTS, INTENTS, EVENTS)),
)
def test_the_outcome_of_every_session(
    status: str, payment: str, intent: Any, event: str | None
) -> None:
    """Expanded or not, from an event or a request: one meaning.

    Cases: E-2.2, E-2.8
    """
    session = {"status": status, "payment_status": payment, "payment_intent": intent}

    assert gateway.outcome(session, event) == _expected(status, payment, intent, event)


@pytest.mark.parametrize(
    ("payment", "intent", "event"), list(itertools.product(PAYMENTS, INTENTS, EVENTS))
)
def test_an_open_or_expired_session_never_counts_as_paid(
    payment: str, intent: Any, event: str | None
) -> None:
    """Whatever else it says: no booking is confirmed by a session that is not complete.

    Cases: A-1
    """
    for status in ("open", "expired"):
        session = {"status": status, "payment_status": payment, "payment_intent": intent}

        assert gateway.outcome(session, event) != "paid"


def test_no_customer_data_goes_into_the_summary() -> None:
    """Name, e-mail and address stay at Stripe; only what the database needs is stored.

    Proves: ASVS 14.2.4
    """
    session = {
        "id": "cs_1",
        "url": None,
        "client_reference_id": "c",
        "metadata": None,
        "amount_total": 4500,
        "currency": "gbp",
        "payment_intent": {"id": "pi_1", "status": "succeeded"},
        "customer_details": {"email": "grace@example.com"},
        "customer_email": "grace@example.com",
    }

    assert gateway.summary(session) == {
        "id": "cs_1",
        "url": None,
        "client_reference_id": "c",
        "metadata": {},
        "amount_total": 4500,
        "currency": "gbp",
        "payment_intent": "pi_1",
    }
    assert gateway.summary(None) is None


@pytest.mark.parametrize(
    ("at_stripe", "ours"),
    [
        ("succeeded", "succeeded"),
        ("failed", "failed"),
        ("canceled", "failed"),
        ("pending", "pending"),
        ("requires_action", "pending"),
        (None, "pending"),
    ],
)
def test_a_refund_has_gone_through_only_when_stripe_says_so(at_stripe: Any, ours: str) -> None:
    """Any other status than "succeeded" is not called refunded.

    Cases: E-2.8
    """
    assert refund_status({"status": at_stripe}) == ours
