"""One bad row stops no sweep: it is skipped for a while that grows, and all others are done."""

from datetime import timedelta

import pytest

from tests.harness.clients.calls import Api, refused
from tests.harness.database.builders import Tenant
from tests.harness.database.migrated import Database

MINUTE = timedelta(minutes=1)
# Raised by the row's own triggers, so that whatever a sweep does with it fails.
_POISON = """
create function core.poison() returns trigger language plpgsql as $$
begin
    if new.id = '{row}'::uuid then
        raise exception 'poisoned' using errcode = '{sqlstate}';
    end if;
    return new;
end;
$$;
create trigger a_poison before update on core.{table}
    for each row execute function core.poison();
"""


def _poison(database: Database, table: str, row: object, sqlstate: str = "22012") -> None:
    database.execute(_POISON.format(table=table, row=row, sqlstate=sqlstate))


def _failures(database: Database) -> list[tuple[str, int, str]]:
    query = "select sweep, failures, sqlstate from core.sweep_failures order by sweep"
    return [tuple(row) for row in database.rows(query)]


def test_one_hold_stops_no_other(api: Api, tenant: Tenant) -> None:
    """Of three tenants' holds the oldest cannot be expired: the others are, and the failure is
    recorded.

    Proves: ASVS 16.5.2
    """
    bad, *good = [api.hold(each.offer()) for each in (tenant, *(Tenant(api.database),) * 1)]
    good.append(api.hold(Tenant(api.database).offer()))
    _poison(api.database, "bookings", bad.id)
    api.database.clock.advance(6 * MINUTE)

    swept = api.call("expire_holds", 10)

    assert swept["expired"] == 2
    assert [held.row.status for held in (bad, *good)] == ["held", "expired", "expired"]
    assert _failures(api.database) == [("expire_holds", 1, "22012")]
    assert api.call("measure_backlog")["sweep_rows_failing"] == 1


def test_one_hold_stops_no_other_of_its_tenant(api: Api, tenant: Tenant) -> None:
    """A tenant's holds end together; if one of them cannot, the others end one by one."""
    offer = tenant.offer(capacity=3)
    one, bad, other = (api.hold(offer) for _ in range(3))
    _poison(api.database, "bookings", bad.id)
    api.database.clock.advance(6 * MINUTE)

    swept = api.call("expire_holds", 10)

    assert swept["expired"] == 2
    assert [held.row.status for held in (one, bad, other)] == ["expired", "held", "expired"]
    assert [held.occupies for held in (one, bad, other)] == [False, True, False]
    assert _failures(api.database) == [("expire_holds", 1, "22012")]


def test_it_takes_no_others_place(api: Api, tenant: Tenant) -> None:
    """While it is skipped it does not fill the batch, however small that is."""
    bad = api.hold(tenant.offer())
    api.database.clock.advance(timedelta(seconds=1))
    good = api.hold(Tenant(api.database).offer())
    _poison(api.database, "bookings", bad.id)
    api.database.clock.advance(6 * MINUTE)

    first, second = api.call("expire_holds", 1), api.call("expire_holds", 1)

    assert (first["expired"], first["more"]) == (0, True)
    assert (second["expired"], good.row.status) == (1, "expired")


def test_it_is_tried_again_less_and_less_often(api: Api, tenant: Tenant) -> None:
    """After a minute, two, four, …, a quarter more or less; and done once that is possible."""
    bad = api.hold(tenant.offer())
    _poison(api.database, "bookings", bad.id)
    api.database.clock.advance(6 * MINUTE)
    pauses = []
    for _ in range(5):
        api.call("expire_holds", 10)
        now = api.database.clock.now()
        retry_at = api.database.value("select retry_at from core.sweep_failures")
        pauses.append((retry_at - now) / MINUTE)
        api.database.clock.advance(retry_at - now + timedelta(seconds=1))
    api.database.execute("drop trigger a_poison on core.bookings")

    assert api.call("expire_holds", 10)["expired"] == 1
    for number, pause in enumerate(pauses):
        nominal = 1 if number == 0 else 2**number
        assert nominal * 0.7 <= pause <= nominal * 1.3, pauses


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_a_batch_that_lost_is_repeated_as_a_whole(api: Api, tenant: Tenant, sqlstate: str) -> None:
    """A failure that another transaction caused does not count against the row: it is raised, and
    the caller repeats.
    """
    bad = api.hold(tenant.offer())
    _poison(api.database, "bookings", bad.id, sqlstate)
    api.database.clock.advance(6 * MINUTE)

    assert refused(api.call, "expire_holds", 10).sqlstate == sqlstate
    assert _failures(api.database) == []


