"""Whether the system can do its work: the database answers, and its clock agrees with ours."""

import time
from datetime import datetime
from typing import Any

from holdfast import database


def check() -> dict[str, Any]:
    """Ask the database.

    Raises:
        Unavailable: it does not answer.
    """
    before = time.time()
    found = database.call("health")
    after = time.time()
    theirs = datetime.fromisoformat(found["now"]).timestamp()
    return {
        "status": "ok",
        "schema_version": found["schema_version"],
        "clock_skew_ms": round(((before + after) / 2 - theirs) * 1000),
    }
