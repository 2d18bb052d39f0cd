"""What handlers write during a story: log lines and metrics, as CloudWatch gets them."""

import io
import json
import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any

from aws_lambda_powertools import Logger

from tests.harness.database.migrated import Database

# keys, booking and waitlist secrets, signing secrets, feeds' tokens, addresses of payment pages
_SECRETS = re.compile(
    r"\b(?:[psr]k_(?:test|live)_|bks_|hss_|whsec_)[A-Za-z0-9_-]{8,}|https?://[^\s\"]+/c/pay/"
)
_PERSONAL = """
select name from core.customers union select email from core.customers
union select phone from core.customers where phone is not null
union select customer_name from core.bookings
union select notes from core.bookings where length(notes) > 3
union select customer_name from core.waitlist
union select url from core.calendars
union select stripe_session_url from core.checkouts where stripe_session_url is not null
"""


class _Paper(io.StringIO):
    """Keeps what its own thread writes. Other threads are not handlers: the double of SES is
    one.
    """

    def __init__(self) -> None:
        super().__init__()
        self._own = threading.get_ident()

    def write(self, text: str) -> int:
        """Write, or pass it on."""
        return super().write(text) if threading.get_ident() == self._own else len(text)


class Watched:
    """Everything that was written so far.

    Attributes:
        text: as it was written.
    """

    def __init__(self) -> None:
        self._written = _Paper()

    @property
    def text(self) -> str:
        return self._written.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Log lines, oldest first.

        Raises:
            ValueError: something that is no JSON was written.
        """
        return [line for line in self._parsed() if "_aws" not in line]

    @property
    def metrics(self) -> Mapping[str, list[float]]:
        """The values of each metric, as CloudWatch reads them from the lines in its format."""
        found: dict[str, list[float]] = defaultdict(list)
        for line in self._parsed():
            for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
                for metric in directive["Metrics"]:
                    values = line[metric["Name"]]
                    found[metric["Name"]] += values if isinstance(values, list) else [values]
        return found

    @property
    def kinds(self) -> Mapping[str, tuple[str, tuple[str, ...], str]]:
        """Namespace, dimensions with their values, and unit of each metric."""
        return {
            metric["Name"]: (
                directive["Namespace"],
                tuple(sorted(f"{d}={line[d]}" for d in directive["Dimensions"][0])),
                metric["Unit"],
            )
            for line in self._parsed()
            for directive in line.get("_aws", {}).get("CloudWatchMetrics", [])
            for metric in directive["Metrics"]
        }

    def _parsed(self) -> Iterator[dict[str, Any]]:
        for line in self.text.splitlines():
            yield json.loads(line)

    def said(self, message: str) -> list[dict[str, Any]]:
        """The lines with a message."""
        return [line for line in self.lines if line["message"] == message]


def leaks(text: str, database: Database) -> set[str]:
    """The customers' data and secrets in a text."""
    personal = {value for (value,) in database.rows(_PERSONAL)}
    return {value for value in personal if value in text} | set(_SECRETS.findall(text))


@contextmanager
def watched() -> Iterator[Watched]:
    """Collect what handlers write: metrics are printed, lines go to the logger's handler."""
    collected = Watched()
    handler = Logger(service="holdfast").registered_handler
    before = handler.setStream(collected._written)  # type: ignore[attr-defined]
    try:
        with redirect_stdout(collected._written):
            yield collected
    finally:
        handler.setStream(before)  # type: ignore[attr-defined]
