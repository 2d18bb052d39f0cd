"""Run tests at other times than now: `python -m tests.dates [OPTIONS] [PYTEST'S ARGUMENTS]`.

    python -m tests.dates                  tests marked `today`, at every instant of instants.py
    python -m tests.dates --at "29 Feb"    … at those whose name contains this
    python -m tests.dates --all            … every test, not only the marked ones
    python -m tests.dates --days-on 31     every test, that many days from now

clock.c moves the time, for Python, PostgreSQL, the stack's functions and Chromium alike: it is
preloaded into each of their processes. Needs Linux and a C compiler.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.dates.instants import INSTANTS

ROOT = Path(__file__).parents[2]
# collecting all files takes longer than running the marked ones
MARKED = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "tests").rglob("test_*.py")
    if "mark.today" in path.read_text(encoding="utf-8")
)
_SLOW_SECONDS = 120
MISSING = (
    "There is no C compiler here: Debian and Ubuntu have one as the package gcc, and libc6-dev."
)


def main() -> int:
    """Run; 0 if all passed at every time."""
    parser = argparse.ArgumentParser(prog="python -m tests.dates", description=__doc__)
    parser.add_argument("--at", default="", help="part of an instant's name")
    parser.add_argument("--all", action="store_true", help="not only the marked ones")
    parser.add_argument("--days-on", type=int, help="every test, so many days from now")
    options, arguments = parser.parse_known_args()
    if shutil.which("cc") is None:
        print(MISSING, file=sys.stderr)
        return 1

    failed = []
    with _library() as library:
        for name, shift in _shifts(options.at, options.days_on):
            began, then = time.monotonic(), datetime.now(UTC) + shift
            print(f"\n-- {name}: {then:%A %d %B %Y, %H:%M} UTC", flush=True)
            every = options.all or options.days_on is not None
            marked = [] if every else ["-m", "today", *MARKED]
            planted = os.environ | {
                "LD_PRELOAD": str(library),
                "HOLDFAST_CLOCK_SHIFT": f"{shift.total_seconds():.0f}",
            }
            _check(planted, then)
            status = subprocess.run(
                [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *marked, *arguments],
                check=False,
                cwd=ROOT,
                env=planted,
            ).returncode
            print(f"-- {name}: {time.monotonic() - began:.0f} s", flush=True)
            failed += [name] if status else []
    print(f"\nfailed at: {', '.join(failed)}" if failed else "\npassed at every time")
    return 1 if failed else 0


def _shifts(part: str, days_on: int | None) -> Iterator[tuple[str, timedelta]]:
    """How far from now each time is, computed when its turn comes."""
    if days_on is not None:
        yield f"{days_on} days on", timedelta(days=days_on)
        return
    for name, instant in INSTANTS.items():
        if part in name:
            yield name, instant - datetime.now(UTC)


@contextmanager
def _library() -> Iterator[Path]:
    """clock.c, compiled where PostgreSQL's own account can read it too."""
    with tempfile.TemporaryDirectory(prefix="holdfast-clock-") as folder:
        Path(folder).chmod(0o755)
        library = Path(folder, "clock.so")
        source = Path(__file__).with_name("clock.c")
        command = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library, source]
        subprocess.run(command, check=True)
        yield library


def _check(planted: dict[str, str], then: datetime) -> None:
    """A library that cannot be loaded only causes a warning, and the time would not be moved."""
    program = [sys.executable, "-c", "import time; print(time.time())"]
    told = subprocess.run(program, check=True, capture_output=True, text=True, env=planted).stdout
    if abs(float(told) - then.timestamp()) > _SLOW_SECONDS:
        raise SystemExit("the clock has not moved: can clock.so be preloaded here?")


if __name__ == "__main__":
    sys.exit(main())
