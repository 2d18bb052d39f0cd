"""core.local_instant and core.open_windows: wall-clock rules become instants in one place.

The reference is `tests/harness/database/wall_clock.py`, which is independent of PostgreSQL and
of `fold`.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.harness.clients.calls import Api, utc
from tests.harness.database.builders import Tenant
from tests.harness.database.migrated import Database
from tests.harness.database.wall_clock import ZONES, changes, instant, reading, readings_agree

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def instants(database: Database, zone: str, locals_: list[datetime]) -> list[tuple[Any, Any]]:
    """(start, end) of each local time, as the database sees them."""
    query = """
        select core.local_instant(l, %s, 'start') as start, core.local_instant(l, %s, 'end') as last
        from unnest(%s::timestamp[]) with ordinality as sample (l, n) order by n
    """
    return [tuple(row) for row in database.rows(query, zone, zone, locals_)]


@pytest.mark.parametrize("zone", ZONES)
def test_every_clock_change_from_1990_to_2060(database: Database, zone: str) -> None:
    """Around each change of the clocks, and in each season: as in the reference.

    Future changes differ between releases of the time zone database, and the two that are compared
    here may be of different years; the past is settled.

    Cases: E-6.1
    """
    seasons = [datetime(y, m, 15, 12, tzinfo=UTC) for y in range(1990, 2061) for m in (1, 4, 7, 10)]
    known = [*changes(zone), *seasons]
    alike = readings_agree(database, zone, known)
    agreed = [i for i, same in zip(known, alike, strict=True) if same]
    steps = [n * HOUR / 2 for n in range(-9, 10)] + [-MINUTE, MINUTE, 17 * MINUTE, 26 * HOUR]
    samples = sorted({reading(i, zone) + step for i in agreed for step in steps})

    found = instants(database, zone, samples)

    expected = [(instant(t, zone, "start"), instant(t, zone, "end")) for t in samples]
    wrong = [
        (local, got, want)
        for local, got, want in zip(samples, found, expected, strict=True)
        if got != want
    ]
    assert wrong == []
    past = datetime(2020, 1, 1, tzinfo=UTC)
    assert {i for i in known if i < past} <= set(agreed)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(zone=st.sampled_from(sorted(available_timezones())), data=st.data())
def test_any_zone_at_any_time(database: Database, zone: str, data: st.DataObject) -> None:
    """Times near and far from clock changes, in all zones that both databases know.

    Cases: E-6.1
    """
    known = "select exists (select from pg_timezone_names where name = %s)"
    if zone == "localtime" or not database.value(known, zone):
        return
    around = st.sampled_from(changes(zone) or (datetime(2026, 6, 1, tzinfo=UTC),))
    minutes = st.integers(-600, 600).map(lambda n: n * MINUTE)
    some = data.draw(st.lists(st.tuples(around, minutes), min_size=1, max_size=8))
    near = [(i, i + shift) for i, shift in some]
    alike = readings_agree(database, zone, [i for i, _ in near])
    samples = [
        reading(i, zone).replace(second=0) for (_, i), same in zip(near, alike, strict=True) if same
    ]

    found = instants(database, zone, samples)

    assert found == [(instant(t, zone, "start"), instant(t, zone, "end")) for t in samples]


@pytest.mark.parametrize(
    ("zone", "local", "edge", "expected"),
    [
        ("Europe/Berlin", "2031-03-30 02:30", "start", "2031-03-30T01:30Z"),  # reads 03:30
        ("Europe/Berlin", "2031-03-30 02:30", "end", "2031-03-30T01:30Z"),
        ("Europe/Berlin", "2031-10-26 02:30", "start", "2031-10-26T00:30Z"),  # summer time
        ("Europe/Berlin", "2031-10-26 02:30", "end", "2031-10-26T01:30Z"),  # winter time
        ("Australia/Lord_Howe", "2031-10-05 02:15", "start", "2031-10-04T15:45Z"),  # half an hour
        ("Australia/Lord_Howe", "2031-04-06 01:45", "start", "2031-04-05T14:45Z"),
        ("Australia/Lord_Howe", "2031-04-06 01:45", "end", "2031-04-05T15:15Z"),
        ("America/Havana", "2031-11-02 00:30", "start", "2031-11-02T04:30Z"),  # around midnight
        ("America/Havana", "2031-11-02 00:30", "end", "2031-11-02T05:30Z"),
        ("Pacific/Apia", "2011-12-30 12:00", "start", "2011-12-30T22:00Z"),  # no such date
        ("Asia/Kathmandu", "2031-06-01 09:00", "start", "2031-06-01T03:15Z"),
    ],
)
def test_the_rule_in_examples(
    database: Database, zone: str, local: str, edge: str, expected: str
) -> None:
    """A skipped time moves forward by the gap; a repeated one is its first or its last instant.

    Cases: E-6.1
    """
    found = database.value("select core.local_instant(%s, %s, %s)", local, zone, edge)

    assert found == utc(expected)


def test_an_unknown_zone_is_an_error(database: Database) -> None:
    """22023, if a zone vanishes from the database after a resource was written."""
    with pytest.raises(Exception, match="not recognized") as error:
        database.value("select core.local_instant(now()::timestamp, 'Mars/Olympus', 'start')")

    assert getattr(error.value, "sqlstate", None) == "22023"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
@pytest.mark.parametrize("weekday", [1, 3, 7])
def test_the_weekday_is_the_resources_own(
    api: Api, tenant: Tenant, zone: str, weekday: int
) -> None:
    """A rule for Monday opens when it is Monday there, whatever the day in UTC.

    Cases: E-6.2
    """
    offer = tenant.offer(timezone=zone, weekdays=[weekday], opens="00:00", closes="24:00")

    slots = api.call("list_slots_as_text", tenant.actor(), offer.resource_id, None, None, None)[
        "slots"
    ]

    local = [utc(s["starts_at"]).astimezone(ZoneInfo(zone)) for s in slots]
    assert len(local) == 47  # every half hour of one day but the last
    assert {t.isoweekday() for t in local} == {weekday}
