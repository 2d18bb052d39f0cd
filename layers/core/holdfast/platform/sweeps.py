"""Running a sweep: batch after batch while there is work and time left."""

import time
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.platform import database

_TIME_TO_FINISH_MS = 15_000  # left for the batch under way
_HOLDS = 500
_PLACES = 50
_RECORDS = 200
_RESOURCES = 10  # a change of their rules waits while they are compiled
_REST = 2.0  # times what a batch took: a third of one processor at most
_LONGEST_REST = 1.0  # seconds


def rest(seconds: float) -> float:
    """Seconds to rest after a batch that took so many, so that others get their turn.

    The more others slow a batch down, the longer the rest after it.
    """
    return min(_LONGEST_REST, _REST * seconds)


def repeat(batch: Callable[[], bool], context: LambdaContext, *, rests: bool = False) -> None:
    """Run batches until one says that nothing is left, or the time runs out."""
    began = time.perf_counter()
    while batch() and context.get_remaining_time_in_millis() > _TIME_TO_FINISH_MS:
        if rests:
            time.sleep(rest(time.perf_counter() - began))
        began = time.perf_counter()


def expire_holds(context: LambdaContext) -> dict[str, int]:
    """Expire holds and checkouts that have passed their deadline; how many of each."""
    totals = {"expired": 0, "closing": 0}

    def batch() -> bool:
        swept = database.call("expire_holds", _HOLDS)
        for name in totals:
            totals[name] += swept[name]
        return bool(swept["more"])

    repeat(batch, context, rests=True)
    return totals


def offer_waiting(context: LambdaContext) -> dict[str, int]:
    """Offer free time to those who wait for it; how many offers, and how many entries lapsed."""
    totals = {"offered": 0, "lapsed": 0}

    def batch() -> bool:
        swept = database.call("offer_waiting", _PLACES)
        for name in totals:
            totals[name] += swept[name]
        return bool(swept["more"])

    repeat(batch, context)
    return totals


def compile_openings(context: LambdaContext) -> dict[str, int]:
    """Bring the openings of all resources up to date; of how many, and how many openings changed.

    What was compiled within a day is skipped, so the next call continues where this one ended.
    """
    totals = {"resources": 0, "openings": 0}
    after: dict[str, Any] | None = None

    def batch() -> bool:
        nonlocal after
        swept = database.call("compile_openings", after, _RESOURCES)
        for name in totals:
            totals[name] += swept[name]
        after = swept["next"]
        return after is not None

    repeat(batch, context)
    return totals


def delete_expired(context: LambdaContext) -> dict[str, int]:
    """Delete what is older than its tenant keeps it; how many of each kind.

    Each call begins with the first tenant; what is left when the time is over, the next one does.
    """
    totals = dict.fromkeys(
        ("bookings", "places", "customers", "requests", "events", "effects", "failures", "stuck"), 0
    )
    after: dict[str, Any] | None = None

    def batch() -> bool:
        nonlocal after
        swept = database.call("delete_expired_records", after, _RECORDS)
        for name in totals:
            totals[name] += swept[name]
        after = swept["next"]
        return after is not None

    repeat(batch, context)
    return totals
