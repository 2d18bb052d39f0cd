"""A booking's own secret: derived from its id, so that it never has to be stored.

A repeated request gets the same secret again, although the database and DynamoDB hold only its
hash.
"""

import base64
import hashlib
import hmac
from uuid import UUID

from holdfast.settings import settings


def client_secret(booking_id: UUID | str) -> str:
    """The 256-bit secret that opens one booking."""
    mac = hmac.new(
        settings().booking_secret_key, f"booking:{booking_id}".encode(), hashlib.sha256
    ).digest()
    return "bks_" + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
