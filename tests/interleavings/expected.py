"""The table of expected results: who met whom in which spec, and how it ended. Data in
`expected/*.txt`.

A line is a pair: the first, the second, how they met, what the second was answered, and the final
state of the booking. `-` for the first means none: how the second ends alone.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.interleavings.permutations import Outcome, Result

ALONE = "-"
_FOLDER = Path(__file__).with_name("expected")


@cache
def expected(spec: str) -> Mapping[str, Mapping[str, Result]]:
    """For each first call of a spec, the result of each second one; in the order of the file.

    Raises:
        ValueError: a malformed line, or a pair that is listed twice.
    """
    table: dict[str, dict[str, Result]] = {}
    path = _FOLDER / f"{spec}.txt"
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        if line.startswith("#") or not line:
            continue
        first, second, how, answer, standing = line.split()
        row = table.setdefault(first, {})
        if second in row:
            raise ValueError(f"{path.name}: {first} and {second} meet twice")
        row[second] = Result(how, Outcome(answer, standing))
    return table


def written(first: str, row: Mapping[str, Result]) -> str:
    """Lines of the file, for a failing test to print."""
    return "\n".join(
        f"{first:12}{second:12}{how:8}{answer:12}{standing}"
        for second, (how, (answer, standing)) in row.items()
    )
