"""Who is asking: what a request carries as proof, in the form the database decides by.

Keys and secrets are random and long, so a plain SHA-256 protects them; only hashes leave the
handler.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast.platform.errors import Unauthenticated

_BEARER = re.compile(r"(?i:Bearer) ((?:pk|sk)_(?:test|live)_[A-Za-z0-9]{16,128})")
_BOOKING_SECRET = re.compile(r"bks_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Actor:
    """Credentials of one request, hashed. `core.authorize` decides what they are worth.

    Attributes:
        address: the network address that asks, as API Gateway saw it; only a keyed hash of it is
            stored (`booking_secrets.with_address_hash`).
    """

    key_hash: str
    booking_secret_hash: str | None
    request_id: str
    address: str = field(default="", repr=False)

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
        Unauthenticated: no API key, or nothing that could be one. A malformed booking secret is
            simply one that opens nothing.
    """
    bearer = _BEARER.fullmatch(headers.get("authorization", "").strip())
    if bearer is None:
        raise Unauthenticated()
    secret = _BOOKING_SECRET.fullmatch(headers.get("booking-secret", "").strip())
    return Actor(
        key_hash=digest(bearer[1]).hex(),
        booking_secret_hash=digest(secret[0]).hex() if secret else None,
        request_id=request_id,
        address=address,
    )


def is_browser(headers: Mapping[str, str]) -> bool:
    """Whether a request's API key looks like a publishable one; grants nothing."""
    bearer = _BEARER.fullmatch(headers.get("authorization", "").strip())
    return bearer is not None and bearer[1].startswith("pk_")


def digest(credential: str) -> bytes:
    """SHA-256 of a key or secret: what is stored of it."""
    return hashlib.sha256(credential.encode()).digest()
