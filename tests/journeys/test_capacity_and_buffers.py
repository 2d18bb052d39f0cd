"""How many fit into one time, and how long a buffer is kept around it."""

from datetime import datetime, timedelta
from typing import Any

from tests.harness.system.in_process import Answer, System
from tests.harness.system.problems import assert_problem
from tests.harness.system.setup import minutes, starts

CLASS = "2030-01-07T15:00:00Z"  # ten in the morning in New York
AFTERNOON = "&from=2030-01-07T13:00:00Z&to=2030-01-07T18:00:00Z"


def _join(system: System) -> Answer:
    body = system.hold_body(CLASS, resource_id=system.studio["id"])
    return system.request(
        "POST", "/v1/holds", body | {"offering_id": system.studio["offerings"][0]["id"]}
    )


def _places(system: System) -> int:
    query = f"&from={CLASS}&to=2030-01-07T15:00:01Z"
    return sum(slot["remaining"] for slot in system.slots(system.studio, query))


def test_eight_fit_into_a_class_and_the_ninth_gets_alternatives(system: System) -> None:
    """Each gets a unit of its own; the list counts down; the ninth gets 409 with alternatives.

    Cases: D-1, E-5.1, E-5.2, P-1
    """
    for taken in range(8):
        assert _places(system) == 8 - taken
        assert _join(system).status == 201
    units = system.database.rows("select unit from core.occupancies order by unit")
    ninth = _join(system)

    assert [row.unit for row in units] == list(range(1, 9))
    assert _places(system) == 0
    assert_problem(ninth, 409, "slot_taken")
    assert {"2030-01-07T14:00:00Z", "2030-01-07T16:00:00Z"} <= set(
        starts(ninth.body["alternatives"])
    )
    assert all(slot["remaining"] == 8 for slot in ninth.body["alternatives"])


def test_a_place_given_back_is_the_next_ones(system: System) -> None:
    """One of eight leaves: exactly one other gets in, on the freed unit.

    Cases: D-1
    """
    held = [_join(system).body for _ in range(8)]
    gone = held[3]
    unit = system.database.value(
        "select unit from core.occupancies where booking_id = %s", gone["id"]
    )
    system.request("DELETE", f"/v1/holds/{gone['id']}", secret=gone["client_secret"])
    next_one, one_too_many = _join(system), _join(system)

    assert (next_one.status, one_too_many.status) == (201, 409)
    assert unit == system.database.value(
        "select unit from core.occupancies where booking_id = %s", next_one.body["id"]
    )


def test_eight_stale_holds_make_room_for_eight(system: System) -> None:
    """Eight expired holds, not yet swept: the class can be filled again.

    Cases: D-1
    """
    for _ in range(8):
        _join(system)
    system.advance(minutes(6))

    assert [_join(system).status for _ in range(9)] == [201] * 8 + [409]


def _try(system: System, clock: str) -> Answer:
    return system.request("POST", "/v1/holds", system.hold_body(f"2030-01-07T{clock}:00Z"))


def test_a_quarter_of_an_hour_after_a_lesson_is_kept_free(system: System) -> None:
    """A lesson from 14 to 15 blocks the tutor until 15:15, in listings and holds alike.

    Cases: P-3
    """
    assert _try(system, "14:00").status == 201
    listed = [start[11:16] for start in starts(system.slots(query=AFTERNOON))]

    assert listed == ["15:30", "16:00", "16:30", "17:00"]
    for clock in ("13:00", "13:30", "14:30", "15:00"):
        assert_problem(_try(system, clock), 409, "slot_taken")
    assert _try(system, "15:30").status == 201


def test_a_lesson_keeps_its_buffer_when_the_rule_changes(system: System) -> None:
    """Buffers are frozen with the hold: a new rule applies to new bookings, on either side of it.

    Cases: P-3
    """
    held = _try(system, "14:00").body
    system.database.execute(
        "update core.resources set buffer_before_minutes = 30, buffer_after_minutes = 0"
        " where id = %s",
        system.resource["id"],
    )
    during = system.database.value(
        "select during from core.occupancies where booking_id = %s", held["id"]
    )
    end = datetime.fromisoformat(held["ends_at"])
    listed = [start[11:16] for start in starts(system.slots(query=AFTERNOON))]

    assert during.upper - end == timedelta(minutes=15)
    # the old lesson ends at 15:15 with its buffer; a new one needs half an hour before itself
    assert listed == ["13:00", "16:00", "16:30", "17:00"]
    assert _try(system, "15:30").status == 409
    assert _try(system, "16:00").status == 201


def test_lessons_of_different_length_never_overlap(system: System) -> None:
    """Two offerings of one tutor share the tutor's time.

    Cases: D-1, P-3
    """
    long: dict[str, Any] = system.resource["offerings"][1]
    body = system.hold_body("2030-01-07T14:00:00Z") | {"offering_id": long["id"]}
    assert system.request("POST", "/v1/holds", body).status == 201
    listed = [start[11:16] for start in starts(system.slots(query=AFTERNOON))]

    assert listed == ["16:00", "16:30", "17:00"]
    for clock in ("13:00", "14:00", "15:00", "15:30"):
        assert_problem(_try(system, clock), 409, "slot_taken")
