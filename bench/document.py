"""The figures in docs/performance.md: written from bench/results, so that the two cannot disagree.

The document's words are people's. Between `<!-- figures: NAME -->` and `<!-- end -->` stands what
is made here: NAME is a family, or `goals` for the lines of all families that have one.
`python -m bench.document [--check]` writes or compares it.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.results import ROOT, Results, kept
from dev.generators.files import Generated, run

DOCUMENT = ROOT / "docs" / "performance.md"
_PLACE = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_MISSING = "Not measured yet: `make bench`.\n"


def page(path: Path = DOCUMENT, measured: Iterable[Results] | None = None) -> str:
    """The document with today's figures."""
    families = {each.family: each for each in (kept() if measured is None else measured)}

    def fill(place: re.Match[str]) -> str:
        name = place[2]
        if name == "goals":
            figures = _goals(families)
        elif name in families:
            figures = _family(families[name])
        else:
            figures = _MISSING
        return f"{place[1]}{figures}{place[3]}"

    return _PLACE.sub(fill, path.read_text(encoding="utf-8"))


def _goals(families: Mapping[str, Results]) -> str:
    rows = [
        [
            f"`{line['name']}`",
            str(line["clients"]),
            _goal(line),
            _judged(line),
            "yes" if line["met"] else "**no**",
        ]
        for results in families.values()
        for line in results.lines
        if line["goal"] is not None
    ]
    if not rows:
        return _MISSING
    return _table(["Line", "Clients", "Goal", "Measured", "Met"], "lrllr", rows)


def _goal(line: Mapping[str, Any]) -> str:
    of, sign, bound = line["goal"].split()
    unit = {
        "value": line["unit"],
        "ratio": f"× `{line['ratio_to']}`",
        "spread": "× p50 at p99",
    }[of]
    return f"{'≥' if sign == '>=' else '≤'} {bound} {unit}"


def _judged(line: Mapping[str, Any]) -> str:
    if str(line["goal"]).startswith("value"):
        return f"{_number(line['value'])} {line['unit']}"
    if str(line["goal"]).startswith("spread"):
        return f"{line['p99_ms'] / line['p50_ms']:.2f}"
    return f"{line['ratio']:.2f}"


def _family(results: Results) -> str:
    rows = [
        [
            f"`{line['name']}`",
            str(line["clients"]),
            f"{_number(line['value'])} {line['unit']}",
            "" if line["p50_ms"] is None else _number(line["p50_ms"]),
            "" if line["p99_ms"] is None else _number(line["p99_ms"]),
            "" if line["ratio"] is None else f"{line['ratio']:.2f} × `{line['ratio_to']}`",
        ]
        for line in results.lines
    ]
    heads = ["Line", "Clients", "Value", "p50 ms", "p99 ms", "Ratio"]
    about = results.about
    return (
        f"![{results.family}](pictures/{results.family}.svg)\n\n"
        + _table(heads, "lrrrrl", rows)
        + f"\n`{about['command']}` · commit {about['commit']} · {about['date'][:10]} ·"
        f" {about['machine']}, {about['processors']} processors ·"
        f" PostgreSQL {about['postgres']}, Python {about['python']}\n"
    )


def _table(heads: list[str], alignment: str, rows: Iterable[list[str]]) -> str:
    rule = ["---:" if side == "r" else "---" for side in alignment]
    return "".join(f"| {' | '.join(row)} |\n" for row in (heads, rule, *rows))


def _number(figure: float) -> str:
    """Three digits that say something: 12,345, 123, 12.3, 0.123."""
    if abs(figure) >= 100:
        return f"{figure:,.0f}"
    if abs(figure) >= 10:
        return f"{figure:.1f}"
    return f"{figure:.2f}"


if __name__ == "__main__":
    sys.exit(run("bench.document", {"performance": Generated("docs/performance.md", page)}))
