"""Rooms of Python code are in an order: a room imports from the rooms below it, and no others."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from dev.generators.house import LAYER_ROOMS
from tests.harness.database.cluster import ROOT

# From the ground up. A room may import from those before it.
STOREYS = {
    "holdfast": LAYER_ROOMS,
    "dev": (
        *("bootstrap", "programs", "cloudformation", "stripe_double", "stack"),
        *("costs", "dependencies", "generators", "cloud"),
    ),
    "tests.harness": ("servers", "database", "clients", "laws", "system", "stripe", "running"),
}
FOLDERS = {"holdfast": "layers/core/holdfast", "dev": "dev", "tests.harness": "tests/harness"}
# in no room, and importing nothing
OUTSIDE = {"__init__"}


def _imports(text: str) -> Iterator[str]:
    """Every module, or name of one, that a text imports, inside of functions too."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).endswith("import_module")
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value)


def _upward(root: str, room: str, text: str, storeys: Sequence[str]) -> Iterator[str]:
    """What a module of a room imports from a room that is not below it."""
    for name in _imports(text):
        if name.startswith(f"{root}."):
            other = name.removeprefix(f"{root}.").partition(".")[0]
            if other != room and other not in storeys[: storeys.index(room)]:
                yield name


def _modules(root: str) -> Iterator[tuple[str, Path]]:
    folder = ROOT / FOLDERS[root]
    for path in sorted(folder.rglob("*.py")):
        yield path.relative_to(folder).parts[0].removesuffix(".py"), path


@pytest.mark.parametrize("root", STOREYS)
def test_every_module_has_a_room(root: str) -> None:
    """A module is in a room that is listed, and every listed room exists."""
    assert {room for room, _ in _modules(root)} - OUTSIDE == set(STOREYS[root])


@pytest.mark.parametrize("root", STOREYS)
def test_no_room_imports_a_higher_one(root: str) -> None:
    """So rooms form no circle, and each can be read without those above it."""
    wrong = [
        (path.relative_to(ROOT).as_posix(), name)
        for room, path in _modules(root)
        if room not in OUTSIDE
        for name in _upward(root, room, path.read_text(encoding="utf-8"), STOREYS[root])
    ]

    assert wrong == []


def test_dev_knows_neither_tests_nor_benchmarks() -> None:
    """They are built on dev."""
    wrong = [
        (path.relative_to(ROOT).as_posix(), name)
        for _, path in _modules("dev")
        for name in _imports(path.read_text(encoding="utf-8"))
        if name.partition(".")[0] in {"tests", "bench"}
    ]

    assert wrong == []


@pytest.mark.parametrize("root", STOREYS)
def test_no_modules_import_each_other(root: str) -> None:
    """Imports form no circle within a room either; those for annotations count."""
    folder = ROOT / FOLDERS[root]
    modules = {
        ".".join((root, *path.relative_to(folder).with_suffix("").parts)): path
        for _, path in _modules(root)
    }
    arrows = {
        name: {
            target
            for found in _imports(path.read_text(encoding="utf-8"))
            for target in (found, found.rpartition(".")[0])
            if target in modules and target != name
        }
        for name, path in modules.items()
    }
    while free := {name for name, targets in arrows.items() if not targets & arrows.keys()}:
        arrows = {name: targets for name, targets in arrows.items() if name not in free}

    assert arrows == {}


def test_an_upward_import_is_seen() -> None:
    """In a function, too, and by name."""
    text = (
        "from holdfast.platform import errors\n"
        "def late():\n    from holdfast.outbox.effects import perform\n"
        "    importlib.import_module('holdfast.waitlist.waitlist')\n"
    )

    assert list(_upward("holdfast", "stripe", text, STOREYS["holdfast"])) == [
        "holdfast.outbox.effects.perform",
        "holdfast.waitlist.waitlist",
    ]
