"""core.bookable_periods by openings offers what it offered when it read windows.

The former way is kept in reference/offered_by_windows.sql. HOLDFAST_PERIODS=100000 is a long run.
"""

import os
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from tests.harness.database.builders import Tenant
from tests.harness.database.cluster import Server
from tests.harness.database.migrated import fresh_database
from tests.harness.database.questions import DAY, MINUTE, Stand, lay_down, questions
from tests.harness.database.wall_clock import ZONES

_FORMER = Path(__file__).with_name("reference") / "offered_by_windows.sql"
_PERIODS = int(os.environ.get("HOLDFAST_PERIODS", "400"))
_ASK = """
select o.*
from core.resources as r
join core.resource_offerings as ro on ro.resource_id = r.id
join core.offerings as f on f.id = ro.offering_id
cross join lateral {}(r, f, %s, %s, %s, {}) as o
where r.id = %s
"""
_BEFORE = ("harness.offered_by_windows", "%s::tstzmultirange")
_TODAY = ("core.bookable_periods", "array(select unnest(%s::tstzmultirange))")


@pytest.fixture(scope="module")
def stand(server: Server) -> Iterator[Stand]:
    """A stand that also has the former function, and what both have offered so far."""
    with fresh_database(server) as database:
        assert database.clock.freeze()
        database.execute(_FORMER.read_text(encoding="utf-8"))
        tenant = Tenant(database)
        by_slot, by_date = tenant.offer(), tenant.offer(duration=None)
        yield Stand(database, tenant, by_slot.resource_id, by_date.resource_id)


@st.composite
def blocked(draw: st.DrawFn, near: datetime) -> str:
    """Up to four ranges, to the minute, as PostgreSQL writes them."""
    ranges = []
    for _ in range(draw(st.integers(0, 4))):
        start = near + draw(st.integers(-2 * 1440, 20 * 1440)) * MINUTE
        end = start + draw(st.sampled_from([1, 30, 60, 1440, 10 * 1440])) * MINUTE
        ranges.append(f"[{start.isoformat()},{end.isoformat()})")
    return "{" + ",".join(ranges) + "}"


def zones() -> st.SearchStrategy[str]:
    """Odd zones as often as all others together."""
    return st.sampled_from(ZONES) | st.sampled_from(sorted(available_timezones() - {"localtime"}))


def test_openings_offer_what_windows_offered(stand: Stand) -> None:
    """Rules of all kinds in all zones, blocked ranges, compiled openings and computed ones: the
    same periods as before, in the same order.
    """
    compared = 0
    known = {row.name for row in stand.database.rows("select name from pg_timezone_names")}

    @settings(max_examples=30, deadline=None, database=None)
    @given(data=st.data(), zone=zones())
    def ask(data: st.DataObject, zone: str) -> None:
        nonlocal compared
        if zone not in known:
            return
        question = data.draw(questions(zone))
        resource_id = lay_down(stand, question)
        asked: list[tuple[Any, ...]] = []
        for _ in range(3):
            start = question.start + data.draw(st.integers(-1440, 5 * 1440)) * MINUTE
            end = start + data.draw(st.sampled_from([MINUTE, DAY, 3 * DAY, 20 * DAY]))
            ranges = data.draw(blocked(question.start))
            asked.append((start, end, question.now, ranges, resource_id))

        before = [stand.database.rows(_ASK.format(*_BEFORE), *a) for a in asked]
        compiled = [stand.database.rows(_ASK.format(*_TODAY), *a) for a in asked]
        stand.database.execute("delete from core.timetables")
        computed = [stand.database.rows(_ASK.format(*_TODAY), *a) for a in asked]

        assert compiled == before
        assert computed == before
        compared += sum(len(rows) for rows in before)

    for round_ in count(1):
        seed(round_)(ask)()
        if compared >= _PERIODS:
            return
