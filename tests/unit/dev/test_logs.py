"""The local stack's logs have a size limit."""

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

from dev.stack import logs

_WRITER = "import sys\nfor line in sys.stdin: print(line.strip() * 1000, flush=True)"


def sizes(log: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in sorted(log.parent.iterdir())}


def test_a_small_log_stays(tmp_path: Path) -> None:
    """Up to the limit nothing happens; nor without a log."""
    log = tmp_path / "webhook.log"
    missing = logs.rotate(log, limit=10)
    log.write_bytes(b"x" * 10)

    assert (missing, logs.rotate(log, limit=10)) == (False, False)
    assert sizes(log) == {"webhook.log": 10}


def test_what_a_process_writes_is_bounded(tmp_path: Path) -> None:
    """The process keeps its file; the newest lines are kept, the oldest are dropped."""
    log = tmp_path / "webhook.log"
    with log.open("ab") as file:
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER], stdin=subprocess.PIPE, stdout=file, text=True
        )
    assert writer.stdin is not None
    for number in range(9):
        size = log.stat().st_size
        writer.stdin.write(f"{number}\n")
        writer.stdin.flush()
        while log.stat().st_size <= size:
            pass
        logs.rotate(log, limit=900, kept=3)
    writer.stdin.close()
    writer.wait()

    assert sizes(log) == {"webhook.log": 0, "webhook.log.1": 1001, "webhook.log.2": 1001}
    assert [(tmp_path / f"webhook.log.{n}").read_text()[0] for n in (1, 2)] == ["8", "7"]


def test_all_logs_are_watched(tmp_path: Path) -> None:
    """Later ones too; until it is cancelled."""
    log = tmp_path / "late.log"

    async def story() -> None:
        watching = asyncio.create_task(logs.watch(lambda: tmp_path.glob("*.log"), seconds=0.01))
        await asyncio.sleep(0)
        log.write_bytes(b"x" * (logs.LIMIT + 1))
        async with asyncio.timeout(10):
            while log.stat().st_size:
                await asyncio.sleep(0.01)
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching

    asyncio.run(story())

    assert sizes(log) == {"late.log": 0, "late.log.1": logs.LIMIT + 1}


def test_a_process_has_three_files_of_five_mebibytes() -> None:
    """The logs of a day under load."""
    assert (logs.LIMIT, logs.KEPT) == (5 * 1024 * 1024, 3)
