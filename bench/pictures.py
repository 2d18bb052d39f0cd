"""Pictures of the results: docs/pictures/<family>.svg, for README and docs/performance.md.

Runs in `.local/bench`, an environment of its own: nothing else needs matplotlib. The same results
make the same file, and it carries their fingerprint.
"""

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot
from matplotlib.axes import Axes

from bench.results import ROOT, Results, kept

FOLDER = ROOT / "docs" / "pictures"
_MET, _MISSED, _PLAIN, _INK = "#2f855a", "#c53030", "#6b7f94", "#1f2933"
_GROWS = re.compile(r"growth_(\w+)_(\d+)")
_STYLE = {
    "svg.hashsalt": "holdfast",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#9aa5b1",
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}

Line = dict[str, Any]


def draw(results: Results, folder: Path = FOLDER) -> Path:
    """One family's picture."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{results.family}.svg"
    with matplotlib.rc_context(_STYLE):
        figure = _curves(results.lines) if results.family == "growth" else _bars(results.lines)
        about = results.about
        figure.supxlabel(
            f"{about['date'][:10]}, commit {about['commit']}, {about['machine']},"
            f" {about['processors']} processors",
            fontsize=7,
            color=_PLAIN,
            x=0.01,
            ha="left",
        )
        metadata = {"Date": None, "Creator": None, "Description": results.fingerprint}
        figure.savefig(path, metadata=metadata)
        pyplot.close(figure)
    return path


def _bars(lines: Sequence[Line]) -> Any:
    """A panel a unit; a bar a line; where a goal lies, a mark."""
    panels = [list(group) for _, group in groupby(lines, key=lambda line: line["unit"])]
    sizes = [len(panel) + 1.6 for panel in panels]
    figure, axes = pyplot.subplots(
        len(panels),
        1,
        figsize=(8, 0.3 * sum(sizes) + 0.3),
        height_ratios=sizes,
        squeeze=False,
        layout="constrained",
    )
    for place, panel in zip(axes[:, 0], panels, strict=True):
        _panel(place, panel)
    return figure


def _panel(axes: Axes, lines: Sequence[Line]) -> None:
    values = [line["value"] for line in lines]
    by_name = {line["name"]: line["value"] for line in lines}
    widest = max(values)
    for place, line in enumerate(lines):
        colour = {True: _MET, False: _MISSED, None: _PLAIN}[line["met"]]
        axes.barh(place, line["value"], color=colour, height=0.64)
        if (goal := _goal(line, by_name)) is not None:
            axes.plot([goal, goal], [place - 0.42, place + 0.42], color=_INK, linewidth=1.6)
            widest = max(widest, goal)
        axes.annotate(
            _label(line),
            (max(line["value"], goal or 0), place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.set_yticks(range(len(lines)), [line["name"] for line in lines])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_xlim(0, widest * 1.45)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    unit = {"/s": "calls a second (more is better)", "ms": "ms (less is better)"}
    goals = any(line["goal"] for line in lines)
    marks = "; the mark is the goal, green meets it" if goals else ""
    axes.set_title(unit.get(lines[0]["unit"], lines[0]["unit"]) + marks)


def _goal(line: Line, by_name: dict[str, float]) -> float | None:
    """Where a line's goal lies in its unit; None if it has none or the goal is not of that unit."""
    if line["goal"] is None:
        return None
    of, _, bound = line["goal"].split()
    if of == "value":
        return float(bound)
    # the ratio is the median of the rounds' own, so the bar goes by it and not by the two medians
    if of == "spread" or line["ratio_to"] not in by_name or not line["ratio"]:
        return None
    return float(bound) * float(line["value"]) / float(line["ratio"])


def _label(line: Line) -> str:
    value = line["value"]
    number = f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    ratio = "" if line["ratio"] is None else f"   {line['ratio']:.2f} × {line['ratio_to']}"
    return number + ratio


def _curves(lines: Sequence[Line]) -> Any:
    """A curve a function over the number of past bookings."""
    figure, axes = pyplot.subplots(figsize=(8, 3.4), layout="constrained")
    curves: dict[str, list[tuple[int, float]]] = {}
    for line in lines:
        found = _GROWS.fullmatch(line["name"])
        assert found is not None
        curves.setdefault(found[1], []).append((int(found[2]), line["value"]))
    gap = 0.07 * max(value for points in curves.values() for _, value in points)
    label = -gap  # where the last one stands: none is written over another
    for name, points in sorted(curves.items(), key=lambda curve: curve[1][-1][1]):
        places, values = zip(*points, strict=True)
        (drawn,) = axes.plot(places, values, marker="o", markersize=4)
        label = max(label + gap, values[-1])
        axes.annotate(
            name,
            (places[-1] * 1.15, label),
            va="center",
            color=drawn.get_color(),
        )
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.margins(x=0.16)
    axes.set_xticks(
        sorted({place for points in curves.values() for place, _ in points}),
        [f"{place:,}" for place, _ in next(iter(curves.values()))],
    )
    axes.minorticks_off()
    axes.grid(axis="y", color="#e4e7eb")
    axes.set_title("ms a call, over past bookings (flat is better)")
    return figure


if __name__ == "__main__":
    for each in kept():
        print(f"drew {draw(each).relative_to(ROOT)}")
