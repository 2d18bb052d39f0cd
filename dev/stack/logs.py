"""Logs of the local stack that do not fill the disk.

The processes write into files that they were given when they began, so a file is copied and then
emptied, not renamed. A line that is written between the two may be lost.
"""

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

LIMIT = 5 * 1024 * 1024  # bytes of one file
KEPT = 3  # files of one process, the one that is written included
_SECONDS = 2.0


def rotate(log: Path, limit: int = LIMIT, kept: int = KEPT) -> bool:
    """Set a log aside once it is larger than the limit: log, log.1, log.2; whether it was.

    Its writers must have opened it for appending.
    """
    try:
        if log.stat().st_size <= limit:
            return False
    except FileNotFoundError:
        return False
    for number in range(kept - 1, 1, -1):
        with contextlib.suppress(FileNotFoundError):
            _aside(log, number - 1).replace(_aside(log, number))
    if kept > 1:
        shutil.copyfile(log, _aside(log, 1))
    with log.open("r+b") as file:
        file.truncate(0)
    return True


async def watch(logs: Callable[[], Iterable[Path]], seconds: float = _SECONDS) -> None:
    """Rotate these logs, whichever there are, until cancelled."""
    while True:
        for log in logs():
            await asyncio.to_thread(rotate, log)
        await asyncio.sleep(seconds)


def _aside(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")
