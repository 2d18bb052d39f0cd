"""What the benchmarks' databases hold: one tenant, a thousand resources, customers, the past."""

import hashlib
from datetime import UTC, datetime, timedelta

import psycopg

PUBLISHABLE, SECRET = "pk_test_benchmarks0000000", "sk_test_benchmarks0000000"
RESOURCES = 1_100
CUSTOMERS = 20_000
# The first day that holds are made for: tomorrow, so that nothing has begun.
FIRST_DAY = (datetime.now(UTC) + timedelta(days=2)).replace(
    hour=0, minute=0, second=0, microsecond=0
)

# Names are spelled as SQL expressions, so that pgbench can build them from its numbers.
_TENANT = "md5('tenant')::uuid"
_BASE = """
insert into core.tenants (
    id, name, created_at, live_holds_per_customer, live_holds_per_address, live_holds_per_resource,
    live_holds_per_day, holds_per_hour, free_lapses, places_per_customer, places_per_address,
    places_per_hour, offers_per_address, rate_reads, rate_holds, rate_mailbox)
values (
    md5('tenant')::uuid, 'Bench', now(), 10000, 100000, null, null, null, null, 10000, null, null,
    null, 1000000, 1000000, 1000000);

insert into core.resources (
    tenant_id, id, name, timezone, step_minutes, horizon_days, created_at, updated_at)
select md5('tenant')::uuid, md5('resource' || n)::uuid, 'Room ' || n, 'UTC', 30, 1095, now(), now()
from generate_series(0, {resources}) as n;

-- room for a crowd that wants the same day
update core.resources set step_minutes = 5 where id = md5('resource1099')::uuid;

insert into core.offerings (tenant_id, id, name, duration_minutes, created_at, updated_at)
select md5('tenant')::uuid, md5('offering' || minutes)::uuid, minutes || ' minutes', minutes,
    now(), now()
from unnest(array[5, 30, 60]) as minutes;

insert into core.resource_offerings
select r.tenant_id, r.id, o.id, 'slot' from core.resources as r cross join core.offerings as o;
insert into core.tiers select tenant_id, id, 'standard' from core.offerings;
insert into core.packages select tenant_id, id, 'standard', 'single' from core.offerings;
insert into core.prices (
    tenant_id, offering_id, tier, package, amount, currency, created_at, updated_at)
select tenant_id, id, 'standard', 'single', 4500, 'EUR', now(), now() from core.offerings;

insert into core.weekly_hours (tenant_id, id, resource_id, weekday, opens, closes, created_at)
select r.tenant_id, md5(r.id || 'day' || day)::uuid, r.id, day, '00:00', '24:00', now()
from core.resources as r cross join generate_series(1, 7) as day;

insert into core.customers (tenant_id, id, email, name, created_at, updated_at)
select md5('tenant')::uuid, md5('customer' || n)::uuid, 'c' || n || '@example.com', 'C',
    now(), now()
from generate_series(0, {customers}) as n;
"""

# As the triggers would have compiled it: all resources are open alike, one is compiled and copied.
_COMPILED = """
select core.compile_openings(md5('tenant')::uuid, md5('resource0')::uuid, core.clock());
insert into core.openings
select w.tenant_id, r.id, w.opens_at, w.closes_at, w.open_until, w.on_day
from core.openings as w cross join core.resources as r where r.id <> w.resource_id;
insert into core.timetables
select t.tenant_id, r.id, t.opened_from, t.opened_until, t.overlapping, t.compiled_at
from core.timetables as t cross join core.resources as r where r.id <> t.resource_id;
select core.compile_bookables(md5('tenant')::uuid, array(select r.id from core.resources as r));
"""

