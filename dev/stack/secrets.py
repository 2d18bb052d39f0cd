"""Keys and secrets of one local stack: made once, kept with its data, readable by its owner only.

They look like the real ones, so that code which checks their form works on them.
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

DEMO_TENANT = uuid5(NAMESPACE_URL, "holdfast:demo:tenant")


@dataclass(frozen=True, slots=True)
class LocalSecrets:
    """What the cloud keeps in Secrets Manager, and the API keys of the demo tenant."""

    publishable_key: str  # pk_test_<tenant>_…, for browsers
    secret_key: str  # sk_test_<tenant>_…, for servers
    webhook_secret: str  # whsec_…, signs what Stripe sends
    booking_key: str  # 32 bytes in hex, from which client secrets are derived
    stripe_api_key: str  # sk_test_…, for Stripe or its double

    def __repr__(self) -> str:
        """No values: a traceback must not show them."""
        return "LocalSecrets(…)"


class LiveKeyError(Exception):
    """A key of Stripe's live mode was offered to a development stack."""


def load(path: Path) -> LocalSecrets:
    """Read the secrets of a stack; make and store them (mode 0600) if there are none."""
    names = LocalSecrets.__dataclass_fields__.keys()
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        stored = {}
    made = asdict(_generate())
    values = {name: stored.get(name, made[name]) for name in names}
    if values != stored:
        _write(path, values)
    return LocalSecrets(**values)


def with_real_stripe(local: LocalSecrets) -> LocalSecrets | None:
    """The same with Stripe's own test keys from our environment, or None without any.

    Reads STRIPE_API_KEY and STRIPE_WEBHOOK_SECRET. Raises LiveKeyError for a live key.
    """
    key = os.environ.get("STRIPE_API_KEY", "")
    signing = os.environ.get("STRIPE_WEBHOOK_SECRET", "")
    if key.startswith(("sk_live_", "rk_live_")):
        raise LiveKeyError("STRIPE_API_KEY is a live key: a local stack only takes sk_test_…")
    if not (key.startswith(("sk_test_", "rk_test_")) and signing):
        return None
    return replace(local, stripe_api_key=key, webhook_secret=signing)


def _generate() -> LocalSecrets:
    return LocalSecrets(
        publishable_key=f"pk_test_{DEMO_TENANT.hex}_{secrets.token_hex(24)}",
        secret_key=f"sk_test_{DEMO_TENANT.hex}_{secrets.token_hex(24)}",
        webhook_secret=f"whsec_{secrets.token_hex(24)}",
        booking_key=secrets.token_hex(32),
        stripe_api_key=f"sk_test_{secrets.token_hex(24)}",
    )


def _write(path: Path, values: dict[str, str]) -> None:
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(values, file, indent=2)
        file.write("\n")
    unfinished.replace(path)
