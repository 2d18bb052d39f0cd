"""Two copies of the comparison at once: one walk through both books, each difference found once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from tests.harness.clients.desk import MONDAY, Call, Desk
from tests.harness.database import twins
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

_BEGIN: Call = ("continue_reconciliation", (30,))
_PASSED_BY = {"cures": [], "found": []}


def _unknown(*names: str) -> list[dict[str, Any]]:
    """Payments at Stripe that nobody of ours asked for."""
    paid = {"amount": 700, "currency": "GBP", "created": int(MONDAY.timestamp()) - 7200}
    return [{"type": "payment", "id": name, "metadata": {}, "object": paid} for name in names]


def _look(step: dict[str, Any], *names: str, goes_on: bool = True) -> Call:
    """A page of those payments; the last of the phase unless another one follows."""
    told = step | {"next": names[-1] if goes_on else None}
    return "reconcile", (told, Jsonb(_unknown(*names)), Jsonb([]))


def _step(desk: Desk) -> dict[str, Any]:
    step: dict[str, Any] = desk.call(_BEGIN)["step"]
    return step


def _news(answers: list[Any]) -> list[str]:
    return sorted(found["id"] for answer in answers for found in answer["found"])


def test_racing_copies_begin_one_walk(desk: Desk, race: Race) -> None:
    """However many copies start at once, they go on with one and the same walk.

    Cases: E-7.2
    """
    answers = race(desk.racers([_BEGIN] * 8))

    assert len({answer["step"]["id"] for answer in answers}) == 1
    assert desk.database.value("select count(*) from core.reconciliations") == 1


def test_twin_begins_two_walks(desk: Desk) -> None:
    """Without its backstop, a copy that does not see the other's walk begins another one."""
    desk.database.execute("drop index core.reconciliations_one_unfinished")
    twins.rewrite(
        desk.database,
        "api.continue_reconciliation",
        "\n        on conflict ((true)) where finished_at is null do nothing;",
        ";",
    )

    first, _ = desk.begin(_BEGIN)
    desk.session("continue_reconciliation").send(_BEGIN).result(5)
    first.commit()

    assert desk.database.value("select count(*) from core.reconciliations") == 2


def test_racing_copies_find_a_difference_once(desk: Desk, race: Race) -> None:
    """One of them reports it; it is written down once, and the walk has gone one page on.

    Cases: E-7.2
    """
    look = _look(_step(desk), "pi_2", "pi_1")

    answers = race(desk.racers([look] * 8))

    assert _news(answers) == ["pi_1", "pi_2"]
    assert desk.database.value("select count(*) from core.findings") == 2
    assert _step(desk)["after"] == "pi_1"
    assert violations(desk.database) == []


def test_racing_copies_end_as_one(desk: Desk, race: Race) -> None:
    """Copies that go on from wherever they find the walk come to its end, as one alone does.

    Cases: E-7.2
    """

    def copy() -> None:
        sessions = [desk.session(name) for name in ("continue_reconciliation", "reconcile")]
        while (step := sessions[0].call(_BEGIN)["step"]) is not None:
            page = {None: ("pi_4", "pi_3"), "pi_3": ("pi_2", "pi_1")}
            names = page[step["after"]] if step["phase"] == "payments" else ()
            sessions[1].call(_look(step, *names, goes_on="pi_4" in names))

    race(copy, racers=4)

    phase, found = desk.database.one(
        "select (select string_agg(phase, ', ') from core.reconciliations) as phase,"
        " (select string_agg(object_id, ', ' order by object_id) from core.findings) as found"
    )
    assert (phase, found) == ("done", "pi_1, pi_2, pi_3, pi_4")


def test_the_second_waits_and_passes_by(desk: Desk) -> None:
    """A page that somebody is comparing is left to them: the second waits, and does nothing.

    Cases: E-7.2
    """
    look = _look(_step(desk), "pi_1")

    first, found = desk.begin(look)
    _, second = desk.start(look)
    first.commit()

    assert (_news([found]), second.result(10)) == (["pi_1"], _PASSED_BY)


def test_twin_finds_a_difference_twice(desk: Desk) -> None:
    """Without the lock on the walk, both copies take the same difference for news."""
    twins.rewrite(desk.database, "core.unfinished_reconciliation", "\n    for update;", ";")
    look = _look(_step(desk), "pi_1")

    first, found = desk.begin(look)
    _, second = desk.start(look)  # waits for the finding's row, too late
    first.commit()

    assert _news([found, second.result(10)]) == ["pi_1", "pi_1"]


def test_a_late_copy_does_not_pull_the_walk_back(desk: Desk) -> None:
    """Whoever reports a page that others have long passed changes nothing.

    Cases: E-7.2
    """
    early = _step(desk)
    desk.call(_look(early, "pi_2"))
    desk.call(_look(_step(desk), "pi_1", goes_on=False))
    desk.database.clock.advance(timedelta(minutes=5))

    late = desk.call(_look(early, "pi_2"))

    step = _step(desk)
    assert late == _PASSED_BY
    assert (step["phase"], step["after"]) == ("refunds", None)


def test_twin_pulls_the_walk_back(desk: Desk) -> None:
    """Without the comparison of where it is, a late report begins the walk anew from there."""
    twins.rewrite(
        desk.database, "api.reconcile", "is distinct from (p_step ->> 'id'", "= (p_step ->> '_'"
    )
    early = _step(desk)
    desk.call(_look(early, "pi_2"))
    desk.call(_look(_step(desk), "pi_1", goes_on=False))

    desk.call(_look(early, "pi_2"))

    step = _step(desk)
    assert (step["phase"], step["after"]) != ("refunds", None)