# The limit: a bare PL/pgSQL function that writes as many rows as a hold does, and nothing else.
_LIMIT = """
create schema bench;
grant usage on schema bench to public;
create table bench.entries (
    id bigint generated always as identity primary key, subject bigint not null,
    account text not null, amount integer not null, at timestamptz not null default now());
create index on bench.entries (subject);
create table bench.trail (
    id bigint generated always as identity primary key, subject bigint, actor text, detail jsonb,
    at timestamptz not null default now());
create table bench.outbox (
    id bigint generated always as identity primary key, topic text, payload jsonb,
    at timestamptz not null default now());
create function bench.write_four() returns bigint language plpgsql security definer as $$
declare v_subject bigint := nextval('bench.trail_id_seq');
begin
    insert into bench.entries (subject, account, amount)
    values (v_subject, 'customer', -4500), (v_subject, 'merchant', 4500);
    insert into bench.trail (subject, actor, detail) values (v_subject, 'bench', '{"a": 1}');
    insert into bench.outbox (topic, payload)
    values ('held', jsonb_build_object('subject', v_subject));
    return v_subject;
end $$;
"""

# The fair limit of a hold: a bare function that writes the same four rows into the real tables,
# with their constraints, indexes and triggers, and decides nothing.
_LIMIT_ROWS = """
create function bench.write_hold(p_client integer, p_n integer) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
    v_tenant constant uuid := md5('tenant')::uuid;
    v_id constant uuid := core.new_id();
    v_starts constant timestamptz :=
        '{first_day}'::timestamptz + (p_n / 30) * interval '30 minutes';
    v_resource constant uuid := md5('resource' || p_client * 30 + p_n % 30)::uuid;
begin
    perform set_config('holdfast.tenant_id', v_tenant::text, true);
    insert into core.idempotency_keys (
        tenant_id, caller, operation, subject, key, fingerprint, result_id, created_at)
    values (v_tenant, 'secret', 'create_hold', core.nothing_yet(), v_id::text, sha256('x'), v_id,
        now());
    insert into core.bookings (
        tenant_id, id, resource_id, offering_id, tier, package, customer_id, customer_name,
        starts_at, ends_at, buffer_before_minutes, buffer_after_minutes, amount, currency,
        rate_locked_at, status, payment_status, hold_expires_at, client_secret_hash, created_at,
        updated_at)
    values (
        v_tenant, v_id, v_resource, md5('offering30')::uuid, 'standard', 'single',
        md5('customer' || (p_client * 1000 + p_n) % {customers})::uuid, 'C', v_starts,
        v_starts + interval '30 minutes', 0, 0, 4500, 'EUR', now(), 'held', 'unpaid',
        now() + interval '5 minutes', sha256('x'), now(), now());
    insert into core.occupancies (tenant_id, booking_id, resource_id, unit, during, class_id)
    values (v_tenant, v_id, v_resource, 1, tstzrange(v_starts, v_starts + interval '30 minutes'),
        v_id);
    return v_id;
end $$;
"""

# And the fair limit of a settlement: it finds nothing out, and writes the same five rows.
_LIMIT_SETTLE_ROWS = """
create function bench.write_settlement(p_booking integer) returns void
language plpgsql security definer set search_path = '' as $$
declare
    v_tenant constant uuid := md5('tenant')::uuid;
    v_booking constant uuid := md5('booking' || p_booking)::uuid;
    v_checkout constant uuid := md5('checkout' || p_booking)::uuid;
begin
    perform set_config('holdfast.tenant_id', v_tenant::text, true);
    insert into core.stripe_events (id, tenant_id, type, booking_id, created_at, received_at)
    values ('evt_' || p_booking, v_tenant, 'checkout.session.completed', v_booking, now(), now());
    update core.checkouts as c set state = 'paid'
    where c.tenant_id = v_tenant and c.id = v_checkout;
    insert into core.payments (
        tenant_id, id, booking_id, checkout_id, payment_intent_id, status, amount, currency,
        created_at, updated_at)
    values (
        v_tenant, core.new_id(), v_booking, v_checkout, 'pi_' || p_booking, 'captured', 4500, 'EUR',
        now(), now());
    update core.bookings as b
    set status = 'scheduled', payment_status = 'paid', hold_expires_at = null
    where b.tenant_id = v_tenant and b.id = v_booking;
end $$;
"""

