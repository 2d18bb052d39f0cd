"""Changes of the catalogue against holds: an archive, a blackout, an offering removed."""

import uuid
from typing import Any

import pytest

from tests.harness.clients.db_client import Call, DbClient, refusal
from tests.harness.database import guardless
from tests.harness.laws.invariants import violations

TEN = "2027-01-11T10:00:00Z"
DAY = {"starts_at": "2027-01-11T00:00:00Z", "ends_at": "2027-01-12T00:00:00Z"}


LATE = "2027-01-13T10:00:00Z"
_SHARED_FIRST = "    perform core.share_rules(core.named_resources(v_actor, p_request));\n"


def _create(db_client: DbClient, kind: str, request: dict[str, Any]) -> Call:
    key, made = str(uuid.uuid4()), str(uuid.uuid4())
    actor = db_client.actor(kind="secret")
    return "create_catalogue_item", (actor, kind, db_client.tutor["id"], key, made, request)


def _restrict(db_client: DbClient) -> Call:
    """Allow bookings only up to a day ahead."""
    arguments = (db_client.actor(kind="secret"), "resource", None, db_client.tutor["id"], None)
    return "change_catalogue_item", (*arguments, {"horizon_days": 1})


def _archive(db_client: DbClient, kind: str = "resource") -> Call:
    archived = db_client.tutor if kind == "resource" else db_client.tutor["offerings"][0]
    actor = db_client.actor(kind="secret")
    return "remove_catalogue_item", (actor, kind, None, archived["id"], None)


def _unlink(db_client: DbClient) -> Call:
    actor = db_client.actor(kind="secret")
    request = {"offering_ids": [db_client.tutor["offerings"][1]["id"]]}
    return "change_catalogue_item", (actor, "resource", None, db_client.tutor["id"], None, request)


def _collisions(answer: dict[str, Any]) -> list[str]:
    return [each["booking_id"] for each in answer["collisions"]]


def test_a_blackout_waits_for_the_hold_under_way_and_lists_it(db_client: DbClient) -> None:
    """The hold commits first: the blackout is made all the same, and lists it.

    Cases: E-5.4, D-1
    """
    hold, held = db_client.begin(db_client.hold_call(TEN))
    _, blackout = db_client.start(_create(db_client, "blackout", DAY))
    hold.commit()

    assert _collisions(blackout.result(10)) == [held["id"]]
    assert violations(db_client.database) == []


def test_twin_without_the_lock_a_blackout_overlooks_the_hold(db_client: DbClient) -> None:
    """Without the lock on the rules both succeed, and the blackout does not list the hold."""
    guardless.forget_rules_lock(db_client.database)

    hold, _ = db_client.begin(db_client.hold_call(TEN))
    blackout = db_client.call(_create(db_client, "blackout", DAY))
    hold.commit()

    assert (_collisions(blackout), len(db_client.owners())) == ([], 1)


@pytest.mark.parametrize(
    ("rule", "refused"),
    [("blackout", "KHOFF"), ("unlinked", "KHNTF"), ("resource", "KHNTF"), ("offering", "KHNTF")],
)
def test_a_hold_waits_for_the_change_and_is_refused(
    db_client: DbClient, rule: str, refused: str
) -> None:
    """The change commits first: the hold reads the catalogue only then, and is refused.

    Cases: E-5.4, E-8.1, D-1
    """
    call = {
        "blackout": lambda: _create(db_client, "blackout", DAY),
        "resource": lambda: _archive(db_client),
        "offering": lambda: _archive(db_client, "offering"),
        "unlinked": lambda: _unlink(db_client),
    }[rule]()
    change, _ = db_client.begin(call)
    _, hold = db_client.start(db_client.hold_call(TEN))
    change.commit()

    assert refusal(hold.exception(10)) == refused
    assert db_client.owners() == []
    assert violations(db_client.database) == []


def test_a_hold_that_waited_goes_by_the_new_settings(db_client: DbClient) -> None:
    """The resource's settings are changed while a hold waits: it follows the new ones.

    Cases: E-8.1, D-1
    """
    change, _ = db_client.begin(_restrict(db_client))
    _, hold = db_client.start(db_client.hold_call(LATE))
    change.commit()

    assert refusal(hold.exception(10)) == "KHOFF"
    assert db_client.owners() == []


