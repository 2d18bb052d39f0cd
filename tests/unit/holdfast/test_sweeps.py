"""At what pace sweeps work."""

from itertools import count

import pytest

from holdfast.platform import sweeps


class _Context:
    """An invocation that has a minute for every batch it is asked about, and then no time."""

    def __init__(self, batches: int) -> None:
        self._left = batches

    def get_remaining_time_in_millis(self) -> int:
        self._left -= 1
        return 60_000 if self._left > 0 else 0


def test_the_longer_a_batch_takes_the_longer_a_sweep_rests() -> None:
    """Twice as long as the batch took, but never longer than one second."""
    assert sweeps.rest(0.1) == pytest.approx(0.2)
    assert sweeps.rest(0.3) == pytest.approx(0.6)
    assert sweeps.rest(9.0) == 1.0


def test_batches_are_repeated_at_that_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """It rests between two batches; not after the last, nor when the time is over."""
    rested: list[float] = []
    ticks = iter([at for start, length in _BATCHES for at in (start, start + length)])
    monkeypatch.setattr(sweeps.time, "perf_counter", lambda: next(ticks, 0.0))
    monkeypatch.setattr(sweeps.time, "sleep", rested.append)
    numbers = count(1)

    sweeps.repeat(lambda: next(numbers) < 4, _Context(9), rests=True)  # type: ignore[arg-type]

    assert rested == pytest.approx([0.2, 0.46, 0.36])


_BATCHES = ((0.0, 0.1), (1.0, 0.23), (2.0, 0.18), (3.0, 0.1))
