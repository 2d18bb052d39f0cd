"""The secrets of a stage, in Secrets Manager. Values are asked for without echo and never shown:
no parameter, command line, shell history, log or file of this machine has them.
"""

import json
import re
import secrets as random_secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dev.cloud.stages import CloudError, Stage

Ask = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A secret: the parameter that names it, the last part of its name, and its one member."""

    parameter: str
    suffix: str
    member: str


DATABASE = Kind("DatabaseSecretArn", "database", "url")
STRIPE = Kind("StripeSecretArn", "stripe", "api_key")
WEBHOOK = Kind("StripeWebhookSecretArn", "stripe-webhook", "signing_secrets")
BOOKING = Kind("BookingSecretArn", "booking", "key")


def name(stage: Stage, kind: Kind) -> str:
    """The secret's name: holdfast/prod/stripe."""
    return f"holdfast/{stage.name}/{kind.suffix}"


def provide(client: Any, stage: Stage, ask: Ask, say: Callable[[str], None]) -> dict[str, str]:
    """Make sure that every secret of the stage exists; return their ARNs by parameter.

    Args:
        client: boto3's client of Secrets Manager.
        ask: asks a person for a value without showing it.

    Raises:
        CloudError: a value is invalid, or a secret is about to be deleted.
    """
    kinds = [STRIPE, WEBHOOK, BOOKING] + ([] if stage.creates_database else [DATABASE])
    arns = {}
    for kind in kinds:
        found = _described(client, name(stage, kind))
        if found is not None:
            say(f"secret {name(stage, kind)}: there")
            arns[kind.parameter] = found
            if kind is STRIPE:
                check_stripe_key(read(client, stage, kind), stage)
            continue
        value = _first_value(kind, stage, ask)
        created = client.create_secret(
            Name=name(stage, kind),
            SecretString=json.dumps({kind.member: value}),
            Tags=[{"Key": "project", "Value": "holdfast"}, {"Key": "stage", "Value": stage.name}],
        )
        arns[kind.parameter] = created["ARN"]
        say(f"secret {name(stage, kind)}: made")
    return arns


def read(client: Any, stage: Stage, kind: Kind) -> str:
    """The value of a secret that exists. Raises CloudError if it is not of our form."""
    stored = client.get_secret_value(SecretId=name(stage, kind))["SecretString"]
    try:
        return str(json.loads(stored)[kind.member])
    except (ValueError, TypeError, KeyError):
        raise CloudError(f'{name(stage, kind)} is not of the form {{"{kind.member}": …}}') from None


def write(client: Any, stage: Stage, kind: Kind, value: str) -> None:
    """Replace the value of a secret that exists; AWS keeps the one before."""
    client.put_secret_value(
        SecretId=name(stage, kind), SecretString=json.dumps({kind.member: value})
    )


def check_stripe_key(key: str, stage: Stage) -> None:
    """Refuse anything but a secret or restricted key of the stage's mode."""
    wanted = "live" if stage.livemode else "test"
    if not re.fullmatch(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{8,250}", key):
        raise CloudError("that is no secret (sk_…) or restricted (rk_…) API key of Stripe")
    if key.split("_")[1] != wanted:
        raise CloudError(
            f"stage {stage.name!r} has Livemode={str(stage.livemode).lower()}: it takes a key"
            f" of Stripe's {wanted} mode, …_{wanted}_…"
        )


def check_database_url(url: str) -> None:
    """Refuse anything but the address of a database with its owner."""
    parts = urlsplit(url)
    if (
        parts.scheme not in ("postgresql", "postgres")
        or not all((parts.hostname, parts.username, parts.password))
        or len(parts.path) < 2
    ):
        raise CloudError("a database's address is postgresql://user:password@host:5432/database")


def _first_value(kind: Kind, stage: Stage, ask: Ask) -> str:
    if kind is BOOKING:
        return random_secrets.token_hex(32)  # never shown
    if kind is WEBHOOK:
        return ""  # nothing is accepted until the endpoint is registered
    if kind is STRIPE:
        key = ask(
            f"Stripe API key of the {'live' if stage.livemode else 'test'} mode (sk_… or rk_…): "
        )
        check_stripe_key(key.strip(), stage)
        return key.strip()
    url = ask("Address of the database (postgresql://owner:password@host:5432/name): ").strip()
    check_database_url(url)
    return url


def _described(client: Any, secret: str) -> str | None:
    """The ARN of a secret, or None if there is none."""
    try:
        found = client.describe_secret(SecretId=secret)
    except client.exceptions.ResourceNotFoundException:
        return None
    if "DeletedDate" in found:
        raise CloudError(
            f"{secret} is scheduled for deletion: `aws secretsmanager restore-secret --secret-id"
            f" {secret}`, or wait until it is gone"
        )
    return str(found["ARN"])
