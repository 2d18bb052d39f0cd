"""Changes of the catalogue against holds: an archive, a blackout, an offering taken away."""

import uuid
from typing import Any

import pytest

from tests.harness.clients.desk import Call, Desk, refusal
from tests.harness.database import twins
from tests.harness.laws.invariants import violations

TEN = "2027-01-11T10:00:00Z"
DAY = {"starts_at": "2027-01-11T00:00:00Z", "ends_at": "2027-01-12T00:00:00Z"}


LATE = "2027-01-13T10:00:00Z"
_SHARED_FIRST = "    perform core.share_rules(core.named_resources(v_actor, p_request));\n"


def _create(desk: Desk, kind: str, request: dict[str, Any]) -> Call:
    key, made = str(uuid.uuid4()), str(uuid.uuid4())
    actor = desk.actor(kind="secret")
    return "create_catalogue_item", (actor, kind, desk.tutor["id"], key, made, request)


def _restrict(desk: Desk) -> Call:
    """Nobody may book more than a day ahead any more."""
    arguments = (desk.actor(kind="secret"), "resource", None, desk.tutor["id"], None)
    return "change_catalogue_item", (*arguments, {"horizon_days": 1})


def _archive(desk: Desk, kind: str = "resource") -> Call:
    archived = desk.tutor if kind == "resource" else desk.tutor["offerings"][0]
    actor = desk.actor(kind="secret")
    return "remove_catalogue_item", (actor, kind, None, archived["id"], None)


def _unlink(desk: Desk) -> Call:
    actor = desk.actor(kind="secret")
    request = {"offering_ids": [desk.tutor["offerings"][1]["id"]]}
    return "change_catalogue_item", (actor, "resource", None, desk.tutor["id"], None, request)


def _collisions(answer: dict[str, Any]) -> list[str]:
    return [each["booking_id"] for each in answer["collisions"]]


def test_a_blackout_waits_for_the_hold_under_way_and_lists_it(desk: Desk) -> None:
    """The hold commits first: the blackout is made all the same, and tells of it.

    Cases: E-5.4, D-1
    """
    hold, held = desk.begin(desk.hold_call(TEN))
    _, blackout = desk.start(_create(desk, "blackout", DAY))
    hold.commit()

    assert _collisions(blackout.result(10)) == [held["id"]]
    assert violations(desk.database) == []


def test_twin_without_the_lock_a_blackout_overlooks_the_hold(desk: Desk) -> None:
    """Without the lock on the rules both succeed, and nobody is told."""
    twins.forget_rules_lock(desk.database)

    hold, _ = desk.begin(desk.hold_call(TEN))
    blackout = desk.call(_create(desk, "blackout", DAY))
    hold.commit()

    assert (_collisions(blackout), len(desk.owners())) == ([], 1)


@pytest.mark.parametrize(
    ("rule", "refused"),
    [("blackout", "KHOFF"), ("unlinked", "KHNTF"), ("resource", "KHNTF"), ("offering", "KHNTF")],
)
def test_a_hold_waits_for_the_change_and_is_refused(desk: Desk, rule: str, refused: str) -> None:
    """The change commits first: the hold reads the catalogue only then.

    Cases: E-5.4, E-8.1, D-1
    """
    call = {
        "blackout": lambda: _create(desk, "blackout", DAY),
        "resource": lambda: _archive(desk),
        "offering": lambda: _archive(desk, "offering"),
        "unlinked": lambda: _unlink(desk),
    }[rule]()
    change, _ = desk.begin(call)
    _, hold = desk.start(desk.hold_call(TEN))
    change.commit()

    assert refusal(hold.exception(10)) == refused
    assert desk.owners() == []
    assert violations(desk.database) == []


def test_a_hold_that_waited_goes_by_the_new_settings(desk: Desk) -> None:
    """The resource's settings are changed while a hold waits: it goes by them.

    Cases: E-8.1, D-1
    """
    change, _ = desk.begin(_restrict(desk))
    _, hold = desk.start(desk.hold_call(LATE))
    change.commit()

    assert refusal(hold.exception(10)) == "KHOFF"
    assert desk.owners() == []


