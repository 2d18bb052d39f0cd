"""The output of the stack: progress, requests, faults.

The request log names functions, statuses and times. Query values, headers and bodies may be
personal or secret and never appear; control characters sent by a client are shown, not executed.
"""

import sys
import threading
import time
from typing import Any, TextIO

from dev.stack.invocation import Outcome

_COLOURS = {"red": "31", "green": "32", "yellow": "33", "blue": "36", "grey": "90", "bold": "1"}
_FIRST_FRAMES, _LAST_FRAMES = 2, 10


class Console:
    """Writes lines to a terminal or a file; colours only on a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._colours = self._stream.isatty()
        self._lock = threading.Lock()  # progress comes from threads, too

    def say(self, text: str = "") -> None:
        """One line, at once. A terminal that has gone away is no reason to stop."""
        with self._lock:
            try:
                self._stream.write(text + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                pass

    def paint(self, text: str, colour: str) -> str:
        """The text in that colour, where colours are shown."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self._colours else text

    def step(self, what: str, started: float, note: str = "") -> None:
        """A part of the stack is ready; `started` is the time.monotonic() of its begin."""
        seconds = f"{time.monotonic() - started:.1f} s"
        self.say(f"  {what:<12} {self.paint('ready', 'green')} {seconds:>7}  {note}".rstrip())

    def request(
        self,
        method: str,
        path: str,
        query: str,
        status: int,
        *,
        ms: float,
        via: str,
        identifier: str,
    ) -> None:
        """One line for one HTTP request; `via` is the function or part that answered."""
        shown = printable(path)
        if query:
            names = [part.partition("=")[0] for part in query.split("&") if part]
            shown += "?" + "&".join(f"{printable(name)}=…" for name in names[:8])
        colour = "green" if status < 400 else "yellow" if status < 500 else "red"
        self.say(
            f"{self.paint(time.strftime('%H:%M:%S'), 'grey')} {self.paint(str(status), colour)} "
            f"{method:<7} {shown}  {self.paint(f'{ms:.0f} ms {via} {identifier}', 'grey')}"
        )

    def schedule(
        self, name: str, text: str, ms: float | None = None, *, failed: bool = False
    ) -> None:
        """One line for one scheduled run; without its time, for all of them."""
        took = "" if ms is None else f"{ms:.0f} ms "
        mark = self.paint("fault" if failed else "sched", "red" if failed else "blue")
        stamp = self.paint(time.strftime("%H:%M:%S"), "grey")
        self.say(f"{stamp} {mark} {name}  {self.paint(took + text, 'grey')}".rstrip())

    def fault(self, function: str, outcome: Outcome, log: str) -> None:
        """Why an invocation or a start failed, with the traceback as Python prints it."""
        failure = outcome.failure
        kind = printable(str(failure.get("errorType", "error")))
        stamp = self.paint(time.strftime("%H:%M:%S"), "grey")
        self.say(f"{stamp} {self.paint('fault', 'red')} {function}: {kind}  (see {log})")
        for line in _traceback(failure):
            self.say("    " + line)
        message = str(failure.get("errorMessage", "")).splitlines()[:6]
        for line in message:
            self.say("    " + printable(line)[:300])


def _traceback(failure: dict[str, Any]) -> list[str]:
    frames = failure.get("stackTrace")
    if not isinstance(frames, list):
        return []
    if len(frames) > _FIRST_FRAMES + _LAST_FRAMES:
        frames = [*frames[:_FIRST_FRAMES], "  …", *frames[-_LAST_FRAMES:]]
    return [line for frame in frames for line in str(frame).rstrip("\n").split("\n")]


def printable(text: str) -> str:
    """The text with everything that could control a terminal escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
