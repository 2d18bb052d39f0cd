"""Listing and holding agree, whatever the session's settings."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.harness.clients.calls import Api, call, refused, utc
from tests.harness.database.builders import NOW, Offer, Tenant, sha256

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

SESSIONS = (
    {"timezone": "UTC"},
    {"timezone": "Europe/Berlin", "datestyle": "German, DMY"},
    {"timezone": "Asia/Kathmandu", "datestyle": "SQL, MDY", "intervalstyle": "sql_standard"},
    {"timezone": "Australia/Lord_Howe", "intervalstyle": "iso_8601"},
    {"timezone": "Pacific/Apia", "datestyle": "Postgres, DMY"},
)


def listed(api: Api, offer: Offer, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """The free slots that start in [start, end)."""
    arguments = (offer.tenant.actor(), offer.resource_id, offer.offering_id, start, end)
    slots: list[dict[str, Any]] = api.call("list_slots_as_text", *arguments)["slots"]
    return slots


def try_to_hold(api: Api, offer: Offer, kind: str = "publishable", **wanted: Any) -> Any:
    """The result of holding a time, undone at once: a refusal's SQLSTATE, or the booking."""
    with api.database.connect("holdfast_checkout") as connection:
        arguments = (offer.tenant.actor(kind), str(uuid4()), uuid4(), sha256("x"))
        request = offer.request(**wanted)
        try:
            return call(connection, "create_hold", *arguments, request)
        except Exception as error:
            return getattr(error, "sqlstate", None)
        finally:
            connection.rollback()


@pytest.mark.parametrize(
    ("zone", "around"),
    [
        ("Europe/Berlin", datetime(2031, 3, 30, 1, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2031, 10, 26, 1, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2031, 4, 5, 15, tzinfo=UTC)),
        ("America/Havana", datetime(2031, 11, 2, 5, tzinfo=UTC)),
    ],
)
def test_what_is_listed_can_be_held_and_nothing_else(
    api: Api, tenant: Tenant, zone: str, around: datetime
) -> None:
    """Every listed start can be held; every other start of a finer grid is refused.

    Cases: P-3, E-5.2
    """
    api.database.clock.set(around - 6 * HOUR)
    offer = tenant.offer(
        timezone=zone,
        opens="00:00",
        closes="04:40",
        capacity=2,
        duration=50,
        step_minutes=20,
        notice_minutes=45,
        buffer_before_minutes=5,
        buffer_after_minutes=15,
    )
    tenant.hours(offer.resource_id, "20:30", "24:00")
    start, end = around - 7 * HOUR, around + 9 * HOUR
    free = listed(api, offer, start, end)
    for slot in (free[2], free[2], free[-3]):  # one time is full, one has a place left
        api.hold(offer, utc(slot["starts_at"]))

    slots = {utc(s["starts_at"]): s for s in listed(api, offer, start, end)}
    grid = [start + n * 10 * MINUTE for n in range(int((end - start) / (10 * MINUTE)))]
    answers = {at: try_to_hold(api, offer, starts_at=at) for at in {*grid, *slots}}

    held = {at: answer for at, answer in answers.items() if isinstance(answer, dict)}
    assert set(held) == set(slots)
    assert {at: answer["ends_at"] for at, answer in held.items()} == {
        at: slot["ends_at"] for at, slot in slots.items()
    }
    assert {a for a in answers.values() if not isinstance(a, dict)} == {"KHOFF", "KHTKN"}
    assert {slot["remaining"] for slot in slots.values()} == {1, 2}


def test_dates_that_are_listed_can_be_held_and_no_others(api: Api, tenant: Tenant) -> None:
    """The same for whole dates, with buffers that reach into the dates around a booking.

    Cases: D-5, P-3
    """
    offer = tenant.offer(
        duration=None,
        timezone="Australia/Lord_Howe",
        weekdays=[1, 2, 4, 5, 6],
        buffer_after_minutes=120,
    )
    api.hold(offer, date="2031-04-04")

    days = [datetime(2031, 4, 1).date() + n * DAY for n in range(9)]  # noqa: DTZ001 a local date
    listed_days = {s["date"] for s in listed(api, offer, NOW + 28 * DAY, NOW + 38 * DAY)}
    held = {str(d) for d in days if isinstance(try_to_hold(api, offer, date=str(d)), dict)}

    assert held == {"2031-04-01", "2031-04-07", "2031-04-08"}
    assert held == listed_days & {str(d) for d in days}


