"""Every two calls that can change a booking, meeting on it in both orders."""

import pytest

from tests.harness.laws import laws
from tests.harness.laws.invariants import violations
from tests.interleavings.expected import ALONE, expected, written
from tests.interleavings.permutations import Result, Spec
from tests.interleavings.setups import SETUPS

FIRSTS = [
    pytest.param(spec, first, id=f"{spec}-{first}")
    for spec in SETUPS
    for first in expected(spec)
    if first != ALONE
]


def _is_refusal(answer: str) -> bool:
    return len(answer) == 5 and answer.isupper()


@pytest.mark.parametrize(("spec", "first"), FIRSTS, indirect=["spec"])
def test_every_permutation_ends_as_expected(
    spec: Spec, first: str, request: pytest.FixtureRequest
) -> None:
    """The second waits for the first, or skips it, and ends as the table says.

    It ends as if the two had been called one after the other (which PostgreSQL is asked, in one
    session), and no invariant is broken.

    Cases: D-1, D-2, E-2.2, E-2.6, E-5.1, E-7.2, P-1
    """
    name = request.node.callspec.params["spec"]
    met: dict[str, Result] = {}
    suffered = {}
    for second in spec.steps:
        spec.reset()
        met[second] = spec.committed(first, second)
        costly = bool(spec.changed() & laws.OPENINGS)
        suffered[second] = violations(spec.database, costly=costly)

    assert met == expected(name)[first], f"{name}.txt would have to read:\n{written(first, met)}"
    assert {second: found for second, found in suffered.items() if found} == {}


@pytest.mark.parametrize(("spec", "first"), FIRSTS, indirect=["spec"])
def test_a_first_that_rolls_back_has_never_been(
    spec: Spec, first: str, request: pytest.FixtureRequest
) -> None:
    """A call that waited for a transaction that was rolled back ends as if it had been alone.

    A call that skips locked rows does so without knowing how the other one will end.

    Cases: D-1, E-1.7, E-7.2
    """
    table = expected(request.node.callspec.params["spec"])

    answers = {second: spec.rolled_back(first, second) for second in spec.steps}

    assert answers == {
        second: (winner if winner.how == "passes" else table[ALONE][second]).outcome.answer
        for second, winner in table[first].items()
    }


@pytest.mark.parametrize("spec", SETUPS, indirect=True)
def test_every_step_has_its_expected_results(spec: Spec, request: pytest.FixtureRequest) -> None:
    """The table has every call of the spec alone, and as the first of a pair unless refused.

    A refused call keeps no lock, so no other can meet it. No invariant is broken at the start.
    """
    assert violations(spec.database) == []
    table = expected(request.node.callspec.params["spec"])

    alone = {step: Result("alone", spec.in_a_row(step).outcome) for step in spec.steps}

    assert table[ALONE] == alone, f"it would have to read:\n{written(ALONE, alone)}"
    assert [first for first in table if first != ALONE] == [
        step for step, winner in alone.items() if not _is_refusal(winner.outcome.answer)
    ]
