"""The webhook's endpoint at Stripe: the real SDK against the double."""

import pytest

from dev.cloud import vault, webhook
from dev.cloud.stages import CloudError
from dev.stripe_double.double import Double
from holdfast.stripe.events import EVENTS
from holdfast.stripe.gateway import API_VERSION
from tests.harness.servers.cloud import (
    DATABASE,
    HOOK,
    TEST_KEY,
    StandIn,
    endpoints,
    person,
    secrets,
    stage,
)


def registered(url: str, told: list[str] | None = None) -> None:
    webhook.register(webhook.client(TEST_KEY, url), secrets(), stage(), HOOK, (told or []).append)


def test_an_endpoint_whose_secret_is_lost_is_replaced(
    aws: None, at_stripe: str, stripe_double: Double
) -> None:
    """Stripe shows a signing secret once: without it, the endpoint is replaced."""
    vault.provide(secrets(), stage(), person(TEST_KEY, DATABASE).ask, print)
    lost = stripe_double.register_endpoint(HOOK, secret="whsec_lost")["id"]

    registered(at_stripe)

    (endpoint,) = endpoints(at_stripe)
    assert endpoint.id != lost
    assert vault.read(secrets(), stage(), vault.WEBHOOK) not in ("", "whsec_lost")


def test_a_new_endpoint_keeps_the_old_secrets(
    aws: None, at_stripe: str, stripe_double: Double
) -> None:
    """An older API version: a second endpoint is made, whose secret comes first; the message names
    the old one.
    """
    vault.provide(secrets(), stage(), person(TEST_KEY, DATABASE).ask, print)
    stripe_double.register_endpoint(HOOK, secret="whsec_old")  # of no API version at all
    vault.write(secrets(), stage(), vault.WEBHOOK, "whsec_old")
    told: list[str] = []

    webhook.register(webhook.client(TEST_KEY, at_stripe), secrets(), stage(), HOOK, told.append)

    newest, old = vault.read(secrets(), stage(), vault.WEBHOOK).split(",")
    assert (newest.startswith("whsec_"), old, len(endpoints(at_stripe))) == (True, "whsec_old", 2)
    assert "older endpoint" in told[-1]


def test_a_secret_that_cannot_be_kept_leaves_no_endpoint(aws: None, at_stripe: str) -> None:
    """Otherwise Stripe would sign with a secret that is not stored anywhere."""
    vault.provide(secrets(), stage(), person(TEST_KEY, DATABASE).ask, print)

    class Closed:
        """A vault that can only be read."""

        get_secret_value = staticmethod(secrets().get_secret_value)

        def put_secret_value(self, **_: object) -> None:
            raise CloudError("closed")

    with pytest.raises(CloudError, match="closed"):
        webhook.register(webhook.client(TEST_KEY, at_stripe), Closed(), stage(), HOOK, print)
    assert endpoints(at_stripe) == []


def test_without_stripe_the_rest_is_done(
    aws: None, cli: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system is up; the message says how to register the webhook by hand, with every event."""
    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:1")
    guided = person(TEST_KEY, DATABASE)

    guided.deploy(stage())

    (line,) = [each for each in guided.told if "NOT registered" in each]
    assert all(each in line for each in (HOOK, API_VERSION, *EVENTS))
    assert "Next:" in guided.told