# The usual way: the same rows, written by an application statement by statement.
_NAIVE = """
create table bench.naive_resources (id integer primary key, opens time, closes time, step integer);
insert into bench.naive_resources
select n, '00:00', '24:00', 30 from generate_series(0, {resources}) as n;
create table bench.naive_bookings (
    id bigint generated always as identity primary key, resource_id integer not null,
    customer text not null, starts_at timestamptz not null, ends_at timestamptz not null,
    status text not null, amount integer not null, expires_at timestamptz);
create index on bench.naive_bookings (resource_id, starts_at);
create table bench.naive_keys (key text primary key, booking_id bigint not null);
create table bench.naive_events (
    id bigint generated always as identity primary key, booking_id bigint not null, status text,
    at timestamptz not null default now());
grant all on all tables in schema bench to public;
grant all on all sequences in schema bench to public;
"""


def fill(connection: psycopg.Connection) -> None:
    """A tenant with everything that can be booked, the limit, and the usual way."""
    numbers = {"resources": RESOURCES - 1, "customers": CUSTOMERS - 1}
    connection.execute("set session_replication_role = replica")
    connection.execute(_BASE.format(**numbers))
    for kind, key in (("publishable", PUBLISHABLE), ("secret", SECRET)):
        connection.execute(
            "insert into core.api_keys (tenant_id, id, kind, key_hash, label, created_at)"
            f" values ({_TENANT}, gen_random_uuid(), %s, %s, 'bench', now())",
            (kind, hashlib.sha256(key.encode()).digest()),
        )
    connection.execute(_COMPILED)
    connection.execute(_LIMIT)
    connection.execute(_LIMIT_ROWS.format(first_day=FIRST_DAY.isoformat(), customers=CUSTOMERS))
    connection.execute(_LIMIT_SETTLE_ROWS)
    connection.execute(_NAIVE.format(**numbers))
    connection.execute("set session_replication_role = default")


def fill_used(connection: psycopg.Connection) -> None:
    """On top of that, bookings of the year after next, on days that are not asked for here.

    A database that has never had a booking is planned for as such, until it is analysed again.
    """
    fill(connection)
    _write_bookings(
        connection,
        resource="md5('resource' || n % 1000)::uuid",
        starts=f"timestamptz '{FIRST_DAY.isoformat()}' + interval '2 years'"
        " + (n / 1000) * interval '1 hour'",
        count=20_000,
        status="scheduled",
        occupy=True,
    )


def fill_booked(connection: psycopg.Connection, bookings: int, resources: int = 1) -> None:
    """On top of that, half-hour bookings from FIRST_DAY on, an hour apart, evenly spread."""
    fill(connection)
    _write_bookings(
        connection,
        resource=f"md5('resource' || n % {resources})::uuid",
        starts=f"timestamptz '{FIRST_DAY.isoformat()}' + (n / {resources}) * interval '1 hour'",
        count=bookings,
        status="scheduled",
        occupy=True,
    )


def fill_past(connection: psycopg.Connection, bookings: int) -> None:
    """On top of that, completed bookings of the past years, as many keys and events, and
    nine hundred expired holds."""
    fill(connection)
    _write_bookings(
        connection,
        resource="md5('resource' || n % 100)::uuid",
        starts="date_trunc('hour', now()) - (n / 100 + 24) * interval '1 hour'",
        count=bookings,
        status="completed",
        occupy=False,
    )
    _write_bookings(
        connection,
        resource="md5('resource' || 100 + n % 900)::uuid",
        starts=f"timestamptz '{FIRST_DAY.isoformat()}'",
        count=900,
        status="held",
        occupy=True,
        after=bookings,
    )


