"""Everything the double shows or sends has the shape of the SDK's annotations."""

import json
from typing import Any

import pytest
import stripe

from dev.stripe_double import authorisations
from dev.stripe_double.double import Double
from dev.stripe_double.messages import Request
from tests.unit.stripe_double.conftest import API_KEY, MANUAL, Clock, Inbox, Opens
from tests.unit.stripe_double.sdk_shapes import mismatches

CLASSES: dict[str, type] = {
    "account": stripe.Account,
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "event": stripe.Event,
    "item": stripe.LineItem,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "refund": stripe.Refund,
    "webhook_endpoint": stripe.WebhookEndpoint,
}
EMITTED = {
    "charge.captured",
    "charge.expired",
    "charge.failed",
    "charge.pending",
    "charge.refund.updated",
    "charge.refunded",
    "charge.succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.created",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.succeeded",
    "refund.created",
    "refund.failed",
    "refund.updated",
}


@pytest.fixture
def lived_in(
    double: Double, clock: Clock, client: stripe.StripeClient, opened: Opens, paid: Opens
) -> Double:
    """A double in which everything has happened once."""
    opened()
    declined = opened(customer_email="guest@example.com", locale="de", submit_type="book")
    for number in ("4000000000000002", "4000000000000069"):
        double.act(declined.id, "pay", number)
    client.v1.checkout.sessions.expire(declined.id)
    for outcome in ("succeed", "fail"):
        session = opened()
        double.act(session.id, "delayed")
        double.settle(session.id, outcome)
    double.act(opened().id, "delayed")
    double.act(opened(line_items=[_free()]).id, "pay")
    extended: Any = {"card": {"request_extended_authorization": "if_available"}}
    paid(**MANUAL, payment_method_options=extended)
    double.authorisations(seconds=30 * 86_400, reason="automatic")
    paid(**MANUAL, payment_method_options=extended)
    double.authorisations()
    for action in ("capture", "cancel", "leave"):
        intent = str(paid(**MANUAL).payment_intent)
        if action == "capture":
            client.v1.payment_intents.capture(intent, {"amount_to_capture": 1500})
        if action == "cancel":
            client.v1.payment_intents.cancel(intent, {"cancellation_reason": "abandoned"})
    for card in ("4242424242424242", "4000000000007726"):
        intent = str(paid(card).payment_intent)
        for reason in ("duplicate", None):
            params: Any = {"payment_intent": intent, "amount": 700}
            refund = client.v1.refunds.create(params | ({"reason": reason} if reason else {}))
        double.move_refund(refund.id, "failed", "declined")
    double.run_short(short=True)
    client.v1.refunds.create({"payment_intent": str(paid().payment_intent)})
    double.capture(str(paid(**MANUAL).payment_intent), 700)
    double.void(str(paid(**MANUAL).payment_intent))
    clock.move(days=8)
    return double


def _free() -> Any:
    price = {"currency": "usd", "unit_amount": 0, "product_data": {"name": "Trial"}}
    return {"quantity": 1, "price_data": price}


def _get(double: Double, path: str) -> Any:
    response = double.handle(Request("GET", path, {"Authorization": f"Bearer {API_KEY}"}))
    assert response.status == 200, response.body
    return response.json()


@pytest.mark.parametrize(
    "path",
    [
        "checkout/sessions",
        "payment_intents",
        "charges",
        "refunds",
        "balance_transactions",
        "webhook_endpoints",
        "events",
    ],
)
def test_every_object_has_the_declared_shape(lived_in: Double, path: str) -> None:
    """Each listed object, and each retrieved alone, has the SDK's fields, nulls and enums."""
    listed = _get(lived_in, f"/v1/{path}?limit=100")["data"]
    retrieved = [_get(lived_in, f"/v1/{path}/{body['id']}") for body in listed]

    assert listed
    assert retrieved == listed
    assert [e for body in listed for e in mismatches(body, CLASSES[body["object"]])] == []


