"""Triggers: legal transitions, the audit trail, versions, time zones."""

from typing import Any

import psycopg
import pytest

from tests.harness.clients.calls import Api, Held, refused
from tests.harness.database.builders import NOW, Tenant
from tests.harness.database.rules import rules
from tests.harness.database.scheduled_rows import fill

_PAID = "payment_status = 'paid', hold_expires_at = null"
_LIVE = ("held", "paying", "requested", "scheduled", "active")


def statuses(api: Api) -> list[str]:
    """Every status that a booking's rules allow."""
    condition = rules(api.database)["bookings_status_known"]
    return [part for part in condition.split("'")[1::2] if part.isalpha()]


def force(api: Api, held: Held, status: str) -> None:
    """Put a booking into a status behind all triggers."""
    deadline = NOW if status in {"held", "paying"} else None
    api.database.execute("alter table core.bookings disable trigger user")
    api.database.execute(
        "update core.bookings set status = %s, payment_status = 'paid', hold_expires_at = %s"
        " where id = %s",
        status,
        deadline,
        held.id,
    )
    api.database.execute("alter table core.bookings enable trigger user")


def test_only_listed_transitions_happen(api: Api, tenant: Tenant) -> None:
    """Every pair of statuses: allowed exactly if core.transitions has it, otherwise KHSTA.

    Cases: P-10
    Proves: ASVS 2.3.1
    """
    held = api.hold(tenant.offer())
    known = statuses(api)
    listed = {(t.from_status, t.to_status) for t in api.database.rows("table core.transitions")}
    allowed, refusals = set(), set()

    for old in known:
        for new in known:
            if old == new:
                continue
            force(api, held, old)
            move = (
                "update core.bookings set status = %s, hold_expires_at = case when %s then"
                " core.clock() end where id = %s"
            )
            try:
                api.database.execute(move, new, new in {"held", "paying"}, held.id)
            except psycopg.DatabaseError as error:
                refusals.add(error.sqlstate)
            else:
                allowed.add((old, new))

    assert len(known) == 10
    assert allowed == listed
    assert refusals == {"KHSTA"}


def test_the_refusal_of_a_transition_says_what_to_do(api: Api, tenant: Tenant) -> None:
    """KHSTA names both statuses."""
    held = api.hold(tenant.offer())

    refusal = refused(
        lambda: api.database.execute(
            f"update core.bookings set status = 'completed', {_PAID} where id = %s", held.id
        )
    )

    assert refusal.sqlstate == "KHSTA"
    assert refusal.message == "a held booking cannot become completed"


def test_transitions_know_every_status(api: Api) -> None:
    """Each status is reached or left by a transition, and no transition has another one."""
    rows = api.database.rows("select from_status, to_status from core.transitions")

    assert {status for row in rows for status in row} == set(statuses(api))


@pytest.mark.parametrize("status", _LIVE)
def test_live_statuses_own_their_time(api: Api, status: str) -> None:
    """core.is_live says which bookings keep their row in core.occupancies."""
    others = sorted(set(statuses(api)) - set(_LIVE))

    assert api.database.value("select core.is_live(%s)", status) is True
    assert (
        api.database.value("select bool_or(core.is_live(s)) from unnest(%s::text[]) as s", others)
        is False
    )


def test_every_change_of_a_booking_is_written_down(api: Api, tenant: Tenant) -> None:
    """One audit row per version, in the same transaction: from, to, who, why, when.

    Cases: P-10, E-8.3
    Proves: ASVS 16.3.3
    """
    checkout = api.paid(tenant.offer())

    events = api.database.rows("select * from audit.booking_events order by version")

    steps = [(e.version, e.from_status, e.to_status, e.reason, e.actor_role) for e in events]
    assert steps == [
        (1, None, "held", "held", "publishable"),
        (2, "held", "paying", "checkout begun", "publishable"),
        (3, "paying", "scheduled", "paid", "webhook"),
    ]
    assert [e.to_payment_status for e in events] == ["unpaid", "unpaid", "paid"]
    assert {e.at for e in events} == {NOW}
    assert {e.booking_id for e in events} == {checkout.held.id}
    assert checkout.held.row.version == 3


