"""The rooms of the stored functions: each function has its room, and calls go one way."""

import re
from pathlib import Path

import pytest

from dev.generators.call_graph import call_graph
from tests.harness.database.cluster import SQL_DIR
from tests.harness.database.doorways import DOORWAYS

FOLDER = SQL_DIR / "functions"
ROOM_OF = {
    f"{path.relative_to(FOLDER).parts[0]}.{path.stem}": path.parent.name
    for path in FOLDER.rglob("*.sql")
    if path.stem not in DOORWAYS
}
CALLS = call_graph(SQL_DIR)
# The list that people read is the list that is checked.
ROOMS = re.findall(r"^\d+\. \[(\w+)\]", (FOLDER / "README.md").read_text(encoding="utf-8"), re.M)


def test_every_room_is_listed_and_described() -> None:
    """A function is in a room that README.md lists, and each room says what it is for."""
    assert set(ROOM_OF.values()) == set(ROOMS)
    for room in ROOMS:
        lines = Path(FOLDER, "core", room, "README.md").read_text(encoding="utf-8").splitlines()
        assert 5 <= len(lines) <= 12, room


@pytest.mark.parametrize("room", ROOMS)
def test_no_call_goes_to_a_later_room(room: str) -> None:
    """What a room needs comes before it in the list, so that the list can be read from the top."""
    later = set(ROOMS[ROOMS.index(room) + 1 :])
    wrong = {
        f"{name} calls {callee}"
        for name, callees in CALLS.items()
        if name.startswith("core.") and ROOM_OF.get(name) == room
        for callee in callees
        if ROOM_OF.get(callee) in later
    }

    assert wrong == set()


def test_nothing_calls_the_api() -> None:
    """Functions of `api` are only called from outside: each is a transaction of its own.

    A doorway only leads to the function that has been renamed.
    """
    wrong = {
        f"{name} calls {callee}"
        for name, callees in CALLS.items()
        for callee in callees
        if callee.startswith("api.") and DOORWAYS.get(name.removeprefix("api.")) != callee[4:]
    }

    assert wrong == set()