def test_a_hold_that_waited_is_not_refused_by_old_rules(desk: Desk) -> None:
    """While it waits the time is taken, and a second place is made: it has that.

    Cases: E-8.1, E-5.2, D-1
    """
    first, _ = desk.begin(desk.hold_call(TEN))
    arguments = (desk.actor(kind="secret"), "resource", None, desk.tutor["id"], None)
    _, room = desk.start(("change_catalogue_item", (*arguments, {"capacity": 2})))
    call = desk.hold_call(TEN)
    _, hold = desk.start(call)
    first.commit()
    assert room.result(10)["capacity"] == 2

    assert hold.result(10)["status"] == "held"
    assert violations(desk.database) == []


def _hold_that_read_before(desk: Desk, change: Call, start: str) -> Any:
    """A hold that looked at the catalogue before a change, and waited for a day until after it."""
    twins.rewrite(desk.database, "api.create_hold", _SHARED_FIRST, "")
    twins.forget_shared_rules(desk.database)
    twins.rewrite(
        desk.database, "core.await_turn", "v_one := core.found_again(v_one, core.clock());", "null;"
    )
    first, _ = desk.begin(desk.hold_call(start.replace("T10", "T14")))
    _, hold = desk.start(desk.hold_call(start))
    desk.call(change)
    first.commit()
    return hold.result(10)


def test_twin_that_does_not_share_the_rules_goes_by_the_old_settings(desk: Desk) -> None:
    """Were the settings read before the rules are shared, it would be booked beyond the horizon."""
    assert _hold_that_read_before(desk, _restrict(desk), LATE)["status"] == "held"


@pytest.mark.parametrize("kind", ["resource", "offering"])
def test_an_archive_waits_for_the_hold_under_way(desk: Desk, kind: str) -> None:
    """The hold commits first and stands; what is archived then takes no other.

    Cases: E-8.1
    """
    hold, held = desk.begin(desk.hold_call(TEN))
    _, archive = desk.start(_archive(desk, kind))
    hold.commit()

    assert archive.result(10)["archived_at"] is not None
    assert desk.owners() == [held["id"]]


def test_twin_that_does_not_share_the_rules_books_what_is_archived(desk: Desk) -> None:
    """Were the catalogue read before the rules are shared, what is archived would be held."""
    assert _hold_that_read_before(desk, _archive(desk), TEN)["status"] == "held"


def test_an_offering_that_is_being_booked_is_not_taken_away(desk: Desk) -> None:
    """The hold commits first: its offering stays."""
    hold, _ = desk.begin(desk.hold_call(TEN))
    _, change = desk.start(_unlink(desk))
    hold.commit()

    assert refusal(change.exception(10)) == "KHUSE"
    assert len(desk.owners()) == 1


def test_racing_windows_do_not_overlap(desk: Desk, race: Any) -> None:
    """Of many windows over one hour, one is made; the others are told which it was.

    Cases: E-5.3
    """
    window = {"weekday": 1, "opens": "19:00", "closes": "20:00"}
    calls = [_create(desk, "hours", window) for _ in range(8)]

    outcomes = race(desk.racers(calls))

    refused = [one for one in outcomes if isinstance(one, Exception)]
    assert [refusal(one) for one in refused] == ["KHOVL"] * 7


def test_twin_without_the_lock_leaves_windows_to_the_constraint(desk: Desk) -> None:
    """Without the lock the second does not see the first, and the constraint has to judge."""
    twins.forget_rules_lock(desk.database)
    window = {"weekday": 1, "opens": "19:00", "closes": "20:00"}
    first, _ = desk.begin(_create(desk, "hours", window))
    _, second = desk.start(_create(desk, "hours", window))
    first.commit()

    assert refusal(second.exception(10)) == "23P01"
