"""Real load: processes over HTTP, while handlers and the database are killed."""

from pathlib import Path

import pytest

from tests.load.run import Plan, report, run
from tests.stack.running import Stack

pytestmark = pytest.mark.stack


def test_under_load_and_trouble_every_law_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Customers get true answers, nothing is sold twice, and both books agree in the end.

    The same as `make load`, shorter.

    Cases: D-1, D-3, E-1.7, E-2.2, E-2.6, E-5.1, E-7.2, P-1, P-13
    """
    monkeypatch.setenv("HOLDFAST_CONCURRENCY", "3")
    plan = Plan(seconds=25, processes=8, rate=120, seed=20)
    stack = Stack(tmp_path / "local")
    try:
        result = run(stack.up(), plan, lambda *_: None)
    finally:
        stack.clear()

    assert result.wrong == [], report(plan, result)
    assert result.faults.kills
    assert result.faults.happened["PostgreSQL killed"] == 1
    assert result.figures.confirmed > 0
    assert result.figures.count(409, "slot_taken") > 0
