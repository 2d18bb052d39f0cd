"""The caller: the credentials of a request, in the form the database decides by.

Keys and secrets are random and long, so a plain SHA-256 protects them; only hashes leave the
handler.

    pk_live_<tenant>_<random>   an API key; pk_live_<random>, the older form, names no tenant
    hss_<tenant>_<random>       a booking secret; bks_<random> is its older form
    cal_<tenant>_<random>.ics   the address of a calendar feed; cal_<random>.ics likewise

The tenant, its id without dashes, says where a request belongs before anything was looked up. It
proves nothing. All parts are letters and digits.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from holdfast.platform.errors import Unauthenticated

_TENANT = r"(?P<tenant>[0-9a-f]{32})"
_KEY = re.compile(rf"(?:pk|sk|rk)_(?:test|live)_(?:{_TENANT}_)?[A-Za-z0-9]{{16,128}}")
_BEARER = re.compile(rf"(?i:Bearer) (?P<key>{_KEY.pattern})")
_BOOKING_SECRET = re.compile(r"bks_[A-Za-z0-9_-]{43}")
# a secret that names its tenant, and the older prefixes without one
_NAMING = re.compile(rf"(?P<kind>hss|cal)_{_TENANT}_(?P<mac>[0-9a-f]{{64}})")
_FIRST_WRITTEN = {"hss": "bks_", "cal": "cal_"}


@dataclass(frozen=True, slots=True)
class Actor:
    """Credentials of one request, hashed. `core.authorize` decides what they are worth.

    Attributes:
        tenant: as the key's text has it; "" for an older key.
        address: the network address that asks, as API Gateway saw it; only a keyed hash of it is
            stored (`booking_secrets.with_address_hash`).
    """

    key_hash: str
    booking_secret_hash: str | None
    request_id: str
    address: str = field(default="", repr=False)
    tenant: str = ""

    def as_json(self) -> dict[str, Any]:
        """The first argument of every function in schema api that acts for a caller."""
        return {
            "key_hash": self.key_hash,
            "booking_secret_hash": self.booking_secret_hash,
            "request_id": self.request_id,
        }


def from_headers(headers: Mapping[str, str], request_id: str, address: str = "") -> Actor:
    """Read the credentials of a request; header names are lower-case.

    Raises:
        Unauthenticated: no API key, or nothing that could be one. A malformed booking secret
            simply opens nothing.
    """
    bearer = _BEARER.fullmatch(headers.get("authorization", "").strip())
    if bearer is None:
        raise Unauthenticated()
    secret = _BOOKING_SECRET.fullmatch(first_written(headers.get("booking-secret", "").strip()))
    return Actor(
        key_hash=digest(bearer["key"]).hex(),
        booking_secret_hash=digest(secret[0]).hex() if secret else None,
        request_id=request_id,
        address=address,
        tenant=bearer["tenant"] or "",
    )


def is_browser(headers: Mapping[str, str]) -> bool:
    """Whether a request's API key looks like a publishable one; grants nothing."""
    bearer = _BEARER.fullmatch(headers.get("authorization", "").strip())
    return bearer is not None and bearer["key"].startswith("pk_")


def tenant_in(text: str) -> UUID | None:
    """The tenant that a key, a booking secret or the token of a feed names, or None."""
    match = _KEY.fullmatch(text) or _NAMING.fullmatch(text)
    return UUID(match["tenant"]) if match and match["tenant"] else None


def first_written(secret: str) -> str:
    """A secret in the older form, without its tenant, which its hash is of.

    So each secret has one hash, and opens the same in either form, for older and newer code.
    """
    match = _NAMING.fullmatch(secret)
    if match is None:
        return secret
    mac = base64.urlsafe_b64encode(bytes.fromhex(match["mac"])).rstrip(b"=").decode()
    return _FIRST_WRITTEN[match["kind"]] + mac


def naming(secret: str, tenant: str) -> str:
    """A derived secret as its holder gets it: with the tenant, if the caller's key names it."""
    if not tenant:
        return secret
    kind, _, mac = secret.partition("_")
    return (
        f"{'hss' if kind == 'bks' else kind}_{tenant}_{base64.urlsafe_b64decode(mac + '=').hex()}"
    )


def digest(credential: str) -> bytes:
    """SHA-256 of a key or secret: what is stored of it."""
    return hashlib.sha256(credential.encode()).digest()
