"""A copy of the checkout in which guards are removed, and the tests that are then run."""

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.harness.database.cluster import ROOT
from tests.mutations.guard import Edit, Guard

_FOLDERS = ("sql", "layers", "functions", "dev", "tests", "events", "docs", "web")
_FILES = ("template.yaml", "pyproject.toml")
_NOT_INHERITED = {"HOLDFAST_TEST_RUN", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH"}
# A guard has a test or two; all killers together are hundreds.
_SECONDS, _SECONDS_EACH = 120, 3
_OPTIONS = ("-x", "-q", "--tb=no", "-p", "no:cacheprovider")
_FAILED = re.compile(r"^FAILED (.+?)(?: - (.*))?$", re.MULTILINE)
# What a test says when the program is broken instead of unguarded.
_BROKEN = re.compile(
    r"SyntaxError|ImportError|ModuleNotFoundError|NameError|AttributeError"
    r"|Undefined(Column|Function|Table|Object)|DatatypeMismatch|fixture '"
)


class Misfit(Exception):
    """A guard no longer fits the files: its text is missing, or occurs several times."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of running tests.

    how: `passed`; `failed`, as an unguarded system should; `broken`: failed, but not by what a test
        says of the system's behaviour.
    says: the first failure, or the end of pytest's output.
    """

    how: str
    says: str
    seconds: float


class Bench:
    """One copy of the checkout, and the process that runs tests in it. Not for concurrent use."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        for name in _FOLDERS:
            if (ROOT / name).exists():
                shutil.copytree(
                    ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
                )
        for name in _FILES:
            shutil.copy2(ROOT / name, folder / name)
        self._said = folder / "said.txt"
        self._times = itertools.count(1)
        inherited = {name: os.environ[name] for name in os.environ.keys() - _NOT_INHERITED}
        self._forks = subprocess.Popen(
            [sys.executable, "tests/mutations/forks.py"],
            cwd=folder,
            env=inherited
            | {
                "DATABASE_URL": database_url,
                # a file is compiled once, and again when its time or size is new
                "PYTHONPYCACHEPREFIX": str(folder.parent / "pycache"),
                "COLUMNS": "200",  # pytest shortens its output to the width of the terminal
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def without(self, guard: Guard) -> Iterator[None]:
        """The copy without that guard.

        Raises:
            Misfit: the guard is not where it should be.
        """
        originals: dict[Path, tuple[bytes, os.stat_result]] = {}
        # compiled files store the second and the size of their source: each edit gets a second of
        # its own
        second = next(self._times)
        try:
            for edit in guard.without:
                path = self.folder / edit.path
                originals.setdefault(path, (path.read_bytes(), path.stat()))
                path.write_text(edited(path.read_text(encoding="utf-8"), edit), encoding="utf-8")
                os.utime(path, (second, second))
            yield
        finally:
            for path, (content, was) in originals.items():
                path.write_bytes(content)
                os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))

    def run(self, tests: Sequence[str]) -> Verdict:
        """Run tests in the copy, up to the first that fails."""
        began = time.monotonic()
        assert self._forks.stdin is not None
        assert self._forks.stdout is not None
        seconds = _SECONDS + _SECONDS_EACH * len(tests)
        order = json.dumps([str(self._said), seconds, *_OPTIONS, *tests])
        print(order, file=self._forks.stdin, flush=True)
        code = int(self._forks.stdout.readline())
        said = self._said.read_text(encoding="utf-8", errors="replace")
        taken = time.monotonic() - began
        if code == -signal.SIGALRM:
            return Verdict("broken", "it hangs", taken)
        return _judged(code, said, taken)

    def close(self) -> None:
        """End the process."""
        assert self._forks.stdin is not None
        self._forks.stdin.close()
        self._forks.wait()


def edited(text: str, edit: Edit) -> str:
    """The text of a file with that edit.

    Raises:
        Misfit: the edit does not fit.
    """
    count = text.count(edit.old)
    if count != 1:
        raise Misfit(f"{edit.path} has this {count} times instead of once:\n{edit.old}")
    return text.replace(edit.old, edit.new)


def _judged(code: int, said: str, seconds: float) -> Verdict:
    last = "\n".join(said.strip().splitlines()[-8:])
    if code == 0:
        return Verdict("passed", last, seconds)
    failures = _FAILED.findall(said)
    if code != 1 or not failures or re.search(r"^ERROR ", said, re.MULTILINE):
        return Verdict("broken", last, seconds)
    test, why = failures[0]
    how = "broken" if _BROKEN.search(why) else "failed"
    return Verdict(how, f"{test} - {why}", seconds)
