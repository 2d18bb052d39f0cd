"""Faults on demand: what goes wrong with the next requests and deliveries.

They live in memory only: a restart of the double starts well behaved.
"""

import threading
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from dev.stripe_double.messages import ApiError, Json, Request

REQUEST_KINDS = ("refuse", "timeout_after", "status", "500_after", "slow")
DELIVERY_KINDS = ("duplicate", "reorder", "delay", "drop")
OPTIONS: dict[str, tuple[type, ...]] = {
    "method": (str,),
    "path": (str,),
    "event": (str,),
    "skip": (int,),
    "times": (int, type(None)),
    "seconds": (int, float),
    "status": (int,),
    "effect": (bool,),
}
DEFAULT_REORDER = 1.0  # seconds that a reordered delivery lets others pass


@dataclass
class Fault:
    """One fault and what it strikes.

    kind      refuse         the connection closes before anything happened
              timeout_after  the effect happens; silence for `seconds`, then the connection closes
              status         `status` (429, 500, 503, …) is answered before anything happens
              500_after      500, kept under the idempotency key; the effect happens if `effect`
              slow           `seconds` pass before the effect, while the idempotency key is held
              duplicate      a delivery is made twice
              reorder        deliveries wait `seconds` and then go out in reverse order
              delay          a delivery waits `seconds`
              drop           a delivery is never made (the event is still listed)
    method, path   which requests under /v1: globs, `*` crosses slashes
    event          which deliveries: a glob over event types
    skip, times    spare the first `skip` matches, then strike `times` (None: for ever)
    """

    kind: str
    method: str = "*"
    path: str = "*"
    event: str = "*"
    skip: int = 0
    times: int | None = 1
    seconds: float = 0.0
    status: int = 500
    effect: bool = True
    id: int = 0
    struck: int = 0


@dataclass(frozen=True)
class Bend:
    """How faults change one delivery."""

    copies: int = 1
    seconds: float = 0.0
    backwards: bool = False
    drop: bool = False


class Faults:
    """The faults in force. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._last_id = 0

    def add(self, kind: str, **options: Any) -> Fault:
        """Put a fault in force. Raises ApiError (400) for an unknown kind or option."""
        if kind not in REQUEST_KINDS + DELIVERY_KINDS:
            raise ApiError(f"Unknown kind of fault: {kind}", param="kind")
        for name, value in options.items():
            if name not in OPTIONS:
                raise ApiError(f"Unknown option: {name}", param=name)
            if not isinstance(value, OPTIONS[name]) or (
                isinstance(value, bool) and name != "effect"
            ):
                raise ApiError(f"Not a value for {name}: {value!r}", param=name)
        with self._lock:
            self._last_id += 1
            fault = Fault(kind, **options, id=self._last_id)
            self._faults.append(fault)
            return fault

    def clear(self) -> None:
        """Lift all faults."""
        with self._lock:
            self._faults.clear()

    def listing(self) -> list[Json]:
        """The faults in force, with how often each has struck."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def strike(self, request: Request) -> Fault | None:
        """The fault that strikes this request, used up by one; the oldest match wins."""
        with self._lock:
            for fault in self._faults:
                if (
                    fault.kind in REQUEST_KINDS
                    and fnmatchcase(request.method, fault.method)
                    and fnmatchcase(request.route, fault.path)
                    and _use(fault)
                ):
                    return fault
        return None

    def bend(self, event_type: str) -> Bend:
        """How this delivery is changed; each matching fault is used up by one."""
        copies, seconds, backwards, drop = 1, 0.0, False, False
        with self._lock:
            for fault in self._faults:
                if fault.kind not in DELIVERY_KINDS or not fnmatchcase(event_type, fault.event):
                    continue
                if not _use(fault):
                    continue
                if fault.kind == "duplicate":
                    copies += 1
                elif fault.kind == "drop":
                    drop = True
                else:
                    seconds += fault.seconds or (
                        DEFAULT_REORDER if fault.kind == "reorder" else 0.0
                    )
                    backwards = backwards or fault.kind == "reorder"
        return Bend(copies, seconds, backwards, drop)


def _use(fault: Fault) -> bool:
    """Count a match; answer whether the fault strikes."""
    if fault.skip > 0:
        fault.skip -= 1
        return False
    if fault.times is not None and fault.struck >= fault.times:
        return False
    fault.struck += 1
    return True
