"""Whether the system can do its work: the database answers, and its clock agrees with ours."""

import time
from datetime import datetime
from typing import Any

from holdfast.platform import database
from holdfast.platform.observability import flush, gauge

_GAUGES = {
    "effect_lag_seconds": "EffectLagSeconds",
    "effect_age_seconds": "EffectAgeSeconds",
    "effects_dead": "EffectsDead",
    "refunds_failed": "RefundsFailed",
    "hold_lag_seconds": "HoldLagSeconds",
    "offer_lag_seconds": "OfferLagSeconds",
    "calendar_lag_seconds": "CalendarLagSeconds",
    "calendars_stale": "CalendarsStale",
    "sweep_rows_failing": "SweepRowsFailing",
}


def check() -> dict[str, Any]:
    """Ask the database.

    Raises:
        Unavailable: it does not answer.
    """
    found, skew = _asked("health")
    return {
        "status": "ok",
        "schema_version": found["schema_version"],
        "clock_skew_ms": round(skew * 1000),
    }


def measure() -> None:
    """Write the gauges: how late the sweeps are, and what waits for a person.

    Raises:
        Unavailable: the database does not answer.
    """
    found, skew = _asked("measure_backlog")
    for member, name in _GAUGES.items():
        gauge(name, found[member])
    gauge("ClockSkewSeconds", abs(skew))
    flush()


def _asked(function: str) -> tuple[dict[str, Any], float]:
    """What the database says, and how many seconds our clock is ahead of its."""
    before = time.time()
    found = database.call(function)
    after = time.time()
    theirs = datetime.fromisoformat(found["now"]).timestamp()
    return found, (before + after) / 2 - theirs