def fill_expired(connection: psycopg.Connection, holds: int) -> None:
    """On top of that, expired holds that still own their time."""
    fill(connection)
    _write_bookings(
        connection,
        resource="md5('resource' || 100 + n % 900)::uuid",
        starts=f"timestamptz '{FIRST_DAY.isoformat()}' + (n / 900) * interval '1 hour'",
        count=holds,
        status="held",
        occupy=True,
    )


def fill_paying(connection: psycopg.Connection, bookings: int) -> None:
    """On top of that, bookings whose checkout's session is open: session cs_n, booking n."""
    fill(connection)
    _write_bookings(
        connection,
        resource="md5('resource' || n % 1000)::uuid",
        starts=f"timestamptz '{FIRST_DAY.isoformat()}' + (n / 1000) * interval '1 hour'",
        count=bookings,
        status="paying",
        occupy=True,
    )
    connection.execute("set session_replication_role = replica")
    connection.execute(
        "insert into core.checkouts (tenant_id, id, booking_id, state, parameters, amount,"
        " currency, stripe_session_expires_at, stripe_session_id, stripe_session_url,"
        " created_at, updated_at)"
        f" select {_TENANT}, md5('checkout' || n)::uuid, md5('booking' || n)::uuid, 'open', '{{}}',"
        " 4500, 'EUR', now() + interval '1 hour', 'cs_' || n, 'https://example.com', now(), now()"
        " from generate_series(1, %s) as n",
        (bookings,),
    )
    connection.execute("set session_replication_role = default")


def _write_bookings(
    connection: psycopg.Connection,
    *,
    resource: str,
    starts: str,
    count: int,
    status: str,
    occupy: bool,
    after: int = 0,
) -> None:
    """Past triggers and foreign keys: only what stands in the tables matters.

    Args:
        resource, starts: SQL, of the booking's number n.
        after: the number after which they are counted.
    """
    waits = status in ("held", "paying")
    deadline = {"held": "now() - interval '1 hour'", "paying": "now() + interval '1 hour'"}
    connection.execute("set session_replication_role = replica")
    connection.execute(
        f"""
        insert into core.bookings (
            tenant_id, id, resource_id, offering_id, tier, package, customer_id, customer_name,
            starts_at, ends_at, buffer_before_minutes, buffer_after_minutes, amount, currency,
            rate_locked_at, status, payment_status, hold_expires_at, client_secret_hash,
            created_at, updated_at, reference)
        select {_TENANT}, md5('booking' || n)::uuid, {resource}, md5('offering30')::uuid,
            'standard', 'single', md5('customer' || n % {CUSTOMERS})::uuid, 'C',
            {starts}, {starts} + interval '30 minutes', 0, 0, 4500, 'EUR', now(), '{status}',
            '{"unpaid" if waits else "paid"}', {deadline.get(status, "null")}, sha256('x'),
            now(), now(), (
                select string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ',
                    1 + ((n::bigint >> (5 * i)) & 31)::integer, 1), '' order by i)
                from generate_series(0, 7) as i)
        from generate_series({after + 1}, {after + count}) as n
        """
    )
    if occupy:
        connection.execute(
            "insert into core.occupancies"
            " (tenant_id, booking_id, resource_id, unit, during, class_id)"
            " select tenant_id, id, resource_id, 1, tstzrange(starts_at, ends_at), id"
            " from core.bookings where status = %s order by resource_id, starts_at",
            (status,),
        )
    else:
        connection.execute(
            "insert into core.idempotency_keys"
            " (tenant_id, caller, operation, subject, key, fingerprint, result_id, created_at)"
            " select tenant_id, 'secret', 'create_hold', core.nothing_yet(), id::text, sha256('x'),"
            " id, now() from core.bookings"
        )
        connection.execute(
            "insert into audit.booking_events (tenant_id, booking_id, at, version, to_status,"
            " to_payment_status, actor_role, reason)"
            " select tenant_id, id, now(), 1, 'completed', 'paid', 'secret', 'x' from core.bookings"
        )
    connection.execute("set session_replication_role = default")
