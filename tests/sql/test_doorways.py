"""sql/functions/api/doorways: the names that the previous release calls lead to today's
functions.
"""

import gzip
import re
from typing import Any

import pytest

from tests.harness.clients.calls import Api
from tests.harness.clients.workload import ACTIONS as BOOKING
from tests.harness.clients.workload import Workload
from tests.harness.clients.workload_of_reconciliation import RECONCILIATION
from tests.harness.clients.workload_of_scheduling import SCHEDULING
from tests.harness.database.builders import NOW
from tests.harness.database.cluster import ROOT
from tests.harness.database.doorways import DOORWAYS, IS_FUNCTION_OF_TODAY
from tests.harness.database.migrated import Database

_BEFORE = ROOT / "tests/upgrades/9f4679f/schema.sql.gz"
_SHAPE = """
select p.proargnames, p.proargtypes::regtype[]::text, p.prorettype::regtype::text, p.proretset,
    p.proowner::regrole::text, p.provolatile::text
from pg_proc as p
where p.pronamespace = 'api'::regnamespace and p.proname = %s
"""


_PAGE = "submit_reconciliation_page"
_STORIES = {**BOOKING, **SCHEDULING, **RECONCILIATION}
_STORIES[_PAGE] = RECONCILIATION[f"{_PAGE}, refunds"]  # that of payments needs many


class Recording(Api):
    """Records what one function answered, called by the given name."""

    def __init__(self, database: Database, function: str, name: str) -> None:
        super().__init__(database)
        self.function, self.name = function, name
        self.answers: list[Any] = []

    def call(self, function: str, *arguments: Any) -> Any:
        if function != self.function:
            return super().call(function, *arguments)
        self.answers.append(super().call(self.name, *arguments))
        return self.answers[-1]


def test_doorways_are_those_of_the_folder(api: Api) -> None:
    """Every function of schema api that is none of today's is a doorway, and leads to one."""
    today = {
        name
        for (name,) in api.database.rows(
            f"select p.proname from pg_proc as p where {IS_FUNCTION_OF_TODAY}"
        )
    }
    every = {
        name
        for (name,) in api.database.rows(
            "select proname from pg_proc where pronamespace = 'api'::regnamespace"
        )
    }

    assert every - today == DOORWAYS.keys()
    assert set(DOORWAYS.values()) <= today


@pytest.mark.parametrize("old", DOORWAYS)
def test_a_doorway_has_the_shape_of_what_it_leads_to(api: Api, old: str) -> None:
    """Arguments, answer and owner are the same; JSON that is text today was of type json."""
    today = api.database.one(_SHAPE, DOORWAYS[old])
    if DOORWAYS[old].endswith("_as_text"):
        assert today.prorettype == "text"
        today = today._replace(prorettype="json")

    assert api.database.one(_SHAPE, old) == today


@pytest.mark.parametrize("old", DOORWAYS)
def test_a_doorway_opens_to_the_logins_of_the_release_before(api: Api, old: str) -> None:
    """Those of the previous release's code, and no other: newer functions have today's name
    only.
    """
    with gzip.open(_BEFORE, "rt", encoding="utf-8") as dump:
        granted = re.findall(rf"^GRANT ALL ON FUNCTION api\.{old}\(.* TO (\w+);", dump.read(), re.M)

    may_call = api.database.rows(
        "select a.grantee::regrole::text from pg_proc as p"
        " cross join lateral aclexplode(p.proacl) as a"
        " where p.pronamespace = 'api'::regnamespace and p.proname = %s"
        " and a.grantee <> p.proowner",
        old,
    )

    assert sorted(name for (name,) in may_call) == sorted(granted) != []


@pytest.mark.parametrize("old", DOORWAYS)
def test_a_doorway_answers_as_the_function_does(api: Api, old: str) -> None:
    """The same story with today's names and with the older ones gets answers of one shape."""
    new = DOORWAYS[old]
    api.database.clock.set(NOW)
    told = {name: Recording(api.database, new, name) for name in (new, old)}
    for recording in told.values():
        workload = Workload(recording)
        _STORIES[new].act(workload, _STORIES[new].prepare(workload))
        recording.close()

    assert told[old].answers
    assert _shape(told[old].answers) == _shape(told[new].answers)


def _shape(answer: Any) -> Any:
    """An answer without its values: ids, times and keys differ each time."""
    if isinstance(answer, dict):
        return {name: _shape(value) for name, value in answer.items()}
    if isinstance(answer, list):
        return [_shape(value) for value in answer[:1]]
    return type(answer)