def test_a_hold_that_waited_is_not_refused_by_old_rules(db_client: DbClient) -> None:
    """While a hold waits, the time is taken and a second place is added: it gets that place.

    Cases: E-8.1, E-5.2, D-1
    """
    first, _ = db_client.begin(db_client.hold_call(TEN))
    arguments = (db_client.actor(kind="secret"), "resource", None, db_client.tutor["id"], None)
    _, room = db_client.start(("change_catalogue_item", (*arguments, {"capacity": 2})))
    call = db_client.hold_call(TEN)
    _, hold = db_client.start(call)
    first.commit()
    assert room.result(10)["capacity"] == 2

    assert hold.result(10)["status"] == "held"
    assert violations(db_client.database) == []


def _hold_that_read_before(db_client: DbClient, change: Call, start: str) -> Any:
    """A hold that read the catalogue before a change, and waits for a day until after it."""
    guardless.rewrite(db_client.database, "api.create_hold", _SHARED_FIRST, "")
    guardless.forget_shared_rules(db_client.database)
    guardless.rewrite(
        db_client.database,
        "core.lock_days_or_lose",
        "v_one := core.found_again(v_one, core.clock());",
        "null;",
    )
    first, _ = db_client.begin(db_client.hold_call(start.replace("T10", "T14")))
    _, hold = db_client.start(db_client.hold_call(start))
    db_client.call(change)
    first.commit()
    return hold.result(10)


def test_twin_that_does_not_share_the_rules_goes_by_the_old_settings(db_client: DbClient) -> None:
    """If settings were read before the rules are locked, a time beyond the horizon would be
    booked.
    """
    assert _hold_that_read_before(db_client, _restrict(db_client), LATE)["status"] == "held"


@pytest.mark.parametrize("kind", ["resource", "offering"])
def test_an_archive_waits_for_the_hold_under_way(db_client: DbClient, kind: str) -> None:
    """The hold commits first and stays; the archived resource takes no other.

    Cases: E-8.1
    """
    hold, held = db_client.begin(db_client.hold_call(TEN))
    _, archive = db_client.start(_archive(db_client, kind))
    hold.commit()

    assert archive.result(10)["archived_at"] is not None
    assert db_client.owners() == [held["id"]]


def test_twin_that_does_not_share_the_rules_books_what_is_archived(db_client: DbClient) -> None:
    """If the catalogue were read before the rules are locked, an archived resource would be
    held.
    """
    assert _hold_that_read_before(db_client, _archive(db_client), TEN)["status"] == "held"


def test_an_offering_that_is_being_booked_is_not_taken_away(db_client: DbClient) -> None:
    """The hold commits first: its offering stays."""
    hold, _ = db_client.begin(db_client.hold_call(TEN))
    _, change = db_client.start(_unlink(db_client))
    hold.commit()

    assert refusal(change.exception(10)) == "KHUSE"
    assert len(db_client.owners()) == 1


def test_racing_windows_do_not_overlap(db_client: DbClient, race: Any) -> None:
    """Of many windows over one hour, one is made; the others are refused with the existing one.

    Cases: E-5.3
    """
    window = {"weekday": 1, "opens": "19:00", "closes": "20:00"}
    calls = [_create(db_client, "hours", window) for _ in range(8)]

    outcomes = race(db_client.racers(calls))

    refused = [one for one in outcomes if isinstance(one, Exception)]
    assert [refusal(one) for one in refused] == ["KHOVL"] * 7


def test_twin_without_the_lock_leaves_windows_to_the_constraint(db_client: DbClient) -> None:
    """Without the lock, the second does not see the first, and the constraint refuses it."""
    guardless.forget_rules_lock(db_client.database)
    window = {"weekday": 1, "opens": "19:00", "closes": "20:00"}
    first, _ = db_client.begin(_create(db_client, "hours", window))
    _, second = db_client.start(_create(db_client, "hours", window))
    first.commit()

    assert refusal(second.exception(10)) == "23P01"