def test_the_longest_date_is_busy_to_its_end(api: Api, tenant: Tenant) -> None:
    """Troll's clocks go back by two hours: a booking of the 26th hour of that date is seen.

    Cases: D-5
    """
    offer = tenant.offer(duration=None, timezone="Antarctica/Troll", buffer_before_minutes=30)
    api.database.clock.set(datetime(2031, 10, 1, tzinfo=UTC))
    api.hold(offer, date="2031-10-27")  # the half hour before it is the last one of the 26th

    (start,) = [datetime(2031, 10, 25, 22, tzinfo=UTC)]
    slots = listed(api, offer, start, start + MINUTE)
    refusal = refused(lambda: api.hold(offer, date="2031-10-26"))

    assert refusal.sqlstate == "KHTKN"
    assert slots == []


def test_the_sessions_settings_do_not_matter(api: Api, tenant: Tenant) -> None:
    """Time zone, date style and interval style of a session change no answer.

    Cases: E-6.1
    """
    offer = tenant.offer(timezone="America/New_York", step_minutes=1440, opens="00:00")
    dates = tenant.offer(duration=None, timezone="Europe/Berlin")
    start = datetime(2031, 3, 7, tzinfo=UTC)
    answers = []

    for settings in SESSIONS:
        session = Api(api.database, **settings)
        answers.append(
            [
                listed(session, offer, start, start + 30 * DAY),
                listed(session, dates, start, start + 62 * DAY),
                session.call(
                    "list_slots_as_text", tenant.actor(), dates.resource_id, None, None, None
                ),
                refused(session.hold, offer, start),
                refused(session.hold, dates, date="2030-01-01"),
            ]
        )
        session.close()

    assert len(answers[0][0]) > 20
    assert len(answers[0][1]) == 55 + 7
    assert all(answer == answers[0] for answer in answers)


def test_alternatives_do_not_depend_on_the_session(api: Api, tenant: Tenant) -> None:
    """The range that is searched is a number of hours, not of the session's days.

    Cases: E-5.2
    """
    api.database.clock.set(datetime(2031, 10, 1, tzinfo=UTC))
    offer = tenant.offer(duration=None, timezone="Europe/Berlin", weekdays=[7])
    api.hold(offer, date="2031-11-02")  # two Sundays after the last but one of summer time

    alternatives = []
    for settings in SESSIONS:
        session = Api(api.database, **settings)
        refusal = refused(session.hold, offer, date="2031-11-02")
        alternatives.append([a["date"] for a in refusal.detail["alternatives"]])
        session.close()

    assert alternatives == [alternatives[0]] * len(SESSIONS)


@pytest.mark.parametrize("settings", SESSIONS[1:])
def test_sessions_with_other_settings_take_the_same_locks(
    api: Api, tenant: Tenant, settings: dict[str, str]
) -> None:
    """The keys of the rules and of a day are the same text in every session; otherwise they would
    lock nothing.

    Cases: D-1
    """
    lock = "select core.share_rules(array[%s]), core.lock_days(%s, tstzrange(%s, %s))"
    held = (
        "select objid, classid from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"
        " order by 1, 2"
    )
    resource = tenant.resource()
    keys = []

    for chosen in (SESSIONS[0], settings):
        with api.database.connect() as session:
            for name, value in chosen.items():
                session.execute("select set_config(%s, %s, false)", (name, value))
            session.execute(lock.encode(), (resource, resource, NOW, NOW + 3 * DAY))
            keys.append(session.execute(held.encode()).fetchall())
            session.rollback()

    assert len(keys[0]) == 1 + 4  # the rules of the resource, and the days
    assert keys[0] == keys[1]
