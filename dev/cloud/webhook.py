"""The webhook's endpoint at Stripe. Its signing secret goes from Stripe's answer straight into the
vault: Stripe shows it once, and it need not be copied by hand.
"""

from collections.abc import Callable
from typing import Any

import stripe

from dev.cloud import vault
from dev.cloud.stages import CloudError, Stage
from holdfast.stripe.events import EVENTS
from holdfast.stripe.gateway import API_VERSION

_TIMEOUT_SECONDS = 20
_PAGES = 1000  # endpoints looked through; Stripe allows 16


def client(key: str, base: str | None = None) -> stripe.StripeClient:
    """The real SDK; `base` is another server than Stripe's own, for tests."""
    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses={"api": base} if base else {},
        max_network_retries=2,
        http_client=stripe.RequestsClient(timeout=_TIMEOUT_SECONDS),
    )


def register(
    at_stripe: stripe.StripeClient,
    secrets: Any,
    stage: Stage,
    url: str,
    say: Callable[[str], None],
) -> None:
    """Make Stripe send the events we need to that address, signed with a secret we know.

    Args:
        secrets: boto3's client of Secrets Manager.

    Raises:
        CloudError: Stripe refuses; it can still be done by hand.
    """
    try:
        ours = [each for each in _endpoints(at_stripe) if each.url == url]
        known = vault.read(secrets, stage, vault.WEBHOOK)
        for endpoint in ours:
            if not known:
                # its secret was shown once, elsewhere: none of its events was ever accepted
                at_stripe.v1.webhook_endpoints.delete(endpoint.id)
                continue
            if endpoint.status == "enabled" and endpoint.api_version == API_VERSION:
                _listen(at_stripe, endpoint)
                say("webhook: registered at Stripe")
                return
        wanted: Any = {
            "url": url,
            "enabled_events": sorted(EVENTS),
            "api_version": API_VERSION,
            "description": f"Holdfast, stage {stage.name}",
        }
        made = at_stripe.v1.webhook_endpoints.create(params=wanted)
    except stripe.StripeError as error:
        raise CloudError(
            f"Stripe would not register the webhook ({type(error).__name__}). {by_hand(url)}"
        ) from None
    try:
        newest_first = ",".join(filter(None, (made.secret, known)))
        vault.write(secrets, stage, vault.WEBHOOK, newest_first)
    except BaseException:
        at_stripe.v1.webhook_endpoints.delete(made.id)  # its secret would be lost
        raise
    say("webhook: registered at Stripe, its signing secret is kept")
    if known and ours:
        say(
            "webhook: an older endpoint of this address is still at Stripe, switched off or of"
            " another API version; remove it there once it has nothing left to repeat"
        )


def forget(at_stripe: stripe.StripeClient, url: str) -> int:
    """Delete the endpoint; how many there were. Raises CloudError."""
    try:
        ours = [each for each in _endpoints(at_stripe) if each.url == url]
        for endpoint in ours:
            at_stripe.v1.webhook_endpoints.delete(endpoint.id)
    except stripe.StripeError as error:
        raise CloudError(
            f"Stripe's endpoint {url} is still there ({type(error).__name__}): remove it there"
        ) from None
    return len(ours)


def by_hand(url: str) -> str:
    """What to do by hand instead."""
    return (
        f"In Stripe's dashboard add an endpoint for {url} with API version {API_VERSION} and the"
        f" events {', '.join(sorted(EVENTS))}. Then put its signing secret, as"
        ' {"signing_secrets": "whsec_…"}, into the secret holdfast/<stage>/stripe-webhook'
    )


def _endpoints(at_stripe: stripe.StripeClient) -> list[stripe.WebhookEndpoint]:
    listed = at_stripe.v1.webhook_endpoints.list(params={"limit": 100})
    return [each for _, each in zip(range(_PAGES), listed.auto_paging_iter(), strict=False)]


def _listen(at_stripe: stripe.StripeClient, endpoint: stripe.WebhookEndpoint) -> None:
    """Events may have been added since it was registered."""
    if set(endpoint.enabled_events) != EVENTS:
        wanted: Any = {"enabled_events": sorted(EVENTS)}
        at_stripe.v1.webhook_endpoints.update(endpoint.id, params=wanted)