def test_one_effect_stops_no_other(api: Api, tenant: Tenant) -> None:
    """An effect that cannot be leased is skipped; the next one is performed."""
    bad, good = (api.checkout(api.hold(Tenant(api.database).offer())) for _ in range(2))
    api.database.clock.advance(timedelta(minutes=45))
    api.call("expire_holds", 10)
    ids = [
        row.id
        for checkout in (bad, good)
        for row in api.database.rows(
            "select id from core.effects where checkout_id = %s", checkout.id
        )
    ]
    _poison(api.database, "effects", ids[0])

    claimed = api.call("claim_effects", 10, 60)

    assert [effect["id"] for effect in claimed] == [str(ids[1])]
    assert _failures(api.database) == [("claim_effects", 1, "22012")]


def test_one_place_in_the_waitlist_stops_no_other(api: Api, tenant: Tenant) -> None:
    """An entry that cannot be served is skipped, and the next one is served."""
    places = []
    for each in (tenant, Tenant(api.database)):
        offer = each.offer()
        held = api.hold(offer)
        places.append(
            api.database.value(
                "insert into core.waitlist (tenant_id, id, resource_id, offering_id, tier, package,"
                " starts_at, customer_id, customer_name, client_secret_hash, state, created_at,"
                " updated_at)"
                " select b.tenant_id, core.new_id(), b.resource_id, b.offering_id, b.tier,"
                " b.package, b.starts_at, b.customer_id, 'W',"
                " sha256(b.id::text::bytea), 'waiting', core.clock(), core.clock()"
                " from core.bookings as b where b.id = %s returning id",
                held.id,
            )
        )
    _poison(api.database, "waitlist", places[0])

    api.call("offer_waiting", 10)

    looked = dict(api.database.rows("select id, looked_at is not null from core.waitlist"))
    assert looked == {places[0]: False, places[1]: True}
    assert _failures(api.database) == [("offer_waiting", 1, "22012")]


# The sweep of calendars ---------------------------------------------------------------------------


def _calendars(api: Api, tenant: Tenant, count: int) -> None:
    resource = tenant.resource()
    for _ in range(count):
        api.database.execute(
            "insert into core.calendars (tenant_id, id, resource_id, name, url, due_at,"
            " created_at, updated_at) values (%s, core.new_id(), %s, 'c', 'https://x.example/c.ics',"
            " core.clock() - interval '1 hour', core.clock(), core.clock())",
            tenant.id,
            resource,
        )


def _claimed(api: Api, limit: int = 10) -> list[object]:
    tasks = api.call("claim_calendars", limit)
    ids = [task["id"] for task in tasks]
    query = "select tenant_id from core.calendars where id = any (%s::uuid[])"
    return [row.tenant_id for row in api.database.rows(query, ids)]


def test_each_tenant_has_its_share_of_the_calendar_sweep(api: Api, tenant: Tenant) -> None:
    """A tenant with forty calendars due gets three places; another's only one is read at once.

    Proves: ASVS 15.2.2
    """
    other = Tenant(api.database)
    _calendars(api, tenant, 40)
    api.database.clock.advance(MINUTE)
    _calendars(api, other, 1)

    first = _claimed(api)
    second = _claimed(api)

    assert sorted(first, key=str) == sorted([tenant.id] * 3 + [other.id], key=str)
    assert second == []


def test_whatever_is_read_makes_room_for_the_next(api: Api, tenant: Tenant) -> None:
    """A reading that was stored, or is a minute old without an answer, frees its place."""
    _calendars(api, tenant, 9)
    (task, *_) = api.call("claim_calendars", 10)
    api.call(
        "store_calendar_busy", task["id"], task["begun_at"], {"outcome": "failed", "failure": "no"}
    )

    assert len(_claimed(api)) == 1
    api.database.clock.advance(timedelta(seconds=61))
    assert len(_claimed(api)) == 3


def test_what_is_slow_is_read_less_and_less_often(api: Api, tenant: Tenant) -> None:
    """A calendar that takes five seconds pauses like one that fails, but counts as read."""
    _calendars(api, tenant, 1)
    pauses = []
    for seconds in (5.0, 9.9, 7.5, 0.3):
        (task,) = api.call("claim_calendars", 10)
        reading = {"outcome": "read", "busy": [], "until": "2031-01-01T00:00:00Z"}
        api.call(
            "store_calendar_busy", task["id"], task["begun_at"], reading | {"seconds": seconds}
        )
        row = api.database.one("select due_at, failures from core.calendars")
        now = api.database.clock.now()
        pauses.append((row.due_at - now) / MINUTE)
        assert row.failures == 0
        api.database.clock.advance(row.due_at - now + timedelta(seconds=1))

    for pause, nominal in zip(pauses, (10, 20, 40), strict=False):
        assert nominal * 0.7 <= pause <= nominal * 1.3, pauses
    assert 4.9 <= pauses[-1] <= 5
