"""`make bench [BENCH=holds]`: measure, print, and keep the results.

Prints a JSON object a line on standard output, and for people a table on standard error.
"""

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench import tables
from bench.figures import Line
from bench.server import ROOT, Server

FAMILIES = (
    "holds",
    "races",
    "settlement",
    "slots",
    "scheduling",
    "sweeps",
    "growth",
    "http",
    "cold",
)
_RESULTS = ROOT / "bench" / "results"


def main() -> int:
    """Run the families asked for; 1 if a goal is not met."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("family", nargs="*", choices=[*FAMILIES, []], help="all of them if none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="write bench/results/")
    options = parser.parse_args()
    families = options.family or list(FAMILIES)
    began = time.monotonic()
    found: list[Line] = []
    print(tables.header(), file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, the server runs as another user
        server = Server(Path(folder))
        try:
            for family in families:
                print(f"── {family} ({time.monotonic() - began:.0f} s)", file=sys.stderr)
                module = importlib.import_module(f"bench.families.{family}")
                for line in module.lines(server, options.rounds):
                    found.append(line)
                    print(json.dumps(line.as_json()), flush=True)
                    print(tables.row(line), file=sys.stderr, flush=True)
        finally:
            server.close()
    print(f"\n{tables.verdict(found)} {time.monotonic() - began:.0f} s.", file=sys.stderr)
    if options.keep:
        print(f"Kept in {_keep(found, families).relative_to(ROOT)}.", file=sys.stderr)
    return 0 if all(line.met is not False for line in found) else 1


def _keep(lines: list[Line], families: list[str]) -> Path:
    """A file for this run: machine, date, commit and command, then the lines."""
    _RESULTS.mkdir(exist_ok=True)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    now = datetime.now(UTC)
    about = {
        "date": now.isoformat(timespec="seconds"),
        "commit": commit,
        "command": "make bench"
        + ("" if families == list(FAMILIES) else f" BENCH={' '.join(families)}"),
        "processors": os.cpu_count(),
        "machine": f"{platform.machine()}, {_processor()}",
        "python": platform.python_version(),
    }
    path = _RESULTS / f"{now:%Y-%m-%d}-{commit}.jsonl"
    rows = [about, *(line.as_json() for line in lines)]
    path.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    return path


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


if __name__ == "__main__":
    sys.exit(main())
