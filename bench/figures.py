"""Samples, and what follows from them.

The machine drifts by up to 2× between minutes. So contestants take turns, one sample each per
round, and a ratio is the median of the rounds' own ratios: whatever slows a round down slows both
sides.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sample:
    """One contestant's share of one round.

    Attributes:
        value: in the family's unit.
        p50_ms, p99_ms: of single calls, where there are single calls.
    """

    value: float
    p50_ms: float | None = None
    p99_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on a ratio, or on the value or the spread (p99 / p50) where `of` says so."""

    sign: str  # ">=" or "<="
    bound: float
    of: str = "ratio"  # or "value", or "spread"

    def met(self, value: float, ratio: float | None, spread: float | None = None) -> bool:
        """Whether a measured line keeps to it."""
        figure = {"value": value, "ratio": ratio, "spread": spread}[self.of]
        assert figure is not None
        return figure >= self.bound if self.sign == ">=" else figure <= self.bound

    def __str__(self) -> str:
        return f"{self.of} {self.sign} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Contestant:
    """Something that is measured.

    Attributes:
        run: takes one sample, or names a contestant before it whose samples these are, too.
        against: the name of the contestant that its ratio is to.
        goal: None where the line only shows something.
    """

    name: str
    run: Callable[[], Sample] | str
    clients: int = 1
    unit: str = "/s"
    against: str | None = None
    goal: Goal | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the results.

    Attributes:
        family: whose lines are kept, tabulated and drawn together; the file says it, not the line.
    """

    name: str
    family: str
    clients: int
    value: float
    unit: str
    p50_ms: float | None = None
    p99_ms: float | None = None
    ratio_to: str | None = None
    ratio: float | None = None
    goal: str | None = None
    met: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """What stands in a line of the results."""
        figures = {name: getattr(self, name) for name in self.__slots__ if name != "family"}
        return {
            name: round(figure, 4) if isinstance(figure, float) else figure
            for name, figure in figures.items()
        }


def contest(family: str, contestants: Sequence[Contestant], rounds: int) -> list[Line]:
    """Let the contestants take turns and compare them."""
    samples: dict[str, list[Sample]] = {contestant.name: [] for contestant in contestants}
    for turn in range(rounds):
        # every other round backwards: no contestant always runs after the same neighbour
        for contestant in contestants if turn % 2 == 0 else reversed(contestants):
            if callable(contestant.run):
                samples[contestant.name].append(contestant.run())
    for contestant in contestants:
        if not callable(contestant.run):
            samples[contestant.name] = samples[contestant.run]
    return [_line(family, contestant, samples) for contestant in contestants]


def _line(family: str, contestant: Contestant, samples: Mapping[str, list[Sample]]) -> Line:
    own = samples[contestant.name]
    value = statistics.median(sample.value for sample in own)
    ratio = None
    if contestant.against is not None:
        pairs = zip(own, samples[contestant.against], strict=True)
        ratio = statistics.median(mine.value / other.value for mine, other in pairs)
    goal = contestant.goal
    p50, p99 = _median(sample.p50_ms for sample in own), _median(sample.p99_ms for sample in own)
    return Line(
        contestant.name,
        family,
        contestant.clients,
        value,
        contestant.unit,
        p50,
        p99,
        contestant.against,
        ratio,
        str(goal) if goal else None,
        goal.met(value, ratio, p99 / p50 if p50 and p99 else None) if goal else None,
    )


def of_latencies(milliseconds: Sequence[float], seconds: float) -> Sample:
    """Calls a second, with percentiles."""
    return Sample(len(milliseconds) / seconds, *percentiles(milliseconds))


def typical(milliseconds: Sequence[float]) -> Sample:
    """The median call is the value, in ms."""
    p50, p99 = percentiles(milliseconds)
    return Sample(p50, p50, p99)


def percentiles(milliseconds: Sequence[float]) -> tuple[float, float]:
    """The 50th and the 99th."""
    ordered = sorted(milliseconds)
    return ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]


def _median(figures: Any) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return statistics.median(known) if known else None
