"""Where busy times come from: one protocol, one implementation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from holdfast.calendars import events
from holdfast.calendars.transport import Transport

Task = Mapping[str, Any]  # as core.reading_task makes it
Reading = dict[str, Any]  # as api.store_calendar_busy takes it


class BusyTimes(Protocol):
    """Says when the owner of a calendar is busy."""

    def read(self, task: Task, seconds: float) -> Reading:
        """Read a calendar, within some seconds.

        Raises:
            Unreadable: that failed.
        """


@dataclass(frozen=True)
class Feed:
    """An iCalendar feed over HTTPS."""

    transport: Transport = field(default_factory=Transport)

    def read(self, task: Task, seconds: float) -> Reading:
        """Fetch the feed and compute its busy times.

        Raises:
            Unreadable: it cannot be fetched or understood.
        """
        document = self.transport.fetch(task["url"], task, seconds)
        validators = {"etag": document.etag, "last_modified": document.last_modified}
        if document.body is None:  # not every server repeats them in a 304
            asked = {name: task[name] for name in validators}
            return {"outcome": "unchanged"} | asked
        spans = events.busy(
            document.body,
            task["timezone"],
            datetime.fromisoformat(task["from"]),
            datetime.fromisoformat(task["until"]),
        )
        return {
            "outcome": "read",
            "busy": [[begin.isoformat(), end.isoformat()] for begin, end in spans],
            "until": task["until"],
        } | validators
