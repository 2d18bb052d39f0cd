"""What this function was told by its environment. Read at first use, never at import.

Secrets come in one of two ways: directly (the local stack, tests), or as the ARN of a secret that
the AWS Parameters and Secrets extension serves on localhost, so that no AWS SDK has to be
imported.
"""

import json
import os
import urllib.request
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

_EXTENSION = "http://localhost:2773/secretsmanager/get?secretId="
_EXTENSION_TIMEOUT_SECONDS = 3


@dataclass(frozen=True)
class Settings:
    """The environment as this code understands it.

    Raises:
        KeyError: a variable that the function needs is not set; its name is in the error.
    """

    environment: dict[str, str]

    @cached_property
    def database_url(self) -> str:
        """Connection URL, with this function's own role as its user."""
        if url := self.environment.get("DATABASE_URL"):
            return url
        secret = self._secret("DATABASE_SECRET_ARN")
        role = self.environment["DATABASE_ROLE"]
        if not role:  # the migrating function: the secret's own user owns the schema
            return str(secret["url"])
        parts = urlsplit(str(secret["url"]))
        host = parts.netloc.rpartition("@")[2]
        password = quote(secret.get("passwords", {}).get(role, ""), safe="")
        return urlunsplit(parts._replace(netloc=f"{role}:{password}@{host}"))

    @cached_property
    def stripe_api_key(self) -> str:
        key: str = (
            self.environment.get("STRIPE_API_KEY") or self._secret("STRIPE_SECRET_ARN")["api_key"]
        )
        return key

    @property
    def stripe_api_base(self) -> str | None:
        """Address of another server than Stripe's own, for the local stack and tests."""
        return self.environment.get("STRIPE_API_BASE")

    @cached_property
    def stripe_webhook_secrets(self) -> tuple[str, ...]:
        """Signing secrets, newest first; several while one is being rotated."""
        listed: str = (
            self.environment.get("STRIPE_WEBHOOK_SECRETS")
            or self._secret("STRIPE_WEBHOOK_SECRET_ARN")["signing_secrets"]
        )
        return tuple(secret.strip() for secret in listed.split(",") if secret.strip())

    @cached_property
    def booking_secret_key(self) -> bytes:
        """Key from which each booking's client secret is derived."""
        key = (
            self.environment.get("BOOKING_SECRET_KEY") or self._secret("BOOKING_SECRET_ARN")["key"]
        )
        return bytes.fromhex(key)

    @property
    def mail_from(self) -> str:
        """Sender of e-mail; SES must have verified it."""
        return self.environment["MAIL_FROM"]

    @property
    def booking_page_url(self) -> str:
        """Address of the page where customers see and pay for a booking."""
        return self.environment["BOOKING_PAGE_URL"]

    @property
    def livemode(self) -> bool:
        """Whether events of Stripe's live mode are the ones to take."""
        return self.environment.get("LIVEMODE", "false") == "true"

    @property
    def idempotency_table(self) -> str:
        return self.environment["IDEMPOTENCY_TABLE"]

    @property
    def sql_dir(self) -> Path:
        return Path(self.environment["SQL_DIR"])

    @property
    def function_name(self) -> str:
        return self.environment.get("AWS_LAMBDA_FUNCTION_NAME", "holdfast")

    def _secret(self, variable: str) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 a fixed address on this machine
            _EXTENSION + quote(self.environment[variable], safe=""),
            headers={"X-Aws-Parameters-Secrets-Token": self.environment["AWS_SESSION_TOKEN"]},
        )
        with urllib.request.urlopen(request, timeout=_EXTENSION_TIMEOUT_SECONDS) as response:  # noqa: S310
            secret: dict[str, Any] = json.loads(json.load(response)["SecretString"])
        return secret


@cache
def settings() -> Settings:
    """The settings of this execution environment."""
    return Settings(dict(os.environ))
