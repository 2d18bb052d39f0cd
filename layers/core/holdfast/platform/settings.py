"""The environment of this function. Read at first use, never at import.

Secrets come in one of two ways: directly (the local stack, tests), or as the ARN of a secret of AWS
Secrets Manager, which is read once and kept as long as the execution environment.

The database is found in one of three ways:

    DATABASE_URL                       the local stack and tests: the address, taken as it is
    DATABASE_HOST and DATABASE_ROLE    created with the stack: the proxy, which takes a token of IAM
    DATABASE_SECRET_ARN                existing: this role's own secret {"url", "ca"}

Readers, which follow the writer a moment later, are found at DATABASE_READER_URL or, with a token,
at DATABASE_READER_HOST; without them the writer does everything.

The migrating function has no role. It logs in as the owner: with the address in the secret, or at
DATABASE_HOST with the secret {"username", "password"} that RDS stores and changes.
"""

import json
import os
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from holdfast.platform import aws, certificates

FIRST_SECRET_KEY = "1"  # noqa: S105 an id: of the only booking key of old, which had none
FIRST_CELL = "1"  # of the databases that tenants live in: the only one so far
_POSTGRESQL_PORT = 5432
_SECRET_KEY = re.compile(r"(?:(?P<id>[A-Za-z0-9_-]{1,40}):)?(?P<key>(?:[0-9A-Fa-f]{2})+)")


@dataclass(frozen=True)
class Settings:
    """The environment as this code understands it.

    Raises:
        KeyError: a variable that the function needs is not set; its name is in the error.
    """

    environment: dict[str, str]

    @property
    def database_url(self) -> str:
        """Connection URL, with this function's own role as its user.

        Valid for connecting now: a token in it expires after 15 minutes.

        Raises:
            Unavailable: Secrets Manager cannot be reached.
            Refused: it does not give the secret out.
            ValueError: the secret is not that of this function's role.
        """
        if url := self.environment.get("DATABASE_URL"):
            return url
        host, role = self.environment.get("DATABASE_HOST"), self.environment["DATABASE_ROLE"]
        if host and role:
            token = aws.database_token(self.environment, host, _POSTGRESQL_PORT, role)
            return certificates.verified(self._address(host, role, token))
        secret = self._database_secret
        if host:
            owner = self._address(host, secret["username"], secret["password"])
            return certificates.verified(owner)
        if role and urlsplit(secret.get("url", "")).username != role:
            # before the first migration it is empty; the owner's is only for migrating
            raise ValueError(f"DATABASE_SECRET_ARN does not hold the login of {role}")
        return certificates.verified(secret["url"], secret.get("ca"))

    def has_readers(self, cell: str) -> bool:
        """Whether a cell has readers for functions that write nothing."""
        return cell == FIRST_CELL and (
            "DATABASE_READER_URL" in self.environment or "DATABASE_READER_HOST" in self.environment
        )

    def database_at(self, cell: str, *, reads: bool) -> str:
        """Connection URL of a cell's writer, or of its readers, valid as `database_url`'s is.

        Raises:
            KeyError: there is no such cell, or it has no readers.
        """
        if cell != FIRST_CELL:
            raise KeyError(cell)
        if not reads:
            return self.database_url
        if url := self.environment.get("DATABASE_READER_URL"):
            return url
        host, role = self.environment["DATABASE_READER_HOST"], self.environment["DATABASE_ROLE"]
        token = aws.database_token(self.environment, host, _POSTGRESQL_PORT, role)
        return certificates.verified(self._address(host, role, token))

    @cached_property
    def _database_secret(self) -> dict[str, Any]:
        return self._secret("DATABASE_SECRET_ARN")

    @property
    def owner_secret(self) -> dict[str, Any]:
        """Of the migrating function, for an existing database: {"url"}, {"url", "ca"}."""
        return {
            key: self._database_secret[key] for key in ("url", "ca") if key in self._database_secret
        }

    def forget_database(self) -> None:
        """Read the database's secret again at the next connection: it may have changed."""
        self.__dict__.pop("_database_secret", None)

    def _address(self, host: str, user: str, password: str) -> str:
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        name = quote(self.environment["DATABASE_NAME"], safe="")
        return f"postgresql://{login}@{host}:{_POSTGRESQL_PORT}/{name}"

    @property
    def login_secrets(self) -> str:
        """How the names of the roles' own secrets begin; "" if roles need none."""
        return self.environment.get("DATABASE_LOGIN_SECRETS", "")

    @property
    def signs_in_by_token(self) -> bool:
        """Whether the database was created with the stack, so that roles log in through IAM."""
        return "DATABASE_HOST" in self.environment

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
    def booking_secret_keys(self) -> dict[str, bytes]:
        """Keys from which client secrets are derived, by their ids, the newest first.

        Listed as `2:hex,1:hex`. A key alone, without an id, is the first there was: `1`.

        Raises:
            ValueError: the list is malformed. The message quotes nothing of it.
        """
        listed: str = (
            self.environment.get("BOOKING_SECRET_KEY") or self._secret("BOOKING_SECRET_ARN")["key"]
        )
        return _keys_by_id(listed)

    @property
    def mail_from(self) -> str:
        """Sender of e-mail; SES must have verified it."""
        return self.environment["MAIL_FROM"]

    @property
    def booking_page_url(self) -> str:
        """Address of the page where customers see and pay for a booking."""
        return self.environment["BOOKING_PAGE_URL"]

    @property
    def page_publishable_key(self) -> str:
        """The key of that page where its address names none; "" if unknown."""
        return self.environment.get("PAGE_PUBLISHABLE_KEY", "")

    @property
    def livemode(self) -> bool:
        """Whether to accept events of Stripe's live mode."""
        return self.environment.get("LIVEMODE", "false") == "true"

    @property
    def idempotency_table(self) -> str:
        return self.environment["IDEMPOTENCY_TABLE"]

    @property
    def rate_limit_table(self) -> str:
        return self.environment["RATE_LIMIT_TABLE"]

    @property
    def sql_dir(self) -> Path:
        return Path(self.environment["SQL_DIR"])

    @property
    def function_name(self) -> str:
        return self.environment.get("AWS_LAMBDA_FUNCTION_NAME", "holdfast")

    def _secret(self, variable: str) -> dict[str, Any]:
        text = aws.secret(self.environment, self.environment[variable])
        try:
            secret: dict[str, Any] = json.loads(text)
        except ValueError:
            secret = {}
        return secret


def _keys_by_id(listed: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for part in listed.split(","):
        match = _SECRET_KEY.fullmatch(part.strip())
        key_id = match and (match["id"] or FIRST_SECRET_KEY)
        if not match or not key_id or key_id in keys:
            raise ValueError("the booking secret is no list of id:hex, each id once") from None
        keys[key_id] = bytes.fromhex(match["key"])
    return keys


@cache
def settings() -> Settings:
    """The settings of this execution environment."""
    return Settings(dict(os.environ))
