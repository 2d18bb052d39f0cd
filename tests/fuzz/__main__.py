"""`make fuzz`: the HTTP API against its own description, and against requests outside of it."""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.fuzz.run import run
from tests.stack.running import Stack


def main() -> int:
    """Run it on its own stack; 1 if an answer is not as described."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--every", type=int, default=1, help="of the oddities only each so many")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-fuzz-") as folder:
        stack = Stack(Path(folder) / "local")
        _say(f"seed {options.seed}; starting a stack …")
        try:
            result = run(stack.up(), options.seed, options.seconds, every=options.every, say=_say)
        finally:
            stack.clear()
    _say("\n".join(result.lines()))
    return 1 if result.wrong else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
