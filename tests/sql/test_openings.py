"""core.openings and core.bookables: copies of the rules, written by every change of a rule."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from tests.harness.clients.calls import Api
from tests.harness.database.builders import NOW, Offer, Tenant, insert
from tests.harness.database.migrated import Database
from tests.harness.laws.invariants import violations

DAY = timedelta(days=1)

_OPENINGS = "select * from core.openings order by resource_id, opens_at, closes_at"
_OPENINGS_OF = """
select w.* from core.resources as r cross join lateral core.openings_of(r, %s, %s) as w
where r.id = %s order by w.opens_at
"""


@dataclass(frozen=True, slots=True)
class Stock:
    """A tenant's catalogue with a row in every table that openings and bookables come from."""

    offer: Offer
    other: Offer

    @property
    def names(self) -> dict[str, object]:
        return {
            "tenant": self.offer.tenant.id,
            "resource": self.offer.resource_id,
            "offering": self.offer.offering_id,
            "other_resource": self.other.resource_id,
        }


@pytest.fixture
def stock(tenant: Tenant) -> Stock:
    offer, other = tenant.offer(), tenant.offer()
    tenant.override(offer.resource_id, date(2031, 3, 5), "10:00", "12:00")
    tenant.blackout(offer.resource_id, NOW + DAY, NOW + 2 * DAY)
    calendar(other)
    tenant.resource(name="Of no offering")
    return Stock(offer, other)


def calendar(offer: Offer) -> None:
    insert(
        offer.tenant.database,
        "core.calendars",
        tenant_id=offer.tenant.id,
        id=uuid4(),
        resource_id=offer.resource_id,
        name="Private",
        url="https://calendar.example/a",
        due_at=NOW,
        created_at=NOW,
        updated_at=NOW,
    )


# For each trigger, a change that must update the copies.
_CHANGES: dict[str, str] = {
    "resources_800_follow_insert": "insert into core.resources"
    " select (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid()))).*"
    " from core.resources as r where r.id = %(resource)s",
    "resources_800_follow_update": "update core.resources set timezone = 'Asia/Tokyo'"
    " where id = %(resource)s",
    "resources_800_follow_delete": "delete from core.resources where name = 'Of no offering'",
    "weekly_hours_800_follow_insert": "insert into core.weekly_hours"
    " (tenant_id, id, resource_id, weekday, opens, closes, created_at)"
    " select %(tenant)s, gen_random_uuid(), %(resource)s, d, '17:00', '18:00', now()"
    " from generate_series(1, 7) as d",
    "weekly_hours_800_follow_update": "update core.weekly_hours set closes = '16:00'"
    " where resource_id = %(resource)s",
    "weekly_hours_800_follow_delete": "delete from core.weekly_hours where weekday = 3",
    "date_overrides_800_follow_insert": "insert into core.date_overrides"
    " (tenant_id, id, resource_id, on_date, created_at, updated_at)"
    " values (%(tenant)s, gen_random_uuid(), %(resource)s, '2031-03-06', now(), now())",
    "date_overrides_800_follow_update": "update core.date_overrides set closes = '13:00'",
    "date_overrides_800_follow_delete": "delete from core.date_overrides",
    "resource_offerings_800_follow_insert": "insert into core.resource_offerings"
    " values (%(tenant)s, %(other_resource)s, %(offering)s, 'slot')",
    "resource_offerings_800_follow_update": "update core.resource_offerings"
    " set offering_id = (select id from core.offerings where id <> %(offering)s)"
    " where offering_id = %(offering)s",
    "resource_offerings_800_follow_delete": "delete from core.resource_offerings",
    "offerings_800_follow_update": "update core.offerings set duration_minutes = 90"
    " where id = %(offering)s",
    "prices_800_follow_insert": "insert into core.prices"
    " (tenant_id, offering_id, tier, package, amount, currency, created_at, updated_at)"
    " select %(tenant)s, %(offering)s, 'standard', 'pair', 8000, 'EUR', now(), now()",
    "prices_800_follow_update": "update core.prices set amount = 5000",
    "prices_800_follow_delete": "delete from core.prices",
    "blackouts_800_follow_insert": "insert into core.blackouts"
    " (tenant_id, id, resource_id, during, created_at, updated_at)"
    " select tenant_id, gen_random_uuid(), r.id, '[2031-04-01,2031-04-02)', now(), now()"
    " from core.resources as r where r.id not in (select resource_id from core.calendars)"
    " and r.id not in (select resource_id from core.blackouts)",
    "blackouts_800_follow_delete": "delete from core.blackouts",
    "calendars_800_follow_insert": "insert into core.calendars"
    " select (jsonb_populate_record(c, jsonb_build_object("
    " 'id', gen_random_uuid(), 'resource_id', %(resource)s::uuid))).* from core.calendars as c",
    "calendars_800_follow_delete": "delete from core.calendars",
    "currencies_800_follow_update": "update core.currencies set least_charge = 10000"
    " where code = 'EUR'",
}


