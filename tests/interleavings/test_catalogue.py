"""No function is forgotten: each of schema api is met by each that changes something, or reads."""

from collections.abc import Callable
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.harness.desk import Desk
from tests.interleavings.encounters import Scene
from tests.interleavings.moves import MOVES, READERS
from tests.interleavings.scenes import SCENES, TEN
from tests.interleavings.winners import NOBODY, winners

_FUNCTIONS = "select proname from pg_proc where pronamespace = 'api'::regnamespace"
ELSEWHEN = "2027-01-19T16:00:00Z"
_WRITERS = {move.name: move.function for move in MOVES}


def _pool(desk: Desk) -> UUID:
    """A pool that the tutor is in."""
    identifier = uuid4()
    desk.database.execute(
        "insert into core.pools (tenant_id, id, name, created_at, updated_at)"
        " select id, %s, 'Tutors', created_at, created_at from core.tenants",
        identifier,
    )
    desk.database.execute(
        "insert into core.pool_resources select id, %s, %s from core.tenants",
        *(identifier, desk.tutor["id"]),
    )
    return identifier


def _place(desk: Desk) -> str:
    """A place in the waitlist, for a time that is not the scene's."""
    desk.hold(ELSEWHEN)
    return desk.wait(ELSEWHEN).id


_READS: dict[str, Callable[[Desk, str], tuple[Any, ...]]] = {
    "explain_slot": lambda desk, held: (
        *(desk.actor(kind="secret"), desk.tutor["id"], desk.tutor["offerings"][0]["id"]),
        *(TEN, None, "grace@example.com"),
    ),
    "get_booking": lambda desk, held: (desk.actor(kind="secret"), held),
    "get_confirmation": lambda desk, held: (desk.actor(kind="secret"), held),
    "get_waiting": lambda desk, held: (desk.actor(kind="secret"), _place(desk)),
    "health": lambda desk, held: (),
    "list_bookings": lambda desk, held: (desk.actor(kind="secret"), {}, None, 10),
    "list_pool_slots": lambda desk, held: (
        *(desk.actor(), _pool(desk), desk.tutor["offerings"][0]["id"], TEN, None),
    ),
    "list_resources": lambda desk, held: (desk.actor(), None, 10),
    "list_waitlist": lambda desk, held: (desk.actor(kind="secret"), {}, None, 10),
    "list_slots": lambda desk, held: (
        *(desk.actor(), desk.tutor["id"], desk.tutor["offerings"][0]["id"]),
        *(TEN, None),
    ),
}


@pytest.mark.parametrize("scene", ["free"], indirect=True)
def test_every_function_has_its_part(scene: Scene) -> None:
    """A function of the database has moves, or is one of those that only read."""
    functions = {name for (name,) in scene.database.rows(_FUNCTIONS)}

    assert functions == READERS | set(_WRITERS.values())
    assert READERS.isdisjoint(_WRITERS.values())


@pytest.mark.parametrize(
    "scene", [name for name in SCENES if name not in {"free", "elsewhere"}], indirect=True
)
@pytest.mark.parametrize("function", sorted(READERS))
def test_readers_change_nothing(scene: Scene, function: str) -> None:
    """A function that only reads writes no row, wherever the booking stands."""
    assert scene.booking_id is not None

    assert scene.changes((function, _READS[function](scene.desk, scene.booking_id))) == 0


def test_every_pair_of_functions_meets() -> None:
    """In some scene each function that writes is the first of each, itself included."""
    met = {
        (_WRITERS[first], _WRITERS[second])
        for scene in SCENES
        for first, row in winners(scene).items()
        if first != NOBODY
        for second in row
    }

    assert set(product(set(_WRITERS.values()), repeat=2)) - met == set()
