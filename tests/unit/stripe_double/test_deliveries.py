"""Webhook deliveries: signed, retried, and manipulated on request."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from dev.stripe_double.deliveries import Backoff
from dev.stripe_double.double import Double
from tests.unit.stripe_double.conftest import SECRET, Clock, Inbox, Opens

PAID = [
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
]


def test_the_sdk_accepts_the_signature(paid: Opens, double: Double, inbox: Inbox) -> None:
    """construct_event verifies each delivery, and refuses another secret or body."""
    session = paid()
    double.pump(inbox)
    headers, body = inbox.deliveries[-1]
    event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRET)

    assert (event.type, event.api_version) == (
        "checkout.session.completed",
        stripe.api_version,
    )
    assert event.livemode is False
    assert event.data.object["id"] == session.id
    for wrong_body, secret in ((body, "whsec_other"), (body + b" ", SECRET)):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(wrong_body, headers["Stripe-Signature"], secret)


def test_an_event_is_a_snapshot_that_knows_its_request(
    opened: Opens, client: stripe.StripeClient, double: Double
) -> None:
    """It shows the object as it was then, and the request and key that caused it."""
    session = opened()
    client.v1.checkout.sessions.expire(session.id, {}, {"idempotency_key": "effect-1"})
    double.act(opened().id, "pay")
    expired = client.v1.events.list({"type": "checkout.session.expired"}).data[0]
    created = client.v1.events.list({"type": "payment_intent.created"}).data[0]

    assert expired.request is not None
    assert created.request is not None
    assert expired.request.idempotency_key == "effect-1"
    assert str(expired.request.id).startswith("req_")
    assert created.request.id is None
    assert created.data.object["status"] == "requires_payment_method"


def test_failures_are_retried_with_growing_pauses_and_fresh_signatures(
    opened: Opens, client: stripe.StripeClient, double: Double, clock: Clock, inbox: Inbox
) -> None:
    """1, 2, 4 … seconds, at most 60, until a 2xx; a redirect is no 2xx."""
    event_id = _expire(opened, client)
    pauses, status = [], iter([500, None, 302, 404, 503, 429, 500, 500, 200])
    while True:
        inbox.status = next(status)
        attempts = double.pump(inbox)
        assert double.pump(inbox) == []  # not due again yet
        if attempts[0].delivered:
            break
        pauses.append(double.next_due() - double.now())  # type: ignore[operator]
        clock.move(seconds=pauses[-1])

    stamps = [headers["Stripe-Signature"].split(",")[0] for headers, _ in inbox.deliveries]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert attempts[0].attempt == 9
    assert len(set(stamps)) == len(stamps)
    assert len(set(inbox.ids)) == 1
    assert client.v1.events.retrieve(event_id).pending_webhooks == 0


def test_it_gives_up_after_three_days(
    opened: Opens, client: stripe.StripeClient, double: Double, clock: Clock
) -> None:
    """The event stays listed, as pending for ever."""
    double.backoff = Backoff(first=3_600, longest=86_400)
    event_id = _expire(opened, client)
    refusing, attempts = Inbox(status=500), 0
    while (due := double.next_due()) is not None:
        clock.moment = datetime.fromtimestamp(due, UTC)
        attempts += len(double.pump(refusing))

    assert attempts == 7  # after 0, 1, 3, 7, 15, 31 and 55 hours
    assert double.state()["counts"]["deliveries"]["failed"] == 1
    assert client.v1.events.retrieve(event_id).pending_webhooks == 1


def test_only_what_an_endpoint_wants_is_sent(
    paid: Opens, client: stripe.StripeClient, double: Double, inbox: Inbox
) -> None:
    """By type; never to a disabled or deleted endpoint."""
    created = client.v1.webhook_endpoints.create(
        {"url": "http://other.test/", "enabled_events": ["refund.created", "refund.failed"]}
    )
    for endpoint in client.v1.webhook_endpoints.list().data[1:]:
        client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    intent = str(paid().payment_intent)
    client.v1.refunds.create({"payment_intent": intent, "amount": 100})
    double.pump(inbox)
    client.v1.refunds.create({"payment_intent": intent, "amount": 100})
    client.v1.webhook_endpoints.delete(created.id)
    double.pump(inbox)
    header = inbox.deliveries[0][0]["Stripe-Signature"]

    assert created.secret is not None
    assert "secret" not in client.v1.webhook_endpoints.list().data[0].to_dict()
    assert inbox.types == ["refund.created"]
    assert stripe.Webhook.construct_event(inbox.deliveries[0][1], header, created.secret)


def test_a_rolled_secret_signs_beside_the_old_one(
    paid: Opens, double: Double, clock: Clock, inbox: Inbox
) -> None:
    """Both verify while they overlap, then only the new one."""
    endpoint = double.documents("webhook_endpoint")[0].id
    fresh = double.roll_secret(endpoint, overlap=60)
    paid()
    double.pump(inbox)
    headers, body = inbox.deliveries[-1]
    for secret in (SECRET, fresh):
        assert stripe.Webhook.construct_event(body, headers["Stripe-Signature"], secret)
    clock.move(seconds=60)
    paid()
    double.pump(inbox)
    headers, body = inbox.deliveries[-1]

    assert headers["Stripe-Signature"].count("v1=") == 1
    assert stripe.Webhook.construct_event(body, headers["Stripe-Signature"], fresh)


@pytest.mark.parametrize(
    ("fault", "at_once", "later"),
    [
        ({"kind": "duplicate", "event": "checkout.*"}, [*PAID, PAID[3]], []),
        ({"kind": "drop", "event": "*.succeeded", "times": None}, [PAID[0], PAID[3]], []),
        ({"kind": "drop", "skip": 1, "times": 2}, [PAID[0], PAID[3]], []),
        ({"kind": "delay", "seconds": 30, "times": 3}, [PAID[3]], PAID[:3]),
        ({"kind": "reorder", "seconds": 30, "times": 3}, [PAID[3]], PAID[2::-1]),
    ],
)
def test_deliveries_are_bent_on_demand(
    paid: Opens,
    double: Double,
    *,
    clock: Clock,
    fault: dict[str, Any],
    at_once: list[str],
    later: list[str],
) -> None:
    """Duplicated, dropped, delayed or reordered, as the fault says and no more."""
    inbox = Inbox()
    double.faults.add(**fault)
    paid()
    double.pump(inbox)
    first = list(inbox.types)
    clock.move(seconds=30)
    double.pump(inbox)

    assert sorted(first) == sorted(at_once)
    assert inbox.types[len(first) :] == later


def test_a_dropped_event_can_be_found_and_redelivered(
    paid: Opens, client: stripe.StripeClient, double: Double, inbox: Inbox
) -> None:
    """It is listed like any other."""
    double.faults.add("drop", times=None)
    paid()
    lost = client.v1.events.list({"type": "checkout.session.completed"}).data[0]
    double.pump(inbox)
    queued = double.redeliver(lost.id)
    double.pump(inbox)

    assert queued == 1
    assert inbox.ids == [lost.id]


def test_an_endpoint_has_the_version_it_asked_for(
    opened: Opens, client: stripe.StripeClient, double: Double, inbox: Inbox
) -> None:
    """Its events name that version, so that a shop can be tested against it."""
    client.v1.webhook_endpoints.create(
        {"url": "http://old.test/", "enabled_events": ["*"], "api_version": "2024-06-20"}
    )
    _expire(opened, client)
    double.pump(inbox)
    versions = {json.loads(body)["api_version"] for _, body in inbox.deliveries}

    assert versions == {"2024-06-20", stripe.api_version}


def _expire(opened: Opens, client: stripe.StripeClient) -> str:
    client.v1.checkout.sessions.expire(opened().id)
    return client.v1.events.list().data[0].id
