"""The hosted pay page, as browsers and scripts see it."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
import stripe

from dev.stripe_double import front
from dev.stripe_double.double import Double
from dev.stripe_double.messages import Request, Response
from dev.stripe_double.pages import TEST_CARDS
from tests.unit.stripe_double.conftest import MANUAL, Clock, Inbox, Opens


def _post(double: Double, session_id: str, **fields: str) -> Response:
    return front.answer(
        double, Request("POST", f"/pay/{session_id}", {}, urlencode(fields).encode())
    )


def _get(double: Double, session_id: str) -> Response:
    return front.answer(double, Request("GET", f"/pay/{session_id}"))


def test_the_page_shows_the_order(opened: Opens, double: Double) -> None:
    """What, how much, that no real money moves, and what can be done."""
    page = _get(double, opened().id).body.decode()

    for expected in ("Lesson «Grüße»", "2 &times; €12.00", "€24.00", "Test mode — no real money"):
        assert expected in page
    for action in ("pay", "delayed", "abandon"):
        assert f'value="{action}"' in page


def test_the_page_offers_cards_that_do_as_it_says(opened: Opens, double: Double) -> None:
    """Each number on the page does what is written beside it; the first is filled in."""
    page = _get(double, opened().id).body.decode()
    statuses = {}
    for number, fate in TEST_CARDS:
        assert f"<dt>{number}</dt><dd>{fate}</dd>" in page
        statuses[fate] = _post(double, opened().id, action="pay", card_number=number).status

    assert statuses.pop("pays") == 303
    assert set(statuses.values()) == {402}
    assert f'list="cards" value="{TEST_CARDS[0][0]}"' in page


def test_paying_leads_to_the_shop(opened: Opens, double: Double) -> None:
    """303 to success_url, with the session named in it."""
    session = opened()
    response = _post(double, session.id, action="pay", card_number="4242 4242 4242 4242")

    assert response.status == 303
    assert response.headers["Location"] == f"https://shop.test/done?session={session.id}"


def test_a_declined_card_stays_on_the_page(opened: Opens, double: Double) -> None:
    """402 and the reason; the form stays."""
    response = _post(double, opened().id, action="pay", card_number="4000000000009995")

    assert response.status == 402
    assert b"Your card has insufficient funds." in response.body
    assert b'name="card_number"' in response.body


def test_declining_never_pays(opened: Opens, double: Double) -> None:
    """Not even with a good card in the field; a bad card's own reason is shown."""
    session = opened()
    good = _post(double, session.id, action="decline", card_number="4242424242424242")
    expired = _post(double, session.id, action="decline", card_number="4000000000000069")

    assert (good.status, expired.status) == (402, 402)
    assert b"Your card was declined." in good.body
    assert b"Your card has expired." in expired.body


@pytest.mark.parametrize("outcome", ["succeed", "fail"])
def test_a_delayed_payment_is_settled_on_the_page(
    opened: Opens, double: Double, outcome: str
) -> None:
    """First to the shop, then back to the page to choose the bank's result."""
    session = opened()
    first = _post(double, session.id, action="delayed")
    offered = _get(double, session.id).body
    second = _post(double, session.id, action=outcome)
    third = _post(double, session.id, action=outcome)

    assert (first.status, second.status, third.status) == (303, 303, 409)
    assert b'value="succeed"' in offered
    assert b'value="fail"' in offered
    assert second.headers["Location"].endswith(f"/pay/{session.id}")


