"""Two copies of the comparison at once: one run, each difference found once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from tests.harness.clients.db_client import MONDAY, Call, DbClient
from tests.harness.database import guardless
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

_BEGIN: Call = ("next_reconciliation_page", (30,))
_PASSED_BY = {"cures": [], "found": [], "foreign": 0}


def _unknown(*names: str) -> list[dict[str, Any]]:
    """Payments at Stripe that are unknown here."""
    paid = {"amount": 700, "currency": "GBP", "created": int(MONDAY.timestamp()) - 7200}
    return [{"type": "payment", "id": name, "metadata": {}, "object": paid} for name in names]


def _look(step: dict[str, Any], *names: str, goes_on: bool = True) -> Call:
    """A page of those payments; the last of its phase unless another one follows."""
    told = step | {"next": names[-1] if goes_on else None}
    return "submit_reconciliation_page", (told, Jsonb(_unknown(*names)), Jsonb([]))


def _step(db_client: DbClient) -> dict[str, Any]:
    step: dict[str, Any] = db_client.call(_BEGIN)["step"]
    return step


def _news(answers: list[Any]) -> list[str]:
    return sorted(found["id"] for answer in answers for found in answer["found"])


def test_racing_copies_begin_one_walk(db_client: DbClient, race: Race) -> None:
    """However many copies start at once, they continue one and the same run.

    Cases: E-7.2
    """
    answers = race(db_client.racers([_BEGIN] * 8))

    assert len({answer["step"]["id"] for answer in answers}) == 1
    assert db_client.database.value("select count(*) from core.reconciliations") == 1


def test_twin_begins_two_walks(db_client: DbClient) -> None:
    """Without its backstop, a copy that does not see the other's run begins a second one."""
    db_client.database.execute("drop index core.reconciliations_one_unfinished")
    guardless.rewrite(
        db_client.database,
        "api.next_reconciliation_page",
        "\n        on conflict ((true)) where finished_at is null do nothing;",
        ";",
    )

    first, _ = db_client.begin(_BEGIN)
    db_client.session("next_reconciliation_page").send(_BEGIN).result(5)
    first.commit()

    assert db_client.database.value("select count(*) from core.reconciliations") == 2


def test_racing_copies_find_a_difference_once(db_client: DbClient, race: Race) -> None:
    """One copy reports the difference; it is recorded once, and the run is one page further.

    Cases: E-7.2
    """
    look = _look(_step(db_client), "pi_2", "pi_1")

    answers = race(db_client.racers([look] * 8))

    assert _news(answers) == ["pi_1", "pi_2"]
    assert db_client.database.value("select count(*) from core.findings") == 2
    assert _step(db_client)["after"] == "pi_1"
    assert violations(db_client.database) == []


def test_racing_copies_end_as_one(db_client: DbClient, race: Race) -> None:
    """Copies that continue the run from wherever it is finish it, as one copy alone does.

    Cases: E-7.2
    """

    def copy() -> None:
        sessions = [
            db_client.session(name)
            for name in ("next_reconciliation_page", "submit_reconciliation_page")
        ]
        while (step := sessions[0].call(_BEGIN)["step"]) is not None:
            page = {None: ("pi_4", "pi_3"), "pi_3": ("pi_2", "pi_1")}
            names = page[step["after"]] if step["phase"] == "payments" else ()
            sessions[1].call(_look(step, *names, goes_on="pi_4" in names))

    race(copy, racers=4)

    phase, found = db_client.database.one(
        "select (select string_agg(phase, ', ') from core.reconciliations) as phase,"
        " (select string_agg(object_id, ', ' order by object_id) from core.findings) as found"
    )
    assert (phase, found) == ("done", "pi_1, pi_2, pi_3, pi_4")


def test_the_second_waits_and_passes_by(db_client: DbClient) -> None:
    """A page that another copy is comparing is left to it: the second waits, and does nothing.

    Cases: E-7.2
    """
    look = _look(_step(db_client), "pi_1")

    first, found = db_client.begin(look)
    _, second = db_client.start(look)
    first.commit()

    assert (_news([found]), second.result(10)) == (["pi_1"], _PASSED_BY)


def test_twin_finds_a_difference_twice(db_client: DbClient) -> None:
    """Without the lock on the run, both copies record the same difference as new."""
    guardless.rewrite(db_client.database, "core.lock_reconciliation_run", "\n    for update;", ";")
    look = _look(_step(db_client), "pi_1")

    first, found = db_client.begin(look)
    _, second = db_client.start(look)  # waits for the finding's row, too late
    first.commit()

    assert _news([found, second.result(10)]) == ["pi_1", "pi_1"]


def test_a_late_copy_does_not_pull_the_walk_back(db_client: DbClient) -> None:
    """A copy that reports a page that the run has long passed changes nothing.

    Cases: E-7.2
    """
    early = _step(db_client)
    db_client.call(_look(early, "pi_2"))
    db_client.call(_look(_step(db_client), "pi_1", goes_on=False))
    db_client.database.clock.advance(timedelta(minutes=5))

    late = db_client.call(_look(early, "pi_2"))

    step = _step(db_client)
    assert late == _PASSED_BY
    assert (step["phase"], step["after"]) == ("refunds", None)


def test_twin_pulls_the_walk_back(db_client: DbClient) -> None:
    """Without the comparison of positions, a late report sets the run back."""
    guardless.rewrite(
        db_client.database,
        "api.submit_reconciliation_page",
        "is distinct from (p_step ->> 'id'",
        "= (p_step ->> '_'",
    )
    early = _step(db_client)
    db_client.call(_look(early, "pi_2"))
    db_client.call(_look(_step(db_client), "pi_1", goes_on=False))

    db_client.call(_look(early, "pi_2"))

    step = _step(db_client)
    assert (step["phase"], step["after"]) != ("refunds", None)
