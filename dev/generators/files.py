"""Generated files: written, or compared with what they would be."""

import argparse
import difflib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated file: its path below the checkout, and what writes its text."""

    path: str
    build: Callable[[], str]


def difference(generated: Generated) -> str:
    """What would change, as a unified diff; empty if the file is up to date."""
    path = ROOT / generated.path
    present = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = difflib.unified_diff(
        present.splitlines(keepends=True),
        generated.build().splitlines(keepends=True),
        f"{generated.path} (as it is)",
        f"{generated.path} (as it would be generated)",
    )
    return "".join(lines)


def run(program: str, files: Mapping[str, Generated]) -> int:
    """Write or check the files that the command line names, or all.

    Returns:
        1 if a check found one out of date.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description="Generated files.")
    parser.add_argument("--check", action="store_true", help="only compare")
    parser.add_argument("what", nargs="*", metavar="what", help=", ".join(files))
    options = parser.parse_args()
    stale = []
    for name in options.what or files:
        if name not in files:
            parser.error(f"{name} is none of {', '.join(files)}")
        generated = files[name]
        if options.check:
            changes = difference(generated)
            sys.stdout.write(changes)
            stale += [generated.path] if changes else []
        else:
            path = ROOT / generated.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(generated.build(), encoding="utf-8")
            print(f"wrote {generated.path}")
    if stale:
        print(f"out of date: {', '.join(stale)}; run `make generate`", file=sys.stderr)
    return 1 if stale else 0