def test_the_page_says_that_a_card_is_only_authorised(
    opened: Opens, double: Double, clock: Clock
) -> None:
    """Before and after, with the deadline; the page of an ordinary session does not."""
    session = opened(**MANUAL)
    before = _get(double, session.id).body.decode()
    response = _post(double, session.id, action="pay", card_number="4242 4242 4242 4242")
    after = _get(double, session.id).body.decode()
    clock.move(days=7)
    plain = _get(double, opened().id).body.decode()

    assert ">Authorise €24.00</button>" in before
    assert "only authorised: nothing is charged" in before
    assert response.status == 303
    assert "Nothing is charged yet. €24.00 is reserved" in after
    assert f"until {clock.moment:%Y-%m-%d %H:%M} UTC" in after
    assert ">Pay €24.00</button>" in plain
    assert "uthorised" not in plain


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (2400, "<p>€24.00 was charged.</p>"),
        (1500, "€15.00 was charged of the €24.00 that was authorised; the rest is released."),
        (0, "€24.00 was reserved, never charged."),
    ],
)
def test_the_page_says_what_became_of_an_authorisation(
    paid: Opens, double: Double, amount: int, expected: str
) -> None:
    """Captured in full, captured in part, or released."""
    session = paid(**MANUAL)
    intent = str(session.payment_intent)
    if amount:
        double.capture(intent, amount)
    else:
        double.void(intent)

    assert expected in _get(double, session.id).body.decode()


def test_abandoning_leads_back(opened: Opens, double: Double) -> None:
    """303 to cancel_url; without one there is no such button."""
    response = _post(double, opened().id, action="abandon")
    without = opened(cancel_url=None)

    assert (response.status, response.headers["Location"]) == (303, "https://shop.test/back")
    assert b'value="abandon"' not in _get(double, without.id).body
    assert _post(double, without.id, action="abandon").status == 200


@pytest.mark.parametrize("action", ["pay", "decline", "delayed", "abandon"])
def test_a_session_that_ended_takes_nothing(
    opened: Opens, double: Double, clock: Clock, action: str
) -> None:
    """409, saying that it has expired."""
    session = opened()
    clock.move(days=1)
    response = _post(double, session.id, action=action)

    assert response.status == 409
    assert b"expired" in response.body


def test_unknown_sessions_and_actions_are_refused(opened: Opens, double: Double) -> None:
    """404 and 400, as pages."""
    assert _get(double, "cs_test_none").status == 404
    assert _post(double, opened().id, action="steal").status == 400
    assert _post(double, opened().id).status == 400


def test_nothing_the_shop_writes_becomes_markup(opened: Opens, double: Double) -> None:
    """Names, addresses and what the customer typed are escaped, and scripts are forbidden."""
    nasty = "<script>alert(1)</script>\"'&"
    price = {"currency": "eur", "unit_amount": 500, "product_data": {"name": nasty}}
    session = opened(
        line_items=[{"quantity": 1, "price_data": price}],
        customer_email='"><script>@x',
    )
    page = _get(double, session.id)
    again = _post(double, session.id, action="pay", card_number=nasty)

    for response in (page, again):
        assert b"<script" not in response.body
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' https://shop.test" in policy


def test_addresses_in_headers_are_ascii(opened: Opens, double: Double) -> None:
    """A shop may write its path in its own language."""
    session = opened(success_url="https://shop.test/größe?s={CHECKOUT_SESSION_ID}&x=%20")
    location = _post(double, session.id, action="pay").headers["Location"]

    assert location == f"https://shop.test/gr%C3%B6%C3%9Fe?s={session.id}&x=%20"


def _control(double: Double, method: str, path: str, body: Any = None) -> Response:
    content = b"" if body is None else json.dumps(body).encode()
    return front.answer(double, Request(method, f"/_double/{path}", {}, content))


def test_scripts_can_do_what_people_and_banks_do(
    opened: Opens, paid: Opens, double: Double, inbox: Inbox
) -> None:
    """Act, settle, expire, refund, redeliver, roll: over HTTP as in Python."""
    delayed, ended = opened(), opened()
    acted = _control(double, "POST", "act", {"session_id": delayed.id, "action": "delayed"})
    settled = _control(double, "POST", "settle", {"session_id": delayed.id, "outcome": "succeed"})
    expired = _control(double, "POST", "expire", {"session_id": ended.id})
    event = double.documents("event")[0].id
    endpoint = double.documents("webhook_endpoint")[0].id
    double.pump(inbox)
    redelivered = _control(double, "POST", f"events/{event}/redeliver")
    rolled = _control(double, "POST", f"webhook_endpoints/{endpoint}/roll", {"overlap": 60})
    starts = _control(double, "POST", "refunds", {"start_as": "pending"})
    again = _control(double, "POST", "settle", {"session_id": delayed.id, "outcome": "succeed"})

    assert acted.json()["redirect"].startswith("https://shop.test/done")
    assert settled.json()["payment_status"] == "paid"
    assert expired.json()["status"] == "expired"
    assert redelivered.json() == {"queued": 1}
    assert rolled.json()["secret"].startswith("whsec_")
    assert starts.status == 200
    assert again.status == 409