def _change(database: Database, trigger: str, stock: Stock) -> None:
    with database.connect(autocommit=True) as connection:
        if trigger == "prices_800_follow_insert":
            connection.execute(
                "insert into core.packages values (%(tenant)s, %(offering)s, 'standard', 'pair')",
                stock.names,
            )
        if trigger.startswith("blackouts_800_follow_insert"):
            connection.execute("delete from core.blackouts")
        if trigger.startswith("calendars_800_follow_insert"):
            connection.execute("delete from core.blackouts")
        assert connection.execute(_CHANGES[trigger].encode(), stock.names).rowcount > 0


@pytest.mark.parametrize("trigger", _CHANGES)
def test_a_change_of_a_rule_compiles_it(api: Api, stock: Stock, trigger: str) -> None:
    """A change of any source table updates the copies; without its trigger it does not."""
    database = api.database
    assert violations(database) == []
    _change(database, trigger, stock)

    assert violations(database) == []


@pytest.mark.parametrize("trigger", _CHANGES)
def test_without_its_trigger_a_change_is_missed(api: Api, stock: Stock, trigger: str) -> None:
    """The twin: the laws find every outdated copy."""
    database = api.database
    database.execute(f"alter table core.{trigger.partition('_800')[0]} disable trigger {trigger}")
    _change(database, trigger, stock)

    assert any(found.startswith("I14") for found in violations(database))


def test_every_trigger_has_a_change(api: Api) -> None:
    """Every trigger that compiles is in the two tests above."""
    found = api.database.rows(
        "select tgname::text from pg_trigger where tgname like '%%800_follow%%'"
    )

    assert {row.tgname for row in found} == set(_CHANGES)


def test_an_archived_resource_has_no_copies(api: Api, stock: Stock) -> None:
    """What cannot be booked any more is not compiled."""
    database = api.database
    database.execute("update core.resources set archived_at = now()")

    for table in ("openings", "timetables", "bookables"):
        assert database.value(f"select count(*) from core.{table}") == 0
    assert violations(database) == []


def test_compiling_again_writes_nothing(api: Api, stock: Stock) -> None:
    """An up-to-date copy is left alone."""
    compiled = api.database.rows(
        "select core.compile_openings(r.tenant_id, r.id, core.clock()) as written"
        " from core.resources as r"
    )

    assert [row.written for row in compiled] == [0, 0, 0]


def test_a_day_later_one_day_is_added(api: Api, stock: Stock) -> None:
    """The new day is added to what is compiled, and past days are deleted."""
    database = api.database
    database.clock.advance(DAY)
    query = (
        "select core.compile_openings(r.tenant_id, r.id, core.clock()) as written"
        " from core.resources as r where r.id = %s"
    )

    assert database.value(query, stock.other.resource_id) == 2
    assert violations(database) == []


