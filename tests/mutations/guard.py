"""A guard of the system, how to remove it, and which tests must then fail."""

from dataclasses import dataclass

from tests.harness.database.cluster import ROOT


@dataclass(frozen=True, slots=True)
class Edit:
    """A piece of one file and its replacement.

    Attributes:
        path: below the checkout.
        old: text that occurs exactly once in that file.
    """

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Guard:
    """Something without which the system would be wrong.

    Attributes:
        name: for the command line and the report.
        guards: what it is for, as one sentence of a report.
        without: the edits that remove it, all together.
        killers: node ids of tests, of which at least one must fail without it.
    """

    name: str
    guards: str
    without: tuple[Edit, ...]
    killers: tuple[str, ...]


def core(function: str, old: str, new: str) -> Edit:
    """An edit of a stored function of schema core."""
    return Edit(_function("core", function), old, new)


def api(function: str, old: str, new: str) -> Edit:
    """An edit of a stored function of schema api."""
    return Edit(_function("api", function), old, new)


def _function(schema: str, name: str) -> str:
    """The path of a stored function's file, in whichever room it is."""
    (path,) = (ROOT / "sql/functions" / schema).glob(f"**/{name}.sql")
    return path.relative_to(ROOT).as_posix()


def layer(module: str, old: str, new: str) -> Edit:
    """An edit of a module of the shared package."""
    return Edit(f"layers/core/holdfast/{module}.py", old, new)