def test_scripts_can_do_what_the_dashboard_does(paid: Opens, double: Double) -> None:
    """Terms of authorisations, captures, releases, and early ends."""
    terms = _control(double, "POST", "authorisations", {"seconds": 60, "reason": "automatic"})
    whole, part, released, ended = (str(paid(**MANUAL).payment_intent) for _ in range(4))
    captured = _control(double, "POST", "capture", {"payment_intent": whole})
    partly = _control(double, "POST", "capture", {"payment_intent": part, "amount": 700})
    voided = _control(double, "POST", "void", {"payment_intent": released, "reason": "fraudulent"})
    expired = _control(double, "POST", "expire", {"payment_intent": ended})
    state = _control(double, "GET", "state").json()

    assert (terms.json()["seconds"], terms.json()["lag"]) == (60, 0)
    assert captured.json()["amount_received"] == 2400
    assert partly.json()["amount_received"] == 700
    assert voided.json()["cancellation_reason"] == "fraudulent"
    assert expired.json()["cancellation_reason"] == "automatic"
    assert (state["authorised"], state["captured"]) == ({}, {"EUR": 3100})


def test_scripts_can_let_refunds_wait_and_fail(
    paid: Opens, double: Double, client: stripe.StripeClient
) -> None:
    """Wait for balance, and fail with a reason."""
    short = _control(double, "POST", "balance", {"short": True})
    refund = client.v1.refunds.create({"payment_intent": str(paid().payment_intent)})
    body = {"refund_id": refund.id, "status": "failed", "failure_reason": "declined"}
    failed = _control(double, "POST", "refunds", body)

    assert short.json() == {"short": True}
    assert refund.pending_reason == "insufficient_funds"
    assert failed.json()["failure_reason"] == "declined"


def test_faults_are_controlled_over_http(double: Double) -> None:
    """Added, listed and lifted."""
    added = _control(double, "POST", "faults", {"kind": "slow", "seconds": 2, "path": "/v1/*"})
    listed = _control(double, "GET", "faults").json()
    _control(double, "DELETE", "faults")

    assert added.json()["kind"] == "slow"
    assert listed == [added.json()]
    assert double.faults.listing() == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("faults", {"kind": "nonsense"}, 400),
        ("faults", [], 400),
        ("settle", {}, 400),
        ("settle", {"session_id": "cs_none", "outcome": "succeed"}, 404),
        ("refunds", {"refund_id": "re_none", "status": "failed"}, 404),
        ("refunds", {"start_as": "lost"}, 400),
        ("expire", {"payment_intent": "pi_none"}, 404),
        ("capture", {"payment_intent": "pi_none"}, 404),
        ("capture", {"payment_intent": "pi_none", "amount": "all"}, 400),
        ("capture", {}, 400),
        ("void", {"payment_intent": "pi_none"}, 404),
        ("void", {"payment_intent": "pi_none", "reason": "bored"}, 400),
        ("authorisations", {"seconds": 0}, 400),
        ("authorisations", {"self": 1}, 400),
        ("balance", {"short": "yes"}, 400),
        ("balance", {}, 400),
        ("nonsense", {}, 404),
    ],
)
def test_mistaken_controls_are_refused(double: Double, path: str, body: Any, status: int) -> None:
    """With a reason, and without effect."""
    response = _control(double, "POST", path, body)

    assert response.status == status
    assert response.json()["error"]["message"]


def test_the_state_is_an_overview(paid: Opens, double: Double) -> None:
    """Counts and sums, in ISO currencies."""
    paid()
    state = _control(double, "GET", "state").json()

    assert state["captured"] == {"EUR": 2400}
    assert state["counts"]["sessions"] == {"complete": 1}
    assert state["counts"]["deliveries"]["pending"] == 4
