"""The stored functions call downward: none reaches itself through another."""

from pathlib import Path

from dev.generators.call_graph import call_graph, circle, reached
from tests.harness.database.cluster import SQL_DIR


def test_no_functions_call_each_other_in_a_circle() -> None:
    """Each can be read, and changed, when those below it are known."""
    assert circle(call_graph(SQL_DIR)) == []


def test_a_status_is_changed_without_making_a_booking() -> None:
    """Freeing a time does not take one: a trigger serves the waitlist at commit."""
    calls = call_graph(SQL_DIR)

    for name in ("core.transition_booking", "core.apply_reschedule", "core.expire_reschedule"):
        assert {"core.hold_periods", "core.occupy", "core.make_offers"} & reached(
            calls, name
        ) == set()
    assert "core.occupy" in reached(calls, "core.serve_waitlist")


def test_a_circle_is_found(tmp_path: Path) -> None:
    """Through whatever files; comments, and functions that a trigger fires, are no calls."""
    for path, text in {
        "functions/core/a.sql": "create or replace function core.a() … core.b( … core.a(",
        "functions/core/room/b.sql": "create or replace function core.b() … '--' || api.c(",
        "functions/api/c.sql": "-- core.a(\ncreate or replace function api.c() … /* core.a( */",
        "triggers/t.sql": "create or replace function core.t() … core.a(; execute core.t()",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")

    calls = call_graph(tmp_path)

    assert calls == {
        "core.a": {"core.b"},
        "core.b": {"api.c"},
        "api.c": frozenset(),
        "core.t": {"core.a"},
    }
    assert circle(calls) == []
    assert circle(calls | {"api.c": frozenset({"core.a"})}) in (
        ["core.a", "core.b", "api.c", "core.a"],
        ["core.b", "api.c", "core.a", "core.b"],
        ["api.c", "core.a", "core.b", "api.c"],
    )
