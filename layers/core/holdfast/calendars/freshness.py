"""Before a hold is decided, calendars that were not read lately are read.

Imports the reading code only when a calendar must be read.
"""

import time
from collections.abc import Callable
from typing import Any

from holdfast.platform.errors import CalendarStale

SECONDS = 2.5  # that a hold waits for calendars, all of them together

Call = Callable[[dict[str, Any]], Any]


def required(actor: dict[str, Any], call: Call) -> Any:
    """Make a call that needs fresh calendars; between its attempts, read those that the database
    asks for.

    Args:
        actor: the first argument of stored functions.
        call: makes the call for that actor, once each time it is called.

    Raises:
        CalendarUnreachable: one cannot be read, and its resource's policy is to refuse.
    """
    tried: list[str] = []
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return call({**actor, "calendars_tried": tried} if tried else actor)
        except CalendarStale as stale:
            tenant_id = stale.extra.pop("tenant_id")  # not for clients
            asked = [name for name in stale.extra["calendars"] if name not in tried]
            if not asked:
                raise
        from holdfast.calendars import reading  # noqa: PLC0415 most holds need none of it

        left = deadline - time.monotonic()
        if left > 0:
            reading.read_now(tenant_id, asked, left)
        tried += asked
