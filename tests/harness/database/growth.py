"""A database that has been in use for years: ten thousand rows and more in every table that grows.

Written without triggers and foreign keys, because only the number of rows matters, and without
ANALYZE, so that plans made while the tables were empty stay as they are.
"""

from tests.harness.database.builders import NOW, Offer
from tests.harness.database.migrated import Database

ROWS = 10_000

_GROW = """
-- no triggers, no foreign keys; and neither is altered, which would make new plans
set local session_replication_role = replica;

-- other tenants with all their catalogues
insert into core.tenants (id, name, created_at)
select md5('tenant' || n)::uuid, 'T', %(now)s from generate_series(1, %(rows)s) as n;

insert into core.api_keys (tenant_id, id, kind, key_hash, label, created_at)
select t.id, t.id, 'secret', sha256(t.id::text::bytea), 'L', %(now)s
from core.tenants as t where t.id <> %(tenant)s;

insert into core.resources (tenant_id, id, name, timezone, created_at, updated_at)
select t.id, t.id, 'R', 'UTC', %(now)s, %(now)s from core.tenants as t where t.id <> %(tenant)s;

insert into core.offerings (tenant_id, id, name, duration_minutes, created_at, updated_at)
select t.id, t.id, 'O', 60, %(now)s, %(now)s from core.tenants as t where t.id <> %(tenant)s;

insert into core.resource_offerings
select t.id, t.id, t.id, 'slot' from core.tenants as t where t.id <> %(tenant)s;

insert into core.tiers
select t.id, t.id, 'standard' from core.tenants as t where t.id <> %(tenant)s;

insert into core.packages
select t.id, t.id, 'standard', 'single' from core.tenants as t where t.id <> %(tenant)s;

insert into core.prices
select t.id, t.id, 'standard', 'single', 4500, 'EUR', 1, %(now)s, %(now)s
from core.tenants as t where t.id <> %(tenant)s;

insert into core.weekly_hours
select t.id, t.id, t.id, 1, '09:00', '17:00', %(now)s
from core.tenants as t where t.id <> %(tenant)s;

insert into core.openings (tenant_id, resource_id, opens_at, closes_at, open_until, on_day)
select t.id, t.id, d, d + interval '8 hours', d + interval '8 hours', d::date
from core.tenants as t,
    lateral (select %(now)s + n * interval '7 days' as d from generate_series(1, 3) as n) as later
where t.id <> %(tenant)s;

-- what is closed elsewhere and later, and other pools
insert into core.date_overrides (tenant_id, id, resource_id, on_date, created_at, updated_at)
select t.id, t.id, t.id, '2031-03-04', %(now)s, %(now)s
from core.tenants as t where t.id <> %(tenant)s;

insert into core.date_overrides (tenant_id, id, resource_id, on_date, created_at, updated_at)
select %(tenant)s, md5('override' || n)::uuid, %(resource)s, '2032-01-01'::date + n,
    %(now)s, %(now)s
from generate_series(1, %(rows)s) as n;

insert into core.blackouts (tenant_id, id, resource_id, during, created_at, updated_at)
select %(tenant)s, md5('blackout' || n)::uuid,
    case when n %% 2 = 0 then %(resource)s else md5('tenant' || n)::uuid end,
    tstzrange(d, d + interval '1 hour', '[)'), %(now)s, %(now)s
from generate_series(1, %(rows)s) as n,
    lateral (select %(now)s + interval '2 years' + n * interval '2 hours' as d) as later;

insert into core.external_busy (tenant_id, calendar_id, resource_id, during)
select b.tenant_id, b.resource_id, b.resource_id, b.during from core.blackouts as b;

-- other resources' calendars, read a moment ago, and feeds; as many of our tenant
insert into core.calendars (
    tenant_id, id, resource_id, name, url, read_at, busy_until, due_at, created_at, updated_at)
select %(tenant)s, md5('calendar' || n)::uuid, md5('elsewhere' || n)::uuid, 'C',
    'https://c.example/', %(now)s, %(now)s, %(now)s + interval '1 hour', %(now)s, %(now)s
from generate_series(1, %(rows)s) as n;

insert into core.calendar_feeds (tenant_id, id, resource_id, token_hash, created_at)
select c.tenant_id, c.id, c.resource_id, sha256(c.id::text::bytea), %(now)s
from core.calendars as c where c.tenant_id = %(tenant)s and c.name = 'C';

insert into core.calendars (
    tenant_id, id, resource_id, name, url, read_at, busy_until, due_at, created_at, updated_at)
select t.id, t.id, t.id, 'C', 'https://c.example/', %(now)s, %(now)s,
    %(now)s + interval '1 hour', %(now)s, %(now)s
from core.tenants as t where t.id <> %(tenant)s;

insert into core.calendar_feeds (tenant_id, id, resource_id, token_hash, created_at)
select t.id, t.id, t.id, sha256(t.id::text::bytea), %(now)s
from core.tenants as t where t.id <> %(tenant)s;

insert into core.pools (tenant_id, id, name, created_at, updated_at)
select case when n %% 2 = 0 then %(tenant)s else md5('tenant' || n)::uuid end,
    md5('pool' || n)::uuid, 'P', %(now)s, %(now)s
from generate_series(1, %(rows)s) as n;

insert into core.pool_resources (tenant_id, pool_id, resource_id)
select p.tenant_id, p.id, case when p.tenant_id = %(tenant)s then %(resource)s else p.tenant_id end
from core.pools as p where p.name = 'P';

-- our tenant's past: bookings of the resource in question, each with a customer, a payment, …
insert into core.customers (tenant_id, id, email, name, created_at, updated_at)
select %(tenant)s, md5('customer' || n)::uuid, 'c' || n || '@example.com', 'C', %(now)s, %(now)s
from generate_series(1, greatest(%(past)s, %(rows)s)) as n;

insert into core.bookings (
    tenant_id, id, resource_id, offering_id, tier, package, customer_id, customer_name,
    starts_at, ends_at, buffer_before_minutes, buffer_after_minutes, amount, currency,
    rate_locked_at, status, payment_status, client_secret_hash, vouched, address_hash, created_at,
    updated_at, reference)
select
    %(tenant)s, md5('booking' || n)::uuid, %(resource)s, %(offering)s, 'standard', 'single',
    md5('customer' || n)::uuid, 'C', %(now)s - (n + 1) * interval '1 hour',
    %(now)s - n * interval '1 hour', 0, 0, 4500, 'EUR', %(now)s, 'completed', 'paid',
    sha256('x'), n %% 2 = 0, case when n %% 2 = 1 then sha256(('home' || n)::bytea) end,
    %(now)s, %(now)s, (
        select string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ',
            1 + ((n::bigint >> (5 * i)) & 31)::integer, 1), '' order by i)
        from generate_series(0, 7) as i)
from generate_series(1, %(past)s) as n;

-- who waited for a time that they were not offered, and who waits for one of another resource
insert into core.waitlist (
    tenant_id, id, resource_id, offering_id, tier, package, starts_at, customer_id, customer_name,
    state, looked_at, client_secret_hash, vouched, address_hash, created_at, updated_at)
select b.tenant_id, b.id,
    case when b.id::text < '8' then b.resource_id else md5('tenant1')::uuid end, b.offering_id,
    b.tier, b.package, b.starts_at, b.customer_id, b.customer_name,
    case when b.id::text < '8' then 'left' else 'waiting' end, %(now)s, sha256('x'),
    b.vouched, b.address_hash, %(now)s, %(now)s
from core.bookings as b where b.status = 'completed';

insert into core.reschedules (
    tenant_id, id, booking_id, state, resource_id, starts_at, ends_at,
    buffer_before_minutes, buffer_after_minutes, amount, difference, currency,
    from_resource_id, from_starts_at, from_ends_at, calendar_unchecked, created_at, updated_at)
select b.tenant_id, b.id, b.id, 'applied', b.resource_id, b.starts_at, b.ends_at,
    0, 0, 4500, 0, 'EUR',
    b.resource_id, b.starts_at, b.ends_at, false, %(now)s, %(now)s
from core.bookings as b where b.status = 'completed';

insert into core.checkouts (
    tenant_id, id, booking_id, state, parameters, amount, currency, stripe_session_expires_at,
    stripe_session_id, created_at, updated_at)
select b.tenant_id, b.id, b.id, 'paid', '{}', 4500, 'EUR', %(now)s, 'cs_old_' || b.id, %(now)s,
    %(now)s
from core.bookings as b where b.status = 'completed';

insert into core.payments (
    tenant_id, id, booking_id, checkout_id, payment_intent_id, status, amount, currency,
    created_at, updated_at)
select b.tenant_id, b.id, b.id, b.id, 'pi_old_' || b.id, 'captured', 4500, 'EUR', %(now)s, %(now)s
from core.bookings as b where b.status = 'completed';

insert into core.refunds (
    tenant_id, id, payment_id, booking_id, return_id, amount, currency, reason, status,
    stripe_refund_id, created_at, updated_at)
select b.tenant_id, b.id, b.id, b.id, b.id, 4500, 'EUR', 'time_lost', 'succeeded',
    're_old_' || b.id, %(now)s, %(now)s
from core.bookings as b where b.status = 'completed';

insert into core.allocations (
    tenant_id, id, booking_id, kind, covers, value, currency, payment_id, created_at)
select b.tenant_id, b.id, b.id, 'card', 4500, 4500, 'EUR', b.id, %(now)s
from core.bookings as b where b.status = 'completed';

insert into core.returns (tenant_id, id, booking_id, key, amount, currency, created_at)
select b.tenant_id, b.id, b.id, 'not_kept:' || b.id, 4500, 'EUR', %(now)s
from core.bookings as b where b.status = 'completed';

insert into core.return_parts (tenant_id, return_id, allocation_id, amount, refund_id)
select b.tenant_id, b.id, b.id, 4500, b.id from core.bookings as b where b.status = 'completed';

insert into ledger.accounts (
    tenant_id, id, kind, subject_id, currency, normal, balance, created_at)
select b.tenant_id, core.account_id(b.tenant_id, 'held', b.id, 'EUR'), 'held', b.id, 'EUR', -1,
    4500, %(now)s
from core.bookings as b where b.status = 'completed';

insert into ledger.journals (tenant_id, id, reference, currency, lines, booking_id, at)
select b.tenant_id, b.id, 'payment:' || b.id, 'EUR', 2, b.id, %(now)s
from core.bookings as b where b.status = 'completed';

insert into ledger.postings (tenant_id, journal_id, account_id, amount)
select b.tenant_id, b.id, l.id, l.amount
from core.bookings as b
cross join lateral (values
    (core.account_id(b.tenant_id, 'held', b.id, 'EUR'), -4500),
    (core.account_id(b.tenant_id, 'clearing', '00000000-0000-0000-0000-000000000000', 'EUR'),
        4500)) as l (id, amount)
where b.status = 'completed';

insert into core.stripe_events (id, tenant_id, type, booking_id, created_at, received_at)
select 'evt_old_' || replace(b.id::text, '-', ''), b.tenant_id, 'x', b.id, %(now)s, %(now)s
from core.bookings as b where b.status = 'completed';

insert into core.effects (
    tenant_id, id, kind, key, booking_id, refund_id, state, due_at, created_at, updated_at)
select b.tenant_id, b.id, 'refund_payment', 'refund_payment:' || b.id, b.id, b.id, 'done',
    %(now)s - interval '1 day', %(now)s, %(now)s
from core.bookings as b where b.status = 'completed';

-- a walk through both books that has come by all of them, after many others
insert into core.reconciled_rows (tenant_id, row_id)
select p.tenant_id, p.id from core.payments as p where p.payment_intent_id like 'pi_old_%%';

insert into core.reconciliations (id, from_at, until_at, phase, began_at, finished_at)
select md5('walk' || n)::uuid, d - interval '30 days', d, 'done', d, d
from generate_series(1, %(rows)s) as n,
    lateral (select %(now)s - n * interval '1 day' as d) as earlier;

insert into core.findings (
    object_id, kind, tenant_id, booking_id, amount, currency, detail, first_seen_at, last_seen_at,
    resolved_at)
select p.payment_intent_id, 'payment_unknown', p.tenant_id, p.booking_id, 4500, 'EUR', 'x', %(now)s,
    %(now)s, %(now)s
from core.payments as p where p.payment_intent_id like 'pi_old_%%';

insert into core.idempotency_keys (
    tenant_id, caller, operation, subject, key, fingerprint, result_id, created_at)
select b.tenant_id, 'secret', o.operation, b.id, b.id::text, sha256('x'), b.id, %(now)s
from core.bookings as b, (values ('create_hold'), ('begin_checkout')) as o (operation)
where b.status = 'completed';

insert into audit.booking_events (
    tenant_id, booking_id, at, version, to_status, to_payment_status, actor_role, reason)
select b.tenant_id, b.id, %(now)s, 1, 'completed', 'paid', 'secret', 'x'
from core.bookings as b where b.status = 'completed';

-- and live bookings elsewhere and later, which own their time
insert into core.bookings (
    tenant_id, id, resource_id, offering_id, tier, package, customer_id, customer_name,
    starts_at, ends_at, buffer_before_minutes, buffer_after_minutes, amount, currency,
    rate_locked_at, status, hold_expires_at, client_secret_hash, vouched, address_hash, created_at,
    updated_at, reference)
select
    %(tenant)s, md5('live' || n)::uuid,
    case when n %% 2 = 0 then %(resource)s else md5('tenant' || n)::uuid end, %(offering)s,
    'standard', 'single', md5('customer' || n)::uuid, 'C',
    %(now)s + interval '2 years' + n * interval '1 hour',
    %(now)s + interval '2 years' + (n + 1) * interval '1 hour', 0, 0, 4500, 'EUR', %(now)s,
    'held', %(now)s + interval '2 years', sha256('x'), n %% 2 = 0,
    case when n %% 2 = 1 then sha256(('home' || n)::bytea) end, %(now)s, %(now)s, (
        select string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ',
            1 + (((n + 1000000000::bigint) >> (5 * i)) & 31)::integer, 1), '' order by i)
        from generate_series(0, 7) as i)
from generate_series(1, %(rows)s) as n;

insert into core.occupancies (tenant_id, booking_id, resource_id, unit, during, class_id)
select b.tenant_id, b.id, b.resource_id, 1, tstzrange(b.starts_at, b.ends_at), b.id
from core.bookings as b
where b.starts_at >= %(now)s + interval '2 years';
"""


def grow(database: Database, offer: Offer, past: int = ROWS) -> None:
    """Add years of other tenants' rows, and of this offer's own past.

    Args:
        past: bookings that are over, each with all that a booking leaves.
    """
    values = {
        "now": NOW,
        "rows": ROWS,
        "past": past,
        "tenant": offer.tenant.id,
        "resource": offer.resource_id,
        "offering": offer.offering_id,
    }
    with database.connect() as connection:
        for statement in _GROW.split(";\n"):
            if statement.strip():
                connection.execute(statement.encode(), values)
        # what was read for this is counted now, and not in the middle of a measurement
        connection.execute("select pg_stat_force_next_flush()")


def hold_off_autovacuum(database: Database) -> None:
    """Keep background workers from analysing the tables. To be called before any plan is made."""
    for (table,) in database.rows(
        "select c.oid::regclass::text from pg_class as c where c.relkind = 'r'"
        " and c.relnamespace::regnamespace::text in ('core', 'audit', 'ledger')"
    ):
        database.execute(f"alter table {table} set (autovacuum_enabled = false)")
