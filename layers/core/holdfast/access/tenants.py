"""Tenants, their keys, pages and limits, for whoever deployed the system: no client can reach this.

A key is made by whoever will use it; only its SHA-256 is sent here, so that it passes through no
cloud, no log and no second pair of hands. The same request again changes nothing.
"""

import re
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from pydantic import AfterValidator, Field, StringConstraints, ValidationError

from holdfast.access import actors, policy
from holdfast.platform.fields import web_address
from holdfast.platform.models import Request

_CONNECT_TIMEOUT_SECONDS = 30
_KEYS = 20  # in one request

_ORIGINS = 50
_HTTPS = re.compile(r"https://[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?::[0-9]{1,5})?")
_LOCAL_ORIGIN = re.compile(r"http://(?:localhost|127\.0\.0\.1|\[::1\])(?::(?:[0-9]{1,5}|\*))?")


def _origin(text: str) -> str:
    """An origin as browsers form it: https, or http to the machine of whoever develops."""
    lowered = text.strip().lower().removesuffix("/")
    if not (_HTTPS.fullmatch(lowered) or _LOCAL_ORIGIN.fullmatch(lowered)):
        raise ValueError(
            "must be an origin such as https://studio.example or http://localhost:8080"
        )
    scheme, _, rest = lowered.partition("://")
    return f"{scheme}://{rest.removesuffix(':443' if scheme == 'https' else ':80')}"


Origin = Annotated[str, StringConstraints(max_length=300), AfterValidator(_origin)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


_LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}
_LIMITS = {limit.setting: limit for limit in (*policy.LIMITS, *policy.RATES)}


def _page(text: str) -> str:
    """Where letters may lead to: https, or this machine."""
    parts = urlsplit(web_address(text))
    if parts.scheme != "https" and parts.hostname not in _LOCAL_HOSTS:
        raise ValueError("must be an https address, or an address of this machine")
    if "#" in text or "@" in text:
        raise ValueError("must have no fragment and no @: the secret of the link follows a #")
    return text


def _limits(wanted: dict[str, int | None]) -> dict[str, int | None]:
    """Settings that exist, within their ranges."""
    for setting, value in wanted.items():
        limit = _LIMITS.get(setting)
        if limit is None:
            raise ValueError(f"no such setting; the settings are: {', '.join(_LIMITS)}")
        if value is None and not limit.may_be_none:
            raise ValueError(f"{setting} must be a number")
        if value is not None and not limit.least <= value <= limit.most:
            raise ValueError(f"{setting} must lie between {limit.least} and {limit.most}")
    return wanted


Page = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_page)]
Limits = Annotated[dict[str, int | None], AfterValidator(_limits)]


class NewKey(Request):
    """A key by its hash: hexadecimal SHA-256.

    Attributes:
        replaces: a key of this tenant and kind, whose idempotency keys it inherits, and which goes
            on until it is revoked.
    """

    kind: Literal["publishable", "secret"]
    hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    label: Name
    replaces: UUID | None = None


class TenantRequest(Request):
    """What to do with one tenant. With a name it is made, unless it exists.

    Whatever is not named stays as it is.

    Attributes:
        return_origins: where payment pages that browsers ask for may lead.
        delayed_methods: whose payment pages offer methods whose result comes days later.
        page_url: where its letters lead to, with `?key=…` if the page needs it; null takes it away.
        limits: those of `holdfast.access.policy` that change, by setting; null is no limit.
    """

    id: UUID
    name: Name | None = None
    add_keys: tuple[NewKey, ...] = Field(default=(), max_length=_KEYS)
    revoke_keys: tuple[UUID, ...] = Field(default=(), max_length=_KEYS)
    return_origins: tuple[Origin, ...] | None = Field(default=None, max_length=_ORIGINS)
    delayed_methods: Literal["never", "servers", "all"] | None = None
    delayed_method_days: Annotated[int, Field(ge=1, le=60)] | None = None
    page_url: Page | None = None
    limits: Limits = Field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As sent to the database: with the hash of the page's key, which must be its own."""
        told = super().as_json()
        if "page_url" not in self.model_fields_set:
            del told["page_url"]
        keys = parse_qs(urlsplit(self.page_url or "").query).get("key", [])
        return told | {"page_key_hash": actors.digest(keys[0]).hex() if keys else None}


class RefusedError(Exception):
    """The request cannot be done; the message says why, and quotes nothing of it."""


def administer(conninfo: str, wanted: object) -> dict[str, Any]:
    """Make a tenant, add keys to it, revoke keys, set its page and its limits; answer the tenant
    with all its keys.

    Args:
        conninfo: the database, as the user that migrates it.
        wanted: a `TenantRequest`, as JSON.

    Raises:
        RefusedError: the request is malformed, or names what does not exist.
        psycopg.OperationalError: the database can't be reached.
    """
    try:
        order = TenantRequest.model_validate(wanted)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, ("tenant", *first["loc"])))
        raise RefusedError(f"{where}: {first['msg']}") from None
    with psycopg.connect(conninfo, connect_timeout=_CONNECT_TIMEOUT_SECONDS) as connection:
        # the only role that sees all tenants
        connection.execute("set local role holdfast_system")
        try:
            row = connection.execute(
                "select core.administer_tenant(%s)", (Jsonb(order.as_json()),)
            ).fetchone()
        except psycopg.Error as error:
            if error.sqlstate in ("KHNTF", "KHKEY"):
                raise RefusedError(error.diag.message_primary) from None
            raise
    assert row is not None
    answer: dict[str, Any] = row[0]
    return answer
