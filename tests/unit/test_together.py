"""Tests that share an expensive resource run on one worker; all others on any."""

import pytest

from tests.harness.running.together import group

MEETING = "tests/interleavings/test_permutations.py::test_every_permutation_ends_as_expected"
PLAN = "tests/sql/test_plans.py::test_no_table_is_read_from_end_to_end"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tests/browser/test_races.py::test_a", "tests/browser/test_embed.py::test_b[light]"),
        (f"{MEETING}[buried-attach]", f"{MEETING.replace('wins', 'has')}[buried-begin]"),
        (f"{PLAN}[planned again-list_slots]", f"{PLAN}[planned again-list_slots, zone]"),
    ],
)
def test_what_is_shared_is_made_once(one: str, other: str) -> None:
    """The stack and Chromium, a scene, a large database."""
    assert group(one) == group(other)


def test_what_is_not_shared_runs_on_any_worker() -> None:
    """Each test, each scene and each large database may be on another worker."""
    apart = [
        "tests/sql/test_effects.py::test_a",
        "tests/sql/test_effects.py::test_b[planned]",
        f"{MEETING}[buried-attach]",
        f"{MEETING}[contested-attach]",
        f"{PLAN}[planned again-list_slots]",
        f"{PLAN}[planned on empty tables-list_slots]",
        "tests/browser/test_races.py::test_a",
    ]

    assert len({group(nodeid) for nodeid in apart}) == len(apart)
