"""How the benchmarks use their samples, and how the document shows the results."""

import json
from pathlib import Path

from bench import document, results
from bench.figures import Contestant, Goal, Line, Sample, contest
from bench.tables import bar, verdict

FIELDS = [
    *("name", "clients", "value", "unit", "p50_ms", "p99_ms"),
    *("ratio_to", "ratio", "goal", "met"),
]
LINE = Line("hold", "holds", 8, 50.0, "/s", 1.0, 2.0, "limit", 0.5, "ratio >= 0.5", True)
TIMES = "\N{MULTIPLICATION SIGN}"
ABOUT = {
    "machine": "m",
    "processors": 2,
    "postgres": "18.6",
    "python": "3.11",
    "date": "2026-11-01T00:00:00+00:00",
    "commit": "abc",
    "command": "make bench",
}


def drifting(*values: float) -> Contestant:
    """A contestant that is slower from round to round."""
    left = list(values)
    return Contestant("limit", lambda: Sample(left.pop(0)))


def test_a_ratio_is_taken_round_by_round() -> None:
    """A machine that slows down slows both sides: the ratio stays the same."""
    hold = [50.0, 30.0, 5.0]
    ours = Contestant("hold", lambda: Sample(hold.pop(0)), against="limit", goal=Goal(">=", 0.5))

    limit, line = contest("holds", [drifting(100.0, 60.0, 10.0), ours], 3)

    assert (limit.value, line.value, line.ratio, line.met) == (60.0, 30.0, 0.5, True)


def test_every_other_round_runs_backwards() -> None:
    """No contestant always runs after the same neighbour."""
    order: list[str] = []

    def contestant(name: str) -> Contestant:
        def run() -> Sample:
            order.append(name)
            return Sample(1.0)

        return Contestant(name, run)

    contest("holds", [contestant("a"), contestant("b")], 2)

    assert order == ["a", "b", "b", "a"]


def test_a_goal_is_a_bound_on_the_ratio_or_on_the_value() -> None:
    """And names which."""
    assert Goal(">=", 0.5).met(1.0, 0.5)
    assert not Goal(">=", 0.5).met(1.0, 0.49)
    assert Goal("<=", 3, "value").met(3.0, None)
    assert not Goal("<=", 3, "value").met(3.1, None)
    assert str(Goal("<=", 3, "value")) == "value <= 3"


def test_a_line_has_these_fields() -> None:
    """Programs read them."""
    assert list(LINE.as_json()) == FIELDS


def test_a_bar_is_full_at_one() -> None:
    """Half of it is half; a larger value is marked."""
    assert (bar(0.5).count("█"), bar(1.0).count("█"), bar(3.0)[-1]) == (12, 25, "»")


def test_the_verdict_names_what_is_missed() -> None:
    """With the measured value."""
    missed = Line("slots", "slots", 1, 9.0, "ms", goal="value <= 3", met=False)

    assert verdict([LINE]) == "1 of 1 goals met."
    assert "slots (value <= 3, measured 9.00)" in verdict([LINE, missed])


def test_the_document_shows_what_was_measured(tmp_path: Path) -> None:
    """Goals and families where they belong; missing measurements are marked, and the texts stay."""
    path = tmp_path / "holds.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in (ABOUT, LINE.as_json())))
    page = tmp_path / "page.md"
    place = "Words\n<!-- figures: {} -->\nyesterday\n<!-- end -->\n"
    page.write_text("".join(place.format(name) for name in ("goals", "holds", "slots")))

    text = document.page(page, [results.read(path)])

    assert text.count("Words") == 3
    assert "yesterday" not in text
    assert f"| `hold` | 8 | ≥ 0.5 {TIMES} `limit` | 0.50 | yes |" in text
    assert f"| `hold` | 8 | 50.0 /s | 1.00 | 2.00 | 0.50 {TIMES} `limit` |" in text
    assert text.count("Not measured yet") == 1
    assert document.page(page, [results.read(path)]) == text


def test_document_and_results_agree() -> None:
    """docs/performance.md shows the figures of bench/results; `make pictures` writes both."""
    assert document.DOCUMENT.read_text(encoding="utf-8") == document.page()


def test_pictures_and_results_agree() -> None:
    """Each picture was drawn from the stored results, and each family has one."""
    pictures = (results.ROOT / "docs" / "pictures").glob("*.svg")
    drawn = {path.stem: path for path in pictures if not path.stem.startswith("house-")}
    measured = {each.family: each for each in results.kept()}

    assert drawn.keys() == measured.keys()
    for family, each in measured.items():
        assert each.fingerprint in drawn[family].read_text(encoding="utf-8"), family


def test_every_family_is_in_the_document() -> None:
    """The document has a place for each."""
    text = document.DOCUMENT.read_text(encoding="utf-8")

    for family in ("goals", *results.FAMILIES):
        assert f"<!-- figures: {family} -->" in text, family