def test_compiled_openings_are_read(api: Api, stock: Stock) -> None:
    """Within the timetable the compiled openings are used, and nothing is computed."""
    database, resource_id = api.database, stock.other.resource_id
    database.execute("update core.openings set open_until = closes_at + interval '1 hour'")

    (found,) = database.rows(_OPENINGS_OF, NOW, NOW + timedelta(hours=12), resource_id)

    assert found.open_until == datetime(2031, 3, 3, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end"),
    [(NOW - 3 * DAY, NOW), (NOW + 128 * DAY, NOW + 131 * DAY), (NOW + 200 * DAY, NOW + 201 * DAY)],
)
def test_days_that_are_not_compiled_are_computed(
    api: Api, stock: Stock, start: datetime, end: datetime
) -> None:
    """A period that the timetable does not cover completely is computed as a whole, and nothing is
    written.
    """
    database, resource_id = api.database, stock.other.resource_id
    before = database.rows(_OPENINGS)
    database.execute("update core.openings set open_until = closes_at + interval '1 hour'")
    computed = database.rows(
        "select c.* from core.resources as r"
        " cross join lateral core.computed_openings(r, %s, %s) as c where r.id = %s"
        " order by c.opens_at",
        *(start, end, resource_id),
    )

    assert database.rows(_OPENINGS_OF, start, end, resource_id) == computed
    assert computed
    assert len(database.rows(_OPENINGS)) == len(before)


def test_what_is_bookable_has_the_catalogues_words(api: Api, tenant: Tenant) -> None:
    """The offering's buffers replace the resource's, and a price is chargeable or not."""
    offer = tenant.offer(buffer_before_minutes=10, buffer_after_minutes=20, daily_limit=3)
    tenant.database.execute("update core.offerings set buffer_after_minutes = 5, group_size = 4")
    found = api.database.one("select * from core.bookables")

    assert (found.resource_id, found.offering_id) == (offer.resource_id, offer.offering_id)
    assert (found.buffer_before_minutes, found.buffer_after_minutes) == (10, 5)
    assert (found.daily_limit, found.group_size, found.amount) == (3, 4, 4500)
    assert (found.chargeable, found.closures) == (True, False)


def test_one_tenant_does_not_see_anothers(api: Api, tenant: Tenant, stock: Stock) -> None:
    """Copies are secured as their sources are."""
    other = Tenant(api.database)
    with api.database.connect() as connection:
        connection.execute("set role holdfast_owner")
        seen = {}
        for who in (tenant, other):
            connection.execute("select core.enter_tenant(%s, 'test', null, null)", [who.id])
            seen[who.id] = [
                connection.execute(f"select count(*) from core.{table}".encode()).fetchone()[0] > 0  # type: ignore[index]
                for table in ("openings", "timetables", "bookables")
            ]

    assert seen == {tenant.id: [True] * 3, other.id: [False] * 3}


def test_what_a_range_shows_does_not_depend_on_it(api: Api, tenant: Tenant) -> None:
    """An opening is the same in whatever range it is asked for, though windows meet for weeks."""
    resource_id = tenant.offer(opens="00:00", closes="24:00", timezone="Europe/Berlin").resource_id
    tenant.hours(resource_id, "00:00", "24:00", [])
    query = (
        "select c.* from core.resources as r"
        " cross join lateral core.computed_openings(r, %s, %s) as c where r.id = %s"
        " order by c.opens_at"
    )
    long = api.database.rows(query, NOW - 30 * DAY, NOW + 60 * DAY, resource_id)
    short = api.database.rows(query, NOW, NOW + DAY, resource_id)

    assert short == [row for row in long if row.closes_at > NOW and row.opens_at < NOW + DAY]
    assert all(row.open_until == row.closes_at + 7 * DAY for row in short)


def test_a_window_past_midnight_is_known_to_overlap(api: Api, tenant: Tenant) -> None:
    """Only where windows overlap can one start belong to two of them."""
    resource_id = tenant.offer(opens="20:00", closes="02:00").resource_id
    query = "select overlapping from core.timetables where resource_id = %s"
    before = api.database.value(query, resource_id)
    tenant.override(resource_id, date(2031, 3, 10), "01:00", "03:00")

    assert (before, api.database.value(query, resource_id)) == (False, True)
    assert violations(api.database) == []
