"""The list of guards fits the code, checked quickly here before a long run."""

import ast
from collections.abc import Iterator
from functools import cache

import pytest

from tests.harness.database.cluster import ROOT
from tests.mutations.bench import edited
from tests.mutations.guard import Guard
from tests.mutations.guards import ALL


@cache
def _functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _absent(guard: Guard) -> Iterator[str]:
    for killer in guard.killers:
        path, _, name = killer.partition("::")
        if name.partition("[")[0] not in _functions(path):
            yield killer


@pytest.mark.parametrize("guard", ALL, ids=lambda guard: guard.name)
def test_a_guard_can_be_taken_out(guard: Guard) -> None:
    """Its text occurs exactly once in its file, and the tests that should fail without it exist."""
    texts: dict[str, str] = {}
    for edit in guard.without:
        text = texts.get(edit.path) or (ROOT / edit.path).read_text(encoding="utf-8")
        texts[edit.path] = edited(text, edit)

    assert list(_absent(guard)) == []
    assert guard.killers


def test_guards_have_names_of_their_own() -> None:
    """A name on the command line means one guard."""
    names = [guard.name for guard in ALL]

    assert sorted(set(names)) == sorted(names)