def test_expanded_and_included_objects_have_the_declared_shape(lived_in: Double) -> None:
    """Payment methods, line items and whole trees of references are as declared too."""
    query = "&".join(
        f"expand[]=data.{name}"
        for name in (
            "line_items",
            "payment_intent.latest_charge.balance_transaction",
            "payment_intent.payment_method",
        )
    )
    sessions = _get(lived_in, f"/v1/checkout/sessions?limit=100&{query}")["data"]
    errors = [e for body in sessions for e in mismatches(body, stripe.checkout.Session)]

    assert errors == []
    assert any(body["payment_intent"] for body in sessions)


def test_every_event_has_the_declared_shape(lived_in: Double, inbox: Inbox) -> None:
    """The SDK knows all event types, and the objects in them have their shapes."""
    lived_in.pump(inbox)
    bodies = [json.loads(body) for _, body in inbox.deliveries]
    errors = [e for body in bodies for e in mismatches(body, stripe.Event)]
    for body in bodies:
        inner = body["data"]["object"]
        errors += mismatches(inner, CLASSES[inner["object"]], body["type"])

    assert {body["type"] for body in bodies} == EMITTED
    assert errors == []


def test_the_account_has_the_declared_shape(double: Double) -> None:
    """GET /v1/account shows an account."""
    assert mismatches(_get(double, "/v1/account"), stripe.Account) == []


@pytest.mark.parametrize("code", sorted(authorisations.CODES))
def test_refused_captures_have_the_declared_shape(
    double: Double, clock: Clock, paid: Opens, code: str
) -> None:
    """For each reason; the intent in the answer is as it would be retrieved."""
    double.authorisations(lag=60, code=code)
    intent = str(paid(**MANUAL).payment_intent)
    path = f"/v1/payment_intents/{intent}"
    errors = [_refused(double, f"{path}/capture?amount_to_capture=2401")]
    clock.move(days=7)
    errors.append(_refused(double, f"{path}/capture"))
    waiting = _get(double, path)
    clock.move(seconds=60)
    errors += [_refused(double, f"{path}/capture"), _refused(double, f"{path}/cancel")]

    assert [error["code"] for error in errors] == [
        "amount_too_large",
        code,
        "payment_intent_unexpected_state",
        "payment_intent_unexpected_state",
    ]
    assert [e for error in errors for e in mismatches(error, stripe.ErrorObject)] == []
    gone = _get(double, path)
    assert [error["payment_intent"] for error in errors] == [waiting, waiting, gone, gone]


def _refused(double: Double, path: str) -> Any:
    response = double.handle(Request("POST", path, {"Authorization": f"Bearer {API_KEY}"}))
    assert response.status in (400, 402), response.body
    return response.json()["error"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"surprise": 1}, "surprise: unknown to the SDK"),
        ({"amount": None}, "amount: null is not allowed"),
        ({"amount": "24"}, "amount: '24' is no int"),
        ({"paid": 1}, "paid: 1 is no bool"),
        ({"status": "lost"}, "status: 'lost' is not one of"),
        ({"outcome": {"type": None}}, "outcome.type: null is not allowed"),
        ({"refunds": {"data": []}}, "refunds: not a list object"),
    ],
)
def test_the_comparison_notices(
    double: Double, paid: Opens, change: dict[str, Any], complaint: str
) -> None:
    """The twin: a charge with one wrong field is found."""
    paid()
    charge = {**double.documents("charge")[0].body, **change}
    found = mismatches(charge, stripe.Charge)

    assert len(found) == 1
    assert complaint in found[0]


def test_the_comparison_misses_nothing(double: Double, paid: Opens) -> None:
    """The twin: a charge without a required field is found."""
    paid()
    charge = double.documents("charge")[0].body
    del charge["currency"]

    assert mismatches(charge, stripe.Charge) == ["Charge.currency: missing"]
