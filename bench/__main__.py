"""`make bench [BENCH="holds …"]`: measure, print, and keep the results.

Prints a JSON object a line on standard output, and for people a table on standard error.
"""

import argparse
import importlib
import json
import sys
import tempfile
import time
from pathlib import Path

from bench import results, tables
from bench.figures import Line
from bench.server import Server

# modules of bench/families, in the order in which they run
MODULES = (
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


def main() -> int:
    """Run the families asked for; 1 if a goal is not met."""
    options = _options()
    modules = options.family or list(MODULES)
    began = time.monotonic()
    found: list[Line] = []
    print(tables.header(), file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, the server runs as another user
        server = Server(Path(folder), options.scale)
        about = results.about(_command(options), server.version())
        try:
            for name in modules:
                print(f"── {name} ({time.monotonic() - began:.0f} s)", file=sys.stderr)
                family = importlib.import_module(f"bench.families.{name}")
                for line in family.lines(server, options.rounds):
                    found.append(line)
                    print(json.dumps(line.as_json()), flush=True)
                    print(tables.row(line), file=sys.stderr, flush=True)
        finally:
            server.close()
    print(f"\n{tables.verdict(found)} {time.monotonic() - began:.0f} s.", file=sys.stderr)
    if options.keep:
        for name in {line.family: None for line in found}:
            rows = [line.as_json() for line in found if line.family == name]
            path = results.keep(about, name, rows)
            print(f"Kept in {path.relative_to(results.ROOT)}.", file=sys.stderr)
    return 0 if all(line.met is not False for line in found) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("family", nargs="*", choices=[*MODULES, []], help="all of them if none")
    parser.add_argument("--rounds", type=int, default=3, help="samples of each contestant")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="of what the databases hold, to try a family out"
    )
    parser.add_argument("--keep", action="store_true", help="write bench/results/")
    options = parser.parse_args()
    if options.keep and options.scale != 1:
        parser.error("figures of databases of another size are not kept")
    return options


def _command(options: argparse.Namespace) -> str:
    chosen = [f'BENCH="{" ".join(options.family)}"'] if options.family else []
    rounds = [f"ROUNDS={options.rounds}"] if options.rounds != 3 else []
    return " ".join(["make bench", *chosen, *rounds])


if __name__ == "__main__":
    sys.exit(main())
