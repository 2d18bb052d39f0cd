"""The pictures of the rooms: levels from the ground up; a call upward is not drawn."""

import re
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from dev.generators.house import House, modules, picture, stored_functions

HOUSE = House(
    rooms=("ground", "first"),
    entrances=("door",),
    sizes={"ground": 3, "first": 2, "door": 1},
    calls={("first", "ground"): 5, ("door", "first"): 4},
)


def test_rooms_stand_from_the_ground_up() -> None:
    """With their sizes and calls beside them, in SVG that parses."""
    drawn = Xml.fromstring(picture(HOUSE, "A house", "things", "call"))
    heights = {
        text.text: float(text.attrib["y"])
        for text in drawn.iter("{http://www.w3.org/2000/svg}text")
    }

    assert heights["ground"] > heights["first"] > heights["door"]
    assert heights["5"] == heights["2"] == heights["first"]
    assert heights["4"] == heights["1"] == heights["door"]


@pytest.mark.parametrize("call", [("ground", "first"), ("first", "first"), ("first", "door")])
def test_a_call_upward_is_not_drawn(call: tuple[str, str]) -> None:
    """Neither to a higher room nor to an entrance."""
    house = House(HOUSE.rooms, HOUSE.entrances, HOUSE.sizes, {call: 1})

    with pytest.raises(ValueError, match=f"{call[0]} uses {call[1]}"):
        picture(house, "A house", "things", "call")


def test_functions_are_counted_by_room(tmp_path: Path) -> None:
    """Doorways are left out, and a trigger's function is in no room."""
    for path, text in {
        "functions/README.md": "1. [low](…)\n2. [high](…)\n",
        "functions/core/low/a.sql": "create or replace function core.a() …",
        "functions/core/high/b.sql": "create or replace function core.b() … core.a(",
        "functions/api/high/c.sql": "create or replace function api.c() … core.b( … core.a(",
        "functions/api/doorways/d.sql": "create or replace function api.d() … api.c(",
        "triggers/t.sql": "create or replace function core.t() … core.a(",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")

    house = stored_functions(tmp_path)

    assert house.rooms == ["low", "high"]
    assert house.sizes == {"low": 1, "high": 1, "api": 1, "triggers": 1}
    assert house.calls == {
        ("high", "low"): 1,
        ("api", "high"): 1,
        ("api", "low"): 1,
        ("triggers", "low"): 1,
    }


def test_imports_are_counted_by_room() -> None:
    """Every room of the layer has modules, and use cases import what is below them."""
    house = modules()

    assert all(house.sizes[room] for room in (*house.rooms, "functions"))
    assert house.calls["payments", "stripe"]
    assert house.calls["functions", "bookings"]
    assert re.search(r">functions<", picture(house, "Modules", "modules", "import from"))
