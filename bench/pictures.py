"""Pictures of the results: one SVG a family, for README and docs/performance.md."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

_MET, _MISSED, _PLAIN = "#1f7a4d", "#b3261e", "#5b6b7b"


def draw(results: Path, folder: Path) -> list[Path]:
    """Draw every family of a results file; returns the pictures."""
    rows = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()][1:]
    families: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        families.setdefault(row["family"], []).append(row)
    folder.mkdir(parents=True, exist_ok=True)
    # the same input makes the same file
    matplotlib.rcParams.update({"svg.hashsalt": "holdfast", "svg.fonttype": "none", "font.size": 9})
    return [_family(name, rows, folder / f"{name}.svg") for name, rows in families.items()]


def _family(name: str, rows: list[dict[str, Any]], path: Path) -> Path:
    figure, axes = pyplot.subplots(figsize=(7.5, 0.6 + 0.34 * len(rows)), layout="constrained")
    values = [row["value"] for row in rows]
    colours = [{True: _MET, False: _MISSED, None: _PLAIN}[row["met"]] for row in rows]
    places = range(len(rows))
    axes.barh(places, values, color=colours, height=0.62)
    axes.set_yticks(places, [row["name"] for row in rows])
    axes.invert_yaxis()
    if max(values) > 30 * min(value for value in values if value > 0):
        axes.set_xscale("log")
    for place, row in zip(places, rows, strict=True):
        ratio = "" if row["ratio"] is None else f"  {row['ratio']:.2f} × {row['ratio_to']}"
        axes.annotate(
            f"{row['value']:,.1f} {row['unit']}{ratio}",
            (row["value"], place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    axes.margins(x=0.45)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(
        f"{name}, {rows[0]['unit']}: green met its goal, red did not", loc="left", fontsize=9
    )
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return path


if __name__ == "__main__":
    for drawn in draw(Path(sys.argv[1]), Path(sys.argv[2])):
        print(drawn)