def test_what_was_rolled_back_was_never_written_down(api: Api, tenant: Tenant) -> None:
    """The audit row is rolled back with the change.

    Cases: E-8.3
    """
    held = api.hold(tenant.offer())
    with api.database.connect() as undone:
        undone.execute(
            "select core.transition_booking(b, 'expired', 'test') from core.bookings as b"
        )
        undone.rollback()

    assert held.row.status == "held"
    assert api.database.value("select count(*) from audit.booking_events") == 1


@pytest.mark.parametrize(
    "rewriting",
    [
        "update audit.booking_events set reason = 'x'",
        "delete from audit.booking_events",
        "truncate audit.booking_events",
    ],
)
@pytest.mark.parametrize("role", ["none", "holdfast_owner", "holdfast_system"])
def test_history_is_never_rewritten(api: Api, tenant: Tenant, rewriting: str, role: str) -> None:
    """An audit row is never changed or deleted, not even by a superuser's mistake.

    Cases: E-8.3
    Proves: ASVS 16.4.2
    """
    api.hold(tenant.offer())
    before = api.database.rows("table audit.booking_events")
    with api.database.connect() as writer:
        writer.execute(f"set local role {role}".encode())
        writer.execute("select set_config('holdfast.tenant_id', %s, true)", (str(tenant.id),))

        refusal = refused(lambda: writer.execute(rewriting.encode()))
        writer.rollback()

    assert refusal.sqlstate in {"KHAPP", "42501"}
    assert api.database.rows("table audit.booking_events") == before


def test_every_version_is_bumped_by_the_database(api: Api, tenant: Tenant) -> None:
    """Any update of a table with a version increments it, whatever the statement says.

    Cases: D-4, E-7.1, E-7.3
    """
    offer = tenant.offer(capacity=2)
    api.settle(api.checkout(api.hold(offer)), "paid", amount_total=1)  # a payment and a refund
    api.hold(offer)
    fill(offer)
    versioned = """
        select a.attrelid::regclass::text as name
        from pg_attribute as a
        join pg_class as c on c.oid = a.attrelid and c.relkind = 'r'
        where a.attname = 'version' and c.relnamespace = 'core'::regnamespace
    """
    api.database.clock.advance(NOW - NOW.replace(hour=7))
    found: dict[str, list[Any]] = {}

    for (table,) in api.database.rows(versioned):
        before = api.database.value(f"select min(version) from {table}")
        api.database.execute(f"update {table} set version = 999, updated_at = '-infinity'")
        query = f"select version, updated_at from {table} order by version limit 1"
        after = api.database.one(query)
        found[table] = [after.version - before, after.updated_at]

    assert len(found) >= 8
    assert {tuple(facts) for facts in found.values()} == {(1, api.database.clock.now())}


def test_public_rows_have_a_version(api: Api) -> None:
    """Every table whose rows the API shows and changes has a version.

    Cases: D-4
    """
    query = """
        select c.relname from pg_class as c
        where c.relnamespace = 'core'::regnamespace and c.relkind = 'r'
            and exists (select from pg_attribute as a
                where a.attrelid = c.oid and a.attname = 'updated_at')
            and not exists (select from pg_attribute as a
                where a.attrelid = c.oid and a.attname = 'version')
    """

    unseen = {"effects", "sweep_failures"}  # by clients
    assert {name for (name,) in api.database.rows(query)} == unseen


@pytest.mark.parametrize("zone", ["UTC+3", "EST5EDT4", "Mars/Olympus", "", "+02:00"])
def test_only_iana_zones_are_taken(api: Api, tenant: Tenant, zone: str) -> None:
    """KHTZN for what AT TIME ZONE would accept although it is not a zone.

    Cases: E-6.1
    """
    refusal = refused(lambda: tenant.resource(timezone=zone))

    assert refusal.sqlstate == "KHTZN"
    assert refusal.hint == "use an IANA name such as Europe/Berlin"
