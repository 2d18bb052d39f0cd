"""Cursors of lists: where the next page starts, opaque to clients."""

import base64
import binascii
import json
import re
from datetime import datetime
from typing import Any

from holdfast.platform.errors import InvalidRequest

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")


def encode(position: dict[str, Any] | None) -> str | None:
    """A position as a cursor; None, the end, stays None."""
    if position is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(position).encode()).rstrip(b"=").decode()


def decode(cursor: str | None) -> dict[str, Any] | None:
    """The position that a cursor stands for.

    Raises:
        InvalidRequest: we did not make it.
    """
    if cursor is None:
        return None
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        well_formed = (
            isinstance(position, dict)
            and position.keys() <= {"id", "starts_at"}
            and _UUID.fullmatch(position["id"])
            and _INSTANT.fullmatch(position.get("starts_at", "2000-01-01T00:00:00Z"))
            and datetime.fromisoformat(position.get("starts_at", "2000-01-01T00:00:00Z"))
        )
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        well_formed = False
    if not well_formed:
        raise InvalidRequest(
            extra={"errors": [{"field": "cursor", "message": "take it from next_cursor"}]}
        )
    return dict(position)
