"""Secrets and address hashes derived with the booking keys, and so never stored.

A repeated request gets the same secret again, although the database and DynamoDB hold only its
hash. New ones are derived with the newest key; rows say by an id which key their secret is of.
"""

import base64
import hashlib
import hmac
import ipaddress
from typing import Any
from uuid import UUID

from holdfast.access.actors import Actor
from holdfast.platform.settings import FIRST_SECRET_KEY, settings

# Providers give a subscriber a /56 or a /48, with every address in it (RIPE-690, section 4.2).
_IPV6_SUBSCRIBER_BITS = 56
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052


def newest_key() -> str:
    """Id of the key that new secrets are derived with."""
    return next(iter(settings().booking_secret_keys))


def client_secret(booking_id: UUID | str, key_id: str | None = None) -> str:
    """The 256-bit secret that opens one booking.

    Args:
        key_id: the row's `secret_key_id`; by default the newest key's.

    Raises:
        KeyError: this environment does not know that key (any more).
    """
    return _secret(f"booking:{booking_id}", key_id)


def waitlist_secret(entry_id: UUID | str, key_id: str | None = None) -> str:
    """The 256-bit secret that opens one waitlist entry, and the booking it is offered;
    see `client_secret`."""
    return _secret(f"waitlist:{entry_id}", key_id)


def calendar_token(feed_id: UUID | str, key_id: str | None = None) -> str:
    """The 256-bit secret part of a calendar feed's address; see `client_secret`."""
    return _secret(f"calendar:{feed_id}", key_id).replace("bks_", "cal_", 1)


def making(actor: dict[str, Any]) -> dict[str, Any]:
    """The actor as the database gets it when a row with a new secret is made."""
    return actor | {"secret_key_id": newest_key()}


def without_key_id(answer: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """An answer of the database without its `secret_key_id`, and that id."""
    key_id = answer.get("secret_key_id", FIRST_SECRET_KEY)  # replayed from before there were ids
    return {name: answer[name] for name in answer if name != "secret_key_id"}, key_id


def with_address_hash(actor: Actor) -> dict[str, Any]:
    """The actor as the database gets it where holds of a network address are counted.

    The hash is keyed: addresses are few enough to be guessed from a plain one.
    """
    network = _network(actor.address)
    hashed = _mac(f"address:{network}", newest_key()).hex() if network else None
    return actor.as_json() | {"address_hash": hashed}


def _network(address: str) -> str | None:
    """What counts as one address: an IPv4 address in any form, or an IPv6 network.

    6to4 (RFC 3056), Teredo (RFC 4380) and NAT64 give the holder of one IPv4 address many IPv6
    addresses; they count as that address.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed in _NAT64:
        return str(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF))
    teredo = parsed.teredo
    within = parsed.ipv4_mapped or parsed.sixtofour or (teredo and teredo[1])
    if within:
        return str(within)
    return str(ipaddress.ip_network((int(parsed), _IPV6_SUBSCRIBER_BITS), strict=False))


def _secret(subject: str, key_id: str | None) -> str:
    mac = _mac(subject, newest_key() if key_id is None else key_id)
    return "bks_" + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def _mac(subject: str, key_id: str) -> bytes:
    key = settings().booking_secret_keys[key_id]
    return hmac.new(key, subject.encode(), hashlib.sha256).digest()
