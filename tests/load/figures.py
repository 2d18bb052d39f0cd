"""What a run has measured, as it grows and in the end."""

import statistics
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Lost:
    """A request that API Gateway answered, because the function did not; time.monotonic()."""

    operation: str
    begun: float
    ended: float


@dataclass(frozen=True)
class Told:
    """What a customer believes of its booking; `paid` if the payment page took its money."""

    secret: str
    status: str
    paid: bool


@dataclass
class Figures:
    """Everything that the customers reported. Safe to feed from many threads."""

    latencies: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    bookings: dict[str, Told] = field(default_factory=dict)
    made_by: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    lost: list[Lost] = field(default_factory=list)
    gave_up: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    finished: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, told: dict[str, Any]) -> None:
        """Process a line of a customer process."""
        with self._lock:
            match told:
                case {"op": op, "status": status, "code": code, "begun": begun, "ended": ended}:
                    self.latencies[op].append(ended - begun)
                    self.statuses[op, status, code] += 1
                    if told["lost"]:
                        self.lost.append(Lost(op, begun, ended))
                case {"booking": booking, "secret": secret, "told": status, "paid": paid}:
                    self.bookings[booking] = Told(secret, status, paid)
                case {"key": key, "made": booking}:
                    self.made_by[key].add(booking)
                case {"complaint": complaint}:
                    self.complaints.append(complaint)
                case {"gave_up": operation}:
                    self.gave_up[operation] += 1
                case {"bye": True}:
                    self.finished += 1
                case _:
                    self.complaints.append(f"a customer said {told}")

    def complain(self, what: str) -> None:
        """Record that something is wrong."""
        with self._lock:
            self.complaints.append(what)

    @property
    def requests(self) -> int:
        """How many were answered so far."""
        return sum(self.statuses.values())

    def count(self, status: int | None = None, code: str | None = None) -> int:
        """How many answers had that status and code."""
        with self._lock:
            return sum(
                n
                for (_, said, named), n in self.statuses.items()
                if status in (None, said) and code in (None, named)
            )

    @property
    def confirmed(self) -> int:
        """How many bookings customers know to be confirmed."""
        with self._lock:
            return sum(told.status == "confirmed" for told in self.bookings.values())

    def table(self, seconds: float) -> list[str]:
        """By operation: requests, requests a second, p50 and p99 in ms, and the statuses."""
        lines = [
            f"{'operation':<16}{'requests':>9}{'per s':>8}{'p50 ms':>8}{'p99 ms':>8}  statuses"
        ]
        for operation in sorted(self.latencies):
            times = self.latencies[operation]
            by_status: Counter[str] = Counter()
            for (op, status, code), n in self.statuses.items():
                if op == operation:
                    by_status[f"{status} {code}".strip()] += n
            said = ", ".join(f"{n} of {status}" for status, n in sorted(by_status.items()))
            lines.append(
                f"{operation:<16}{len(times):>9}{len(times) / seconds:>8.1f}"
                f"{_percentile(times, 50):>8.0f}{_percentile(times, 99):>8.0f}  {said}"
            )
        return lines


def _percentile(seconds: list[float], rank: int) -> float:
    """In milliseconds."""
    if len(seconds) < 2:
        return sum(seconds) * 1000
    return statistics.quantiles(seconds, n=100, method="inclusive")[rank - 1] * 1000
