"""Cases and the tests that prove them."""

from dev.generators import cases
from tests.harness.system.in_process import ROOT

# What hold, checkout, webhook and confirmation have to get right.
SPINE = [
    "D-1", "D-2", "D-3", "D-4", "E-1.7", "E-2.2", "E-2.6", "E-2.8", "E-5.1", "E-5.2", "E-6.3",
    "E-7.1", "E-7.3", "E-8.3", "A-1", "P-1", "P-2", "P-3", "P-4", "P-7", "P-9", "P-10", "P-11",
    "P-12", "P-13",
]  # fmt: skip


def test_every_case_of_the_spine_is_proved() -> None:
    """Each case of the spine is named by a test."""
    proved = cases.proofs(ROOT / "tests")

    assert [case for case in SPINE if case not in proved] == []


def test_tests_name_cases_that_exist() -> None:
    """A case named in a docstring is in the catalogue."""
    proved = cases.proofs(ROOT / "tests")

    assert set(proved) - set(cases.CASES) == set()
