"""core.free_in_pool: counting resources as sets finds what asking one after the other finds."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.range import Range

from tests.harness.database.builders import NOW, Offer, Tenant, insert
from tests.harness.database.cluster import Server
from tests.harness.database.migrated import Database, fresh_database
from tests.harness.database.questions import (
    DAY,
    MINUTE,
    WEEK,
    Question,
    Stand,
    lay_down,
    weekly_rules,
)
from tests.harness.database.wall_clock import Hours

_ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu")
_IN_POOL = """
select f.starts_at, f.ends_at, f.booked_on, f.remaining, f.resources
from core.offerings as o
cross join lateral core.free_in_pool(
    array(select r from core.resources as r where r.id = any (%s)), o, %s, %s, %s) as f
where o.id = %s
order by f.starts_at
"""
_ONE_BY_ONE = """
select f.starts_at, f.ends_at, f.booked_on, sum(f.remaining)::integer, count(*)::integer
from core.offerings as o
cross join core.resources as r
cross join lateral core.free_slots(r, o, %s, %s, %s) as f
where r.id = any (%s) and o.id = %s
group by f.starts_at, f.ends_at, f.booked_on
order by f.starts_at
"""


class Pool(NamedTuple):
    """Resources that have one offering between them."""

    stand: Stand
    resource_ids: list[UUID]
    offering_id: UUID


@pytest.fixture(scope="module")
def pool(server: Server) -> Iterator[Pool]:
    with fresh_database(server) as database:
        database.clock.set(NOW)
        tenant = Tenant(database)
        offer = tenant.offer()
        others = [tenant.resource() for _ in range(3)]
        for resource_id in others:
            insert(
                database,
                "core.resource_offerings",
                tenant_id=tenant.id,
                resource_id=resource_id,
                offering_id=offer.offering_id,
                booking_mode="slot",
            )
        # the tenant is set, as a caller does: core.occupied_ranges reads it
        database.execute("select set_config('holdfast.tenant_id', %s, false)", str(tenant.id))
        stand = Stand(database, tenant, offer.resource_id, offer.resource_id)
        yield Pool(stand, [offer.resource_id, *others], offer.offering_id)


def take(offer: Offer, start: datetime, minutes: int, kind: str) -> None:
    """A booking that owns a time, or did until its deadline; or the new time of a reschedule."""
    database, tenant_id = offer.tenant.database, offer.tenant.id
    end, changing = start + minutes * MINUTE, kind.startswith("change")
    deadline = NOW + (-MINUTE if kind.endswith("lapsed") else 10 * MINUTE)
    booking_id = offer.booking(
        start,
        end,
        status="held" if kind.startswith("hold") else "scheduled",
        payment_status="unpaid" if kind.startswith("hold") else "paid",
        hold_expires_at=deadline if kind.startswith("hold") else None,
    )
    if changing:
        insert(
            database,
            "core.reschedules",
            tenant_id=tenant_id,
            id=uuid4(),
            booking_id=booking_id,
            state="pending",
            resource_id=offer.resource_id,
            starts_at=start,
            ends_at=end,
            buffer_before_minutes=0,
            buffer_after_minutes=0,
            amount=4500,
            difference=0,
            currency="EUR",
            calendar_unchecked=False,
            from_resource_id=offer.resource_id,
            from_starts_at=start,
            from_ends_at=end,
            expires_at=deadline,
            created_at=NOW,
            updated_at=NOW,
        )
    database.execute(
        "insert into core.occupancies"
        " (tenant_id, booking_id, part, resource_id, unit, during, class_id, seat)"
        " values (%s, %s, %s, %s, 1, %s, %s, 1) on conflict do nothing",
        *(tenant_id, booking_id, 2 if changing else 1, offer.resource_id),
        *(Range(start, end, "[)"), booking_id),
    )


@st.composite
def members(draw: st.DrawFn) -> list[tuple[Question, dict[str, int | None]]]:
    """Rules of each resource; some of them are equal, as they are in practice."""
    common = draw(weekly_rules())
    step, duration = (
        draw(st.sampled_from([15, 30, 45, 60, 90])),
        draw(st.sampled_from([15, 60, 600])),
    )
    found = []
    for _ in range(4):
        question = Question(
            zone=draw(st.sampled_from(_ZONES)),
            rules=common if draw(st.booleans()) else draw(weekly_rules()),
            duration=duration,
            step=step if draw(st.booleans()) else draw(st.sampled_from([20, 60])),
            notice=draw(st.sampled_from([0, 0, 600])),
            horizon=draw(st.sampled_from([5, 90])),
            now=NOW,
            start=NOW,
            end=NOW,
        )
        columns = {
            "capacity": draw(st.sampled_from([1, 1, 1, 2])),
            "daily_limit": draw(st.sampled_from([None, None, None, 2])),
            "buffer_before_minutes": draw(st.sampled_from([0, 0, 10, 60])),
            "buffer_after_minutes": draw(st.sampled_from([0, 0, 15])),
        }
        found.append((question, columns))
    return found


def _clear(database: Database) -> None:
    for table in ("occupancies", "reschedules", "bookings", "blackouts"):
        database.execute(f"truncate core.{table} cascade")


_TAKEN = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(-WEEK // 7, WEEK),
        st.sampled_from([5, 30, 60, 3000]),
        st.sampled_from(["hold", "hold lapsed", "paid", "change", "change lapsed", "blackout"]),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(rules=members(), taken=_TAKEN, start=st.integers(-2880, 5000), compiled=st.booleans())
def test_a_pool_lists_what_its_resources_list(
    pool: Pool,
    rules: list[tuple[Question, dict[str, int | None]]],
    taken: list[tuple[int, int, int, str]],
    start: int,
    compiled: bool,
) -> None:
    """Grids, buffers, notice, horizon, blackouts, bookings, expired holds and reschedules: the
    periods, places and resources are the sums over the resources.
    """
    database = pool.stand.database
    _clear(database)
    for resource_id, (question, columns) in zip(pool.resource_ids, rules, strict=True):
        lay_down(pool.stand._replace(by_slot=resource_id), question)
        database.execute(
            "update core.resources set capacity = %s, daily_limit = %s, buffer_before_minutes = %s,"
            " buffer_after_minutes = %s where id = %s",
            *(*columns.values(), resource_id),
        )
    for number, minute, minutes, kind in taken:
        begin, resource_id = NOW + minute * MINUTE, pool.resource_ids[number]
        if kind == "blackout":
            pool.stand.tenant.blackout(resource_id, begin, begin + minutes * MINUTE)
        else:
            take(Offer(pool.stand.tenant, resource_id, pool.offering_id), begin, minutes, kind)
    if not compiled:
        database.execute("delete from core.timetables where resource_id = %s", pool.resource_ids[0])
    period = (NOW + start * MINUTE, NOW + start * MINUTE + timedelta(days=4))

    together = database.rows(_IN_POOL, pool.resource_ids, *period, NOW, pool.offering_id)
    one_by_one = database.rows(_ONE_BY_ONE, *period, NOW, pool.resource_ids, pool.offering_id)

    assert [tuple(row) for row in together] == [tuple(row) for row in one_by_one]


def test_resources_that_are_alike_are_counted_together(pool: Pool) -> None:
    """The sets are used: a pool lists openings that only a set would read."""
    database = pool.stand.database
    _clear(database)
    question = Question("UTC", [], 60, 60, 0, 90, NOW, NOW, NOW)
    for resource_id in pool.resource_ids:
        lay_down(pool.stand._replace(by_slot=resource_id), question)
        database.execute(
            "update core.resources set capacity = 1, daily_limit = null where id = %s", resource_id
        )
        insert(
            database,
            "core.openings",
            tenant_id=pool.stand.tenant.id,
            resource_id=resource_id,
            opens_at=NOW,
            closes_at=NOW + DAY,
            open_until=NOW + DAY,
            on_day=NOW,
        )

    found = database.rows(_IN_POOL, pool.resource_ids, NOW, NOW + DAY, NOW, pool.offering_id)

    assert {(row.remaining, row.resources) for row in found} == {(4, 4)}
    assert len(found) == 24


def _alike(pool: Pool) -> Offer:
    """All resources are open from 9 to 11 on the day after, and have a start every hour."""
    database = pool.stand.database
    _clear(database)
    rules = [Hours(2, 540, 660)]
    for resource_id in pool.resource_ids:
        question = Question("UTC", rules, 60, 60, 0, 90, NOW, NOW, NOW)
        lay_down(pool.stand._replace(by_slot=resource_id), question)
        database.execute(
            "update core.resources set capacity = 1, daily_limit = null, buffer_before_minutes = 0,"
            " buffer_after_minutes = 0 where id = %s",
            resource_id,
        )
    return Offer(pool.stand.tenant, pool.resource_ids[0], pool.offering_id)


def _places(pool: Pool) -> list[int]:
    rows = pool.stand.database.rows(
        _IN_POOL, pool.resource_ids, NOW, NOW + 2 * DAY, NOW, pool.offering_id
    )
    assert all(row.remaining == row.resources for row in rows)
    return [row.remaining for row in rows]


@pytest.mark.parametrize(
    ("kind", "places"),
    [
        ("hold", [3, 4]),
        ("hold lapsed", [4, 4]),
        ("paid", [3, 4]),
        ("change", [3, 4]),
        ("change lapsed", [4, 4]),
    ],
)
def test_what_is_in_the_way_in_a_pool(pool: Pool, kind: str, places: list[int]) -> None:
    """One of four resources is taken at nine, or was until a deadline that has passed."""
    take(_alike(pool), datetime(2031, 3, 4, 9, tzinfo=UTC), 60, kind)

    assert _places(pool) == places


def test_a_start_near_two_bookings_is_lost_once(pool: Pool) -> None:
    """Two half hours that follow each other take one start of their resource, not two."""
    offer, nine = _alike(pool), datetime(2031, 3, 4, 9, tzinfo=UTC)
    take(offer, nine, 30, "paid")
    take(offer, nine + 30 * MINUTE, 30, "paid")

    assert _places(pool) == [3, 4]


def test_what_is_closed_for_months_is_not_counted(pool: Pool) -> None:
    """A blackout around the whole period takes every start of its resource."""
    offer = _alike(pool)
    pool.stand.tenant.blackout(offer.resource_id, NOW - DAY, NOW + 90 * DAY)

    assert _places(pool) == [3, 3]


def test_a_start_of_two_openings_is_one(pool: Pool) -> None:
    """Monday's window continues into Tuesday's: its starts are those of one resource."""
    _alike(pool)
    pool.stand.tenant.hours(pool.resource_ids[0], "20:00", "08:00", [1])
    pool.stand.tenant.override(pool.resource_ids[0], date(2031, 3, 4), "07:00", "11:00")

    found = _places(pool)

    assert max(found) == 4
    assert found.count(1) == 24 - 20 + 9
