"""What is derived with the booking key, so that it never has to be stored: secrets, address hashes.

A repeated request gets the same secret again, although the database and DynamoDB hold only its
hash.
"""

import base64
import hashlib
import hmac
import ipaddress
from typing import Any
from uuid import UUID

from holdfast.actors import Actor
from holdfast.settings import settings

# Providers give a subscriber a /56 or a /48, with every address in it (RIPE-690, section 4.2).
_IPV6_SUBSCRIBER_BITS = 56
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052


def client_secret(booking_id: UUID | str) -> str:
    """The 256-bit secret that opens one booking."""
    return _secret(f"booking:{booking_id}")


def waitlist_secret(entry_id: UUID | str) -> str:
    """The 256-bit secret that opens one place in the waitlist, and the booking it is offered."""
    return _secret(f"waitlist:{entry_id}")


def calendar_token(feed_id: UUID | str) -> str:
    """The 256-bit secret part of a calendar feed's address."""
    return _secret(f"calendar:{feed_id}").replace("bks_", "cal_", 1)


def located(actor: Actor) -> dict[str, Any]:
    """The actor as the database gets it where holds of one network address are counted.

    The hash is keyed: addresses are few enough to be guessed from a plain one.
    """
    network = _network(actor.address)
    return actor.as_json() | {"address_hash": _mac(f"address:{network}").hex() if network else None}


def _network(address: str) -> str | None:
    """Whom an address belongs to: an IPv4 address, however it is written, or an IPv6 network.

    6to4 (RFC 3056), Teredo (RFC 4380) and NAT64 give whoever has one IPv4 address IPv6 addresses in
    plenty; they are that address.
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


def _secret(subject: str) -> str:
    return "bks_" + base64.urlsafe_b64encode(_mac(subject)).rstrip(b"=").decode()


def _mac(subject: str) -> bytes:
    return hmac.new(settings().booking_secret_key, subject.encode(), hashlib.sha256).digest()
