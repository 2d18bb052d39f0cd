"""Racing reads of one calendar: the one that began last counts, whichever is stored last."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.harness.clients.db_client import Call, DbClient
from tests.harness.database import guardless

Race = Callable[..., list[Any]]

OLD = ["2027-01-11T10:00:00Z", "2027-01-11T11:00:00Z"]
NEW = ["2027-01-12T10:00:00Z", "2027-01-12T11:00:00Z"]


@pytest.fixture
def calendar_id(db_client: DbClient) -> UUID:
    """A calendar of the tutor that has not been read yet."""
    identifier = uuid4()
    now = db_client.database.clock.now()
    db_client.database.execute(
        "insert into core.calendars (tenant_id, id, resource_id, name, url, due_at, created_at,"
        " updated_at) values (%s, %s, %s, 'Private', 'https://x.example/a.ics', %s, %s, %s)",
        db_client.tenant.tenant_id,
        identifier,
        db_client.tutor["id"],
        now,
        now,
        now,
    )
    return identifier


def _begin(db_client: DbClient, calendar_id: UUID) -> str:
    """When a reading begins, as the database writes it; each a second after the one before."""
    db_client.database.clock.advance(timedelta(seconds=1))
    session = db_client.session("begin_calendar_read")
    row = session.connection.execute(
        "select api.begin_calendar_read(%s)", (json.dumps([str(calendar_id)]),)
    ).fetchone()
    assert row is not None
    return str(row[0][0]["begun_at"])


def _store(calendar_id: UUID, begun_at: str, busy: list[str], etag: str) -> Call:
    reading = {
        "outcome": "read",
        "busy": [busy],
        "until": "2027-06-01T00:00:00Z",
        "etag": etag,
        "last_modified": None,
    }
    return "store_calendar_busy", (calendar_id, begun_at, reading)


def _unchanged(calendar_id: UUID, begun_at: str, etag: str) -> Call:
    reading = {"outcome": "unchanged", "etag": etag, "last_modified": None}
    return "store_calendar_busy", (calendar_id, begun_at, reading)


def _known(db_client: DbClient) -> list[str]:
    rows = db_client.database.rows(
        "select lower(during)::date::text as day from core.external_busy"
    )
    return [row.day for row in rows]


def test_a_late_reading_does_not_overwrite_a_later_one(
    db_client: DbClient, calendar_id: UUID
) -> None:
    """A reading that began first and is stored last is discarded.

    Cases: E-9.3
    """
    first, second = _begin(db_client, calendar_id), _begin(db_client, calendar_id)

    stored = db_client.call(_store(calendar_id, second, NEW, "new"))
    late = db_client.call(_store(calendar_id, first, OLD, "old"))

    assert (stored, late) == ({"result": "stored"}, {"result": "superseded"})
    assert _known(db_client) == ["2027-01-12"]


def test_a_late_reading_waits_for_the_later_one_and_then_yields(
    db_client: DbClient, calendar_id: UUID
) -> None:
    """A late reading waits for the calendar's row, then sees the newer one and is discarded.

    Cases: E-9.3
    """
    first, second = _begin(db_client, calendar_id), _begin(db_client, calendar_id)

    ahead, _ = db_client.begin(_store(calendar_id, second, NEW, "new"))
    _, late = db_client.start(_store(calendar_id, first, OLD, "old"))
    ahead.commit()

    assert late.result(10) == {"result": "superseded"}
    assert _known(db_client) == ["2027-01-12"]


def test_readers_at_once_leave_the_last_reading(
    db_client: DbClient, race: Race, calendar_id: UUID
) -> None:
    """Of many readings stored in any order, the one that began last remains, complete.

    Cases: E-9.3
    """
    calls = []
    for number in range(16):
        day = f"2027-02-{number + 1:02}"
        span = [f"{day}T10:00:00Z", f"{day}T11:00:00Z"]
        calls.append(_store(calendar_id, _begin(db_client, calendar_id), span, str(number)))

    outcomes = race(db_client.racers(calls))

    assert [one for one in outcomes if isinstance(one, Exception)] == []
    assert _known(db_client) == ["2027-02-16"]
    assert db_client.database.value("select etag from core.calendars") == "15"


def test_twin_lets_the_late_reading_win(db_client: DbClient, calendar_id: UUID) -> None:
    """Without the comparison, an old reading overwrites a newer one."""
    guardless.rewrite(
        db_client.database, "api.store_calendar_busy", "v_calendar.read_at > p_begun_at", "false"
    )
    first, second = _begin(db_client, calendar_id), _begin(db_client, calendar_id)

    ahead, _ = db_client.begin(_store(calendar_id, second, NEW, "new"))
    _, late = db_client.start(_store(calendar_id, first, OLD, "old"))
    ahead.commit()

    assert late.result(10) == {"result": "stored"}
    assert _known(db_client) == ["2027-01-11"]


def test_twin_without_the_row_lock_decides_too_early(
    db_client: DbClient, calendar_id: UUID
) -> None:
    """Without the row lock, the late reading compares itself with the state before the newer
    one.
    """
    guardless.rewrite(
        db_client.database, "api.store_calendar_busy", "    for no key update;", "    ;"
    )
    first, second = _begin(db_client, calendar_id), _begin(db_client, calendar_id)

    ahead, _ = db_client.begin(_store(calendar_id, second, NEW, "new"))
    _, late = db_client.start(_store(calendar_id, first, OLD, "old"))
    ahead.commit()

    assert late.result(10) == {"result": "stored"}
    assert "2027-01-11" in _known(db_client)


def test_not_changed_since_something_older_is_not_news(
    db_client: DbClient, calendar_id: UUID
) -> None:
    """A 304 for an answer that has been replaced meanwhile changes nothing.

    Cases: E-9.3
    """
    db_client.call(_store(calendar_id, _begin(db_client, calendar_id), OLD, "old"))
    middle, late = _begin(db_client, calendar_id), _begin(db_client, calendar_id)
    db_client.call(_store(calendar_id, middle, NEW, "new"))

    stale = db_client.call(_unchanged(calendar_id, late, "old"))
    current = db_client.call(_unchanged(calendar_id, _begin(db_client, calendar_id), "new"))

    assert (stale, current) == ({"result": "superseded"}, {"result": "unchanged"})


def test_sweeps_share_the_calendars(db_client: DbClient, calendar_id: UUID) -> None:
    """Two sweeps at once never read the same calendar; if one dies, it is read again in a
    minute.
    """
    first, claimed = db_client.begin(("claim_calendars", (10,)))
    meanwhile = db_client.call(("claim_calendars", (10,)))
    first.commit()

    after = db_client.call(("claim_calendars", (10,)))
    db_client.database.clock.advance(timedelta(seconds=61))
    later = db_client.call(("claim_calendars", (10,)))

    assert [task["id"] for task in claimed] == [str(calendar_id)]
    assert (meanwhile, after) == ([], [])
    assert [task["id"] for task in later] == [str(calendar_id)]


def test_a_calendar_that_is_removed_meanwhile_stores_nothing(
    db_client: DbClient, calendar_id: UUID
) -> None:
    """A reader that finishes after the calendar was removed stores nothing and learns why."""
    begun = _begin(db_client, calendar_id)
    db_client.database.execute("delete from core.calendars")

    assert db_client.call(_store(calendar_id, begun, NEW, "new")) == {"result": "gone"}
    assert _known(db_client) == []
