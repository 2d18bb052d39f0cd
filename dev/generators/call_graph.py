"""Which stored function calls which, read from the files below `sql/`."""

import re
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

# a file's code, without its comments; a string is no comment, whatever it contains
_COMMENT_OR_STRING = re.compile(r"--[^\n]*|/\*.*?\*/|('(?:[^']|'')*')", re.DOTALL)
_CALL = re.compile(r"\b((?:core|api)\.[a-z_]\w*)\(")
_DEFINED = re.compile(r"create or replace function ((?:core|api)\.[a-z_]\w*)\(")


def code(text: str) -> str:
    """SQL without its comments."""
    return _COMMENT_OR_STRING.sub(lambda found: found[1] or "", text)


def call_graph(sql_dir: Path) -> dict[str, frozenset[str]]:
    """What each function of `functions/` and `triggers/` calls, by its name with its schema.

    A trigger's function counts by itself: the statement that fires it does not call it. A
    function's calls of itself are left out.
    """
    bodies: dict[str, str] = {}
    for folder in ("functions", "triggers"):
        for path in sorted((sql_dir / folder).rglob("*.sql")):
            text = code(path.read_text(encoding="utf-8"))
            starts = list(_DEFINED.finditer(text))
            ends = [start.start() for start in starts[1:]] + [len(text)]
            for start, end in zip(starts, ends, strict=True):
                bodies[start[1]] = text[start.end() : end]
    return {
        name: frozenset(
            called for called in _CALL.findall(body) if called in bodies and called != name
        )
        for name, body in bodies.items()
    }


def reached(calls: Mapping[str, Iterable[str]], start: str) -> frozenset[str]:
    """All functions that a function calls, directly or through others."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for called in calls[waiting.pop()]:
            if called not in found:
                found.add(called)
                waiting.append(called)
    return frozenset(found)


def circle(calls: Mapping[str, Iterable[str]]) -> list[str]:
    """Functions that call each other in a circle, with the first repeated at the end; [] if there
    is none.
    """
    try:
        TopologicalSorter(calls).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []
