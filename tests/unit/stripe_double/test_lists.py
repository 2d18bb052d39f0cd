"""Lists, cursors, filters, expansion, authentication and unknown addresses."""

import base64

import pytest
import stripe

from dev.stripe_double.double import Double
from dev.stripe_double.messages import Request
from tests.unit.stripe_double.conftest import API_KEY, Clock, Opens


def test_lists_are_paged_newest_first(opened: Opens, client: stripe.StripeClient) -> None:
    """Forwards, backwards, and by the SDK's own iterator."""
    ids = [opened().id for _ in range(5)][::-1]
    sessions = client.v1.checkout.sessions
    first = sessions.list({"limit": 2})
    second = sessions.list({"limit": 2, "starting_after": ids[1]})
    back = sessions.list({"limit": 2, "ending_before": ids[4]})
    top = sessions.list({"limit": 3, "ending_before": ids[2]})

    assert ([s.id for s in first.data], first.has_more) == (ids[:2], True)
    assert ([s.id for s in second.data], second.has_more) == (ids[2:4], True)
    assert ([s.id for s in back.data], back.has_more) == (ids[2:4], True)
    assert ([s.id for s in top.data], top.has_more) == (ids[:2], False)
    assert [s.id for s in first.auto_paging_iter()] == ids


def test_lists_are_filtered(
    opened: Opens, paid: Opens, client: stripe.StripeClient, clock: Clock
) -> None:
    """By status, by intent, and by time of creation."""
    old = opened()
    clock.move(hours=1)
    now = int(clock.moment.timestamp())
    done = paid()
    sessions = client.v1.checkout.sessions

    def ids(**filters: object) -> list[str]:
        return [s.id for s in sessions.list(filters).data]  # type: ignore[arg-type]

    assert ids(status="open") == [old.id]
    assert ids(payment_intent=done.payment_intent) == [done.id]
    assert ids(payment_intent="pi_none") == []
    assert ids(created={"lt": now}) == [old.id]
    assert ids(created={"gte": now}) == ids(created=now) == [done.id]
    assert ids(created={"gt": now}) == []
    assert ids(created={"lte": now}) == [done.id, old.id]


def test_events_are_found_by_type(paid: Opens, client: stripe.StripeClient) -> None:
    """By name, by group, by several names; not by two ways at once."""
    paid()
    events = client.v1.events

    assert [e.type for e in events.list({"type": "payment_intent.*"}).data] == [
        "payment_intent.succeeded",
        "payment_intent.created",
    ]
    names = ["charge.succeeded", "checkout.session.completed", "charge.failed"]
    assert [e.type for e in events.list({"types": names}).data] == [names[1], names[0]]
    with pytest.raises(stripe.InvalidRequestError):
        events.list({"type": "a", "types": ["b"]})


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("starting_after=cs_none", "starting_after"),
        ("created[near]=1", "created[near]"),
        ("status=lost", "status"),
        ("nonsense=1", "nonsense"),
    ],
)
def test_bad_filters_are_refused(double: Double, query: str, param: str) -> None:
    """400, naming the parameter."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    response = double.handle(Request("GET", f"/v1/checkout/sessions?{query}", headers))

    assert response.status == 400
    assert response.json()["error"]["param"] == param


def test_line_items_are_listed(opened: Opens, client: stripe.StripeClient) -> None:
    """In the order's own order, with their prices."""
    session = opened()
    items = client.v1.checkout.sessions.line_items.list(session.id).data

    assert [(item.description, item.quantity, item.amount_total) for item in items] == [
        ("Lesson «Grüße»", 2, 2400)
    ]
    assert items[0].price is not None
    assert items[0].price.unit_amount == 1200


def test_references_are_expanded(paid: Opens, client: stripe.StripeClient) -> None:
    """Four levels deep, in lists too."""
    session = client.v1.checkout.sessions.retrieve(
        paid().id, {"expand": ["payment_intent.latest_charge.balance_transaction", "line_items"]}
    )
    listed = client.v1.charges.list({"expand": ["data.payment_intent"]}).data[0]

    assert isinstance(session.payment_intent, stripe.PaymentIntent)
    assert isinstance(session.payment_intent.latest_charge, stripe.Charge)
    transaction = session.payment_intent.latest_charge.balance_transaction
    assert isinstance(transaction, stripe.BalanceTransaction)
    assert (transaction.net, transaction.status) == (2300, "pending")
    assert session.line_items is not None
    assert len(session.line_items.data) == 1
    assert isinstance(listed.payment_intent, stripe.PaymentIntent)


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("Bearer", 401),
        ("Bearer pk_test_1", 401),
        ("Bearer sk_live_1", 401),
        ("Basic !!", 401),
        ("Digest sk_test_1", 401),
        ("Bearer sk_test_1", 200),
        ("bearer rk_test_1", 200),
        ("Basic " + base64.b64encode(b"sk_test_1:").decode(), 200),
    ],
)
def test_only_secret_test_keys_are_let_in(
    double: Double, authorization: str | None, status: int
) -> None:
    """As bearer token or as basic user name; never echoed whole."""
    headers = {"Authorization": authorization} if authorization else {}
    response = double.handle(Request("GET", "/v1/account", headers))

    assert response.status == status
    assert response.headers["Request-Id"].startswith("req_")


def test_keys_can_be_limited() -> None:
    """To the named ones."""
    double = Double(api_keys=["sk_test_own"])
    statuses = [
        double.handle(Request("GET", "/v1/account", {"Authorization": f"Bearer {key}"})).status
        for key in ("sk_test_own", "sk_test_other")
    ]

    assert statuses == [200, 401]


def test_what_does_not_exist_is_404(client: stripe.StripeClient, double: Double) -> None:
    """An object: resource_missing. An address: Stripe's text for it."""
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.checkout.sessions.retrieve("cs_test_none")
    headers = {"Authorization": f"Bearer {API_KEY}"}
    unknown = double.handle(Request("GET", "/v1/unicorns", headers))

    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")
    assert str(caught.value.user_message) == "No such checkout.session: 'cs_test_none'"
    assert unknown.status == 404
    assert "Unrecognized request URL (GET: /v1/unicorns)" in unknown.json()["error"]["message"]


def test_another_api_version_is_refused(double: Double) -> None:
    """The double has one version; a shop that pins another should learn it here."""
    headers = {"Authorization": f"Bearer {API_KEY}", "Stripe-Version": "2020-08-27"}
    response = double.handle(Request("GET", "/v1/account", headers))

    assert response.status == 400
    assert "Invalid Stripe API version" in response.json()["error"]["message"]
