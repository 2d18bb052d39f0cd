"""What people read of the results: a table with a bar for each ratio."""

from collections.abc import Iterable

from bench.figures import Line

_BAR = 24


def header() -> str:
    """Above the lines of `row`."""
    return f"{'':<28}{'value':>12} {'unit':<7}{'p50 ms':>8}{'p99 ms':>9}  ratio"


def row(line: Line) -> str:
    """One line of the table."""
    p50 = "" if line.p50_ms is None else f"{line.p50_ms:.2f}"
    p99 = "" if line.p99_ms is None else f"{line.p99_ms:.2f}"
    text = f"{line.name:<28}{line.value:>12,.1f} {line.unit:<7}{p50:>8}{p99:>9}"
    if line.ratio is not None:
        text += f"  {bar(line.ratio)} {line.ratio:.2f} × {line.ratio_to}"
    if line.goal is not None:
        text += f"   {'✓' if line.met else '✗'} {line.goal}"
    return text


def bar(ratio: float) -> str:
    """Full at 1: a ratio above it fills the bar and says so."""
    filled = min(_BAR, round(ratio * _BAR))
    return (
        "█" * filled
        + ("»" if ratio > 1.02 else "·" if filled < _BAR else "█")
        + "·" * (_BAR - filled - 1)
    )


def verdict(lines: Iterable[Line]) -> str:
    """The last line: which goals are met."""
    judged = [line for line in lines if line.met is not None]
    missed = [line for line in judged if not line.met]
    text = f"{len(judged) - len(missed)} of {len(judged)} goals met."
    if missed:
        text += " Not met: " + "; ".join(
            f"{line.name} ({line.goal}, measured {_judged(line):.2f})" for line in missed
        )
    return text


def _judged(line: Line) -> float:
    if str(line.goal).startswith("spread"):
        assert line.p50_ms is not None
        assert line.p99_ms is not None
        return line.p99_ms / line.p50_ms
    figure = line.value if str(line.goal).startswith("value") else line.ratio
    assert figure is not None
    return figure
