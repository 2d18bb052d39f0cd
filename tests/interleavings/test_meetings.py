"""Every two calls that can change a booking, meeting on it in both orders."""

import pytest

from tests.harness.laws.invariants import violations
from tests.interleavings.encounters import Scene, Winner
from tests.interleavings.scenes import SCENES
from tests.interleavings.winners import NOBODY, winners, written

FIRSTS = [
    pytest.param(scene, first, id=f"{scene}-{first}")
    for scene in SCENES
    for first in winners(scene)
    if first != NOBODY
]


def _is_refusal(answer: str) -> bool:
    return len(answer) == 5 and answer.isupper()


@pytest.mark.parametrize(("scene", "first"), FIRSTS, indirect=["scene"])
def test_the_documented_winner_wins(
    scene: Scene, first: str, request: pytest.FixtureRequest
) -> None:
    """Whoever comes second waits for the first, or passes it by, and ends as it is written down.

    It ends as if the two had been called one after the other (which PostgreSQL is asked, in one
    session), and no invariant suffers.

    Cases: D-1, D-2, E-2.2, E-2.6, E-5.1, E-7.2, P-1
    """
    name = request.node.callspec.params["scene"]
    met: dict[str, Winner] = {}
    suffered = {}
    for second in scene.moves:
        scene.reset()
        met[second] = scene.committed(first, second)
        suffered[second] = violations(scene.database)

    assert met == winners(name)[first], f"{name}.txt would have to read:\n{written(first, met)}"
    assert {second: found for second, found in suffered.items() if found} == {}


@pytest.mark.parametrize(("scene", "first"), FIRSTS, indirect=["scene"])
def test_a_first_that_rolls_back_has_never_been(
    scene: Scene, first: str, request: pytest.FixtureRequest
) -> None:
    """Whoever waited for a transaction that came to nothing ends as if it had been alone.

    Whoever passes by what is locked does so without knowing how the other one will end.

    Cases: D-1, E-1.7, E-7.2
    """
    table = winners(request.node.callspec.params["scene"])

    answers = {second: scene.rolled_back(first, second) for second in scene.moves}

    assert answers == {
        second: (winner if winner.how == "passes" else table[NOBODY][second]).outcome.answer
        for second, winner in table[first].items()
    }


@pytest.mark.parametrize("scene", SCENES, indirect=True)
def test_every_call_has_its_winners(scene: Scene, request: pytest.FixtureRequest) -> None:
    """The table knows every call of the scene alone, and as the first of a pair unless refused.

    Who is refused keeps no lock: nobody can meet it.
    """
    table = winners(request.node.callspec.params["scene"])

    alone = {move: Winner("alone", scene.in_a_row(move).outcome) for move in scene.moves}

    assert table[NOBODY] == alone, f"it would have to read:\n{written(NOBODY, alone)}"
    assert [first for first in table if first != NOBODY] == [
        move for move, winner in alone.items() if not _is_refusal(winner.outcome.answer)
    ]
