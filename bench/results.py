"""Results on disk: `bench/results/<family>.jsonl`, the last measurement of that family.

The first line says where, when and of what it was taken; each other one is a line of the contest.
Earlier measurements stand in the history of the repository.
"""

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "bench" / "results"
# in the order of the report
FAMILIES = (
    "holds",
    "application",
    "race",
    "settlement",
    "slots",
    "scheduling",
    "sweep",
    "growth",
    "http",
    "cold",
)


@dataclass(frozen=True, slots=True)
class Results:
    """One family's last measurement.

    Attributes:
        about: machine, processors, postgres, python, date, commit, command.
        lines: as `figures.Line.as_json` wrote them.
        fingerprint: of the file, which its picture carries too.
    """

    family: str
    about: Mapping[str, Any]
    lines: list[dict[str, Any]]
    fingerprint: str


def about(command: str, postgres: str) -> dict[str, Any]:
    """What has to be known of a measurement taken now."""
    return {
        "machine": f"{platform.machine()}, {_processor()}",
        "processors": os.cpu_count(),
        "postgres": postgres,
        "python": platform.python_version(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "command": command,
    }


def keep(about: Mapping[str, Any], family: str, lines: Iterable[Mapping[str, Any]]) -> Path:
    """Put a family's measurement in the place of its last one."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{family}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in (about, *lines)), encoding="utf-8")
    return path


def kept() -> list[Results]:
    """All that has been measured."""
    return [read(path) for family in FAMILIES if (path := FOLDER / f"{family}.jsonl").exists()]


def read(path: Path) -> Results:
    """One family's file."""
    text = path.read_text(encoding="utf-8")
    first, *lines = (json.loads(line) for line in text.splitlines())
    return Results(path.stem, first, lines, hashlib.sha256(text.encode()).hexdigest()[:16])


def _commit() -> str:
    """Which code was measured; a plus says that it differs from the commit."""
    commit = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--", "bench", "dev", "functions", "layers", "sql")
    return commit + ("+" if changed else "")


def _git(*arguments: str) -> str:
    ended = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.stdout.strip()


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    names = [
        line.partition(":")[2].strip()
        for line in text.splitlines()
        if line.startswith("model name")
    ]
    return names[0] if names else platform.processor()
