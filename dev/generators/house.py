"""Pictures of the rooms, for ARCHITECTURE.md: their order, their sizes, and their calls.

A picture is a staircase. Each step is a room, the ground is at the bottom; a number on the way to a
step counts what its room uses of the room straight below. So a call upward has no place in the
picture, and drawing it is an error.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from dev.generators.call_graph import call_graph
from dev.generators.files import ROOT

SQL = ROOT / "sql"
LAYER = ROOT / "layers" / "core" / "holdfast"
FUNCTIONS = ROOT / "functions"

# From the ground up. A room of the layer imports from those before it, and no others.
LAYER_ROOMS = (
    *("platform", "access", "api", "catalogue", "calendars", "stripe", "outbox"),
    *("bookings", "payments", "waitlist", "customers", "migrations"),
)
_DOORWAYS = "doorways"  # old names of functions, which only lead to the new ones

_CELL, _ROW, _MARGIN, _NAMES, _HEAD, _LINE = 32, 26, 16, 120, 28, 18  # pixels
_STYLE = """
  svg { --paper: #ffffff; --ink: #1f2933; --soft: #52606d; --line: #d9dee5;
        --room: #1f5fae; --on-room: #ffffff; --call: #7fb2ee; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #e6edf3; --soft: #9aa7b4; --line: #2b333d;
          --room: #79b8ff; --on-room: #0d1117; --call: #2f6fbe; }
  }
  text { font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--ink); }
  .number { text-anchor: middle; }
  .room { fill: var(--room); }
  .size { text-anchor: middle; font-weight: 600; fill: var(--on-room); }
  .call { fill: var(--call); }
  .guide { stroke: var(--line); }
  .key { fill: var(--soft); text-anchor: end; }
"""


@dataclass(frozen=True, slots=True)
class House:
    """Rooms from the ground up, what is in each, the entrances, and the calls."""

    rooms: Sequence[str]
    entrances: Sequence[str]  # they use rooms, and no room uses them; the first is the lowest
    sizes: Mapping[str, int]
    calls: Mapping[tuple[str, str], int]  # (who calls, who is called)


def stored_functions(sql_dir: Path = SQL) -> House:
    """The rooms of `core`; `api` and the triggers enter them. A pair of functions counts once."""
    folder = sql_dir / "functions"
    rooms = re.findall(
        r"^\d+\. \[(\w+)\]", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    of = {}
    for path in folder.rglob("*.sql"):
        schema, room = path.relative_to(folder).parts[:2]
        of[f"{schema}.{path.stem}"] = room if schema == "core" or room == _DOORWAYS else "api"
    graph = call_graph(sql_dir)
    of = {name: of.get(name, "triggers") for name in graph}
    for name in [name for name, room in of.items() if room == _DOORWAYS]:
        del of[name], graph[name]
    return House(
        rooms,
        ("triggers", "api"),
        Counter(of.values()),
        Counter(
            (of[name], of[each])
            for name, called in graph.items()
            for each in called
            if of[name] != of[each]
        ),
    )


def modules() -> House:
    """The rooms of the layer, entered by the Lambda functions. A pair of modules counts once."""
    paths = {
        ".".join(("holdfast", *path.relative_to(LAYER).with_suffix("").parts)): path
        for path in sorted(LAYER.rglob("*.py"))
    }
    sizes: Counter[str] = Counter()
    calls: Counter[tuple[str, str]] = Counter()
    for name, path in paths.items():
        if path.parent != LAYER:
            room = name.split(".")[1]
            sizes[room] += path.name != "__init__.py"
            for used in _used(path, paths) - {name}:
                if used.split(".")[1] != room:
                    calls[room, used.split(".")[1]] += 1
    for path in sorted(FUNCTIONS.glob("*/*.py")):
        sizes["functions"] += 1
        for used in _used(path, paths):
            calls["functions", used.split(".")[1]] += 1
    return House(LAYER_ROOMS, ("functions",), sizes, calls)


def _used(path: Path, paths: Mapping[str, Path]) -> set[str]:
    """The modules in rooms that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            module = next(
                (
                    each
                    for base in (name, name.rpartition(".")[0])
                    for each in (base, f"{base}.__init__")
                    if each in paths and each.count(".") > 1
                ),
                None,
            )
            found |= {module} if module else set()
    return found


def picture(house: House, title: str, unit: str, use: str) -> str:
    """The staircase as SVG, in the colours that the reader has chosen, light or dark.

    Raises:
        ValueError: something is used that does not stand below its user.
    """
    column = {room: number for number, room in enumerate(house.rooms)}
    rows = (*house.rooms, *house.entrances)
    most = max(house.calls.values(), default=1)
    for user, used in house.calls:
        if used not in column or column[used] >= column.get(user, len(column)):
            raise ValueError(f"{user} uses {used}, which does not stand below it")
    width = 2 * _MARGIN + len(column) * _CELL + _NAMES
    height = 2 * _MARGIN + _HEAD + len(rows) * _ROW
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<!-- Generated by `make generate`, from the files themselves. -->",
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" style="fill: var(--paper)"/>',
        f'<text x="{_MARGIN}" y="{_MARGIN + 14}" style="font-weight: 600">{escape(title)}</text>',
    ]
    for number, row in enumerate(rows):
        top = _MARGIN + _HEAD + (len(rows) - 1 - number) * _ROW
        lines += _step(house, row, column, top, most)
    for number, line in enumerate(reversed(_explanation(unit, use))):
        y = height - _MARGIN - number * _LINE - 6
        lines.append(f'<text class="key" x="{width - _MARGIN}" y="{y}">{escape(line)}</text>')
    return "\n".join([*lines, "</svg>", ""])


def _explanation(unit: str, use: str) -> tuple[str, ...]:
    return (
        f"In a step: how many {unit} the room has.",
        f"Left of it: how often they {use} another room,",
        "the one where the column ends below.",
    )


def _step(house: House, row: str, column: Mapping[str, int], top: int, most: int) -> Iterator[str]:
    """One row: its line, its numbers, its size and its name."""
    place = column.get(row, len(column))
    middle = top + _ROW / 2 + 4.5
    left = _MARGIN + place * _CELL
    yield f'<path class="guide" d="M{_MARGIN} {top + _ROW}H{left}"/>'
    if row in column:  # down from every row above, to say whose the numbers are
        yield f'<path class="guide" d="M{left} {_MARGIN + _HEAD}V{top + _ROW}"/>'
    for used, number in column.items():
        if count := house.calls.get((row, used), 0):
            x = _MARGIN + number * _CELL
            shade = 0.18 + 0.82 * (count / most) ** 0.5
            yield (
                f'<rect class="call" x="{x + 1}" y="{top + 1}" width="{_CELL - 2}"'
                f' height="{_ROW - 2}" rx="3" opacity="{shade:.2f}"/>'
            )
            yield f'<text class="number" x="{x + _CELL / 2}" y="{middle}">{count}</text>'
    yield (
        f'<rect class="room" x="{left + 1}" y="{top + 1}" width="{_CELL + 2}"'
        f' height="{_ROW - 2}" rx="3"/>'
    )
    yield f'<text class="size" x="{left + _CELL / 2 + 2}" y="{middle}">{house.sizes[row]}</text>'
    yield f'<text x="{left + _CELL + 10}" y="{middle}">{escape(row)}</text>'


def stored_functions_picture() -> str:
    """docs/pictures/house-sql.svg."""
    return picture(stored_functions(), "The stored functions", "functions", "call")


def modules_picture() -> str:
    """docs/pictures/house-python.svg."""
    return picture(modules(), "The Python code that is shipped", "modules", "import from")
