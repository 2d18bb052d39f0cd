"""Reading calendars, in parallel and in limited time, and storing their busy times.

A reading happens between transactions, never in one. Nothing is lost if it dies half-way: the next
hold or the sweep reads it again.
"""

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import cache
from threading import Thread
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.calendars.source import BusyTimes, Feed, Reading, Task
from holdfast.calendars.unreadable import Unreadable
from holdfast.platform import database
from holdfast.platform.errors import TenantMoving
from holdfast.platform.observability import count, fault, logger

_SWEEP_SECONDS = 10.0
_PLACES = 10  # calendars that are read at the same time
_TIME_TO_FINISH_MS = 15_000  # left for the readings under way


@cache
def source() -> BusyTimes:
    """Where busy times come from."""
    return Feed()


def read_now(tenant_id: str, calendar_ids: Sequence[str], seconds: float) -> None:
    """Read these calendars of a tenant before a hold, and store what was learnt in some seconds."""
    asked = {"tenant_id": tenant_id, "calendars": list(calendar_ids)}
    tasks = database.call("begin_calendar_read", asked)
    _read_and_store(tasks, seconds)


def sweep(context: LambdaContext) -> dict[str, int]:
    """Read the calendars that are due; how many were read, and how many could not be.

    As soon as one is done the next is begun, so that slow ones take no more than their own places.
    """
    totals = {"read": 0, "failed": 0}
    under_way: dict[Future[Reading], tuple[Task, float]] = {}
    while True:
        free = _PLACES - len(under_way)
        if free and context.get_remaining_time_in_millis() > _TIME_TO_FINISH_MS:
            for task in database.call("claim_calendars", free):
                under_way[_begin(task, _SWEEP_SECONDS)] = (task, time.monotonic())
        if not under_way:
            return totals
        first_ends = min(began for _, began in under_way.values()) + _SWEEP_SECONDS
        wait(under_way, max(first_ends - time.monotonic(), 0), FIRST_COMPLETED)
        now = time.monotonic()
        for reading, (task, began) in list(under_way.items()):
            if reading.done() or now - began >= _SWEEP_SECONDS:
                del under_way[reading]
                result = _store(task, reading, _SWEEP_SECONDS, now - began)
                totals["failed" if result == "failed" else "read"] += 1


def _read_and_store(tasks: Sequence[Task], seconds: float) -> list[str]:
    """Read all at once, store one after the other; the results of the database."""
    deadline = time.monotonic() + seconds
    readings = [_begin(task, seconds) for task in tasks]
    results = []
    for task, reading in zip(tasks, readings, strict=True):
        wait([reading], max(deadline - time.monotonic(), 0))
        took = time.monotonic() - deadline + seconds
        results.append(_store(task, reading, seconds, took))
    return results


def _store(task: Task, reading: "Future[Reading]", seconds: float, took: float) -> str:
    outcome: dict[str, Any] = {
        **_outcome(task, reading, seconds),
        "seconds": round(took, 3),
        "tenant_id": task["tenant_id"],
    }
    try:
        stored = database.call("store_calendar_busy", task["id"], task["begun_at"], outcome)
    except TenantMoving:  # read again where the tenant is then
        return "moving"
    count("CalendarUnreadable" if stored["result"] == "failed" else "CalendarRead")
    return str(stored["result"])


def _outcome(task: Task, reading: "Future[Reading]", seconds: float) -> Reading:
    try:
        return reading.result(0)
    except TimeoutError:
        failure = f"it took longer than {seconds:g} seconds"
    except Unreadable as error:
        failure = str(error)
    except Exception as error:
        fault("calendar not understood", error, calendar=task["id"])
        failure = "it is not understood"
    logger().info("calendar not read", calendar=task["id"], failure=failure)
    return {"outcome": "failed", "failure": failure[:1].upper() + failure[1:] + "."}


def _begin(task: Task, seconds: float) -> "Future[Reading]":
    """Read in a thread that can be left behind: a look-up of a name cannot be cancelled."""
    reading: Future[Reading] = Future()
    busy_times = source()

    def run() -> None:
        try:
            reading.set_result(busy_times.read(task, seconds))
        except BaseException as error:
            reading.set_exception(error)

    Thread(target=run, daemon=True).start()
    return reading
