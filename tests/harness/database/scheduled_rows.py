"""A row in each table of scheduling and reconciliation, for tests that want rows everywhere."""

from datetime import date, timedelta

from tests.harness.database.builders import NOW, Offer

# A row in each table, about the booking that is held.
_ROWS = """
insert into core.calendars (tenant_id, id, resource_id, name, url, read_at, busy_until, due_at,
    created_at, updated_at)
select tenant_id, gen_random_uuid(), id, 'Own', 'https://a.example/', created_at, created_at,
    created_at, created_at, created_at
from core.resources where id = %(resource)s;
insert into core.external_busy
select tenant_id, id, resource_id, '[2031-05-01,2031-05-02)' from core.calendars;
insert into core.calendar_feeds (tenant_id, id, resource_id, token_hash, created_at)
select tenant_id, gen_random_uuid(), id, sha256('feed'), created_at
from core.resources where id = %(resource)s;
insert into core.reschedules (tenant_id, id, booking_id, state, resource_id, starts_at, ends_at,
    buffer_before_minutes, buffer_after_minutes, amount, difference, currency, calendar_unchecked,
    from_resource_id, from_starts_at, from_ends_at, expires_at, created_at, updated_at)
select tenant_id, gen_random_uuid(), id, 'pending', resource_id, starts_at, ends_at,
    0, 0, amount, 100, currency, false,
    resource_id, starts_at, ends_at, ends_at, created_at, updated_at
from core.bookings where status = 'held' limit 1;
insert into core.waitlist (tenant_id, id, resource_id, offering_id, tier, package, starts_at,
    customer_id, customer_name, vouched, client_secret_hash, created_at, updated_at)
select tenant_id, gen_random_uuid(), resource_id, offering_id, tier, package, starts_at,
    customer_id, customer_name, true, sha256('place'), created_at, updated_at
from core.bookings where status = 'held' limit 1;
insert into core.reconciliations (id, from_at, until_at, began_at)
select gen_random_uuid(), created_at - interval '30 days', created_at, created_at
from core.resources where id = %(resource)s;
insert into audit.deleted_bookings (tenant_id, ended_on, reason, bookings)
select tenant_id, '2031-01-01', 'released by the customer', 3
from core.resources where id = %(resource)s;
insert into core.reconciled_rows select tenant_id, id from core.resources where id = %(resource)s;
insert into core.sweep_failures (tenant_id, sweep, row_id, sqlstate, retry_at, updated_at)
select tenant_id, 'expire_holds', id, '22012', core.clock(), core.clock()
from core.resources where id = %(resource)s;
insert into core.findings (object_id, kind, tenant_id, amount, currency, booked_amount,
    booked_currency, detail, first_seen_at, last_seen_at)
select 'pi_1', 'payment_differs', tenant_id, 4500, 'EUR', 4400, 'EUR', 'another sum', created_at,
    created_at
from core.resources where id = %(resource)s;
select core.pay_back(b, 'price_difference:' || b.id, 'price_difference', 100)
from core.bookings as b where b.status = 'scheduled' limit 1;
"""


def fill(offer: Offer) -> None:
    """Write the rows; one booking of the offer is held."""
    tenant = offer.tenant
    tenant.pool([offer.resource_id])
    tenant.blackout(offer.resource_id, NOW + timedelta(days=60), NOW + timedelta(days=61))
    tenant.override(offer.resource_id, date(2031, 12, 24), "09:00", "14:00")
    for statement in _ROWS.split(";")[:-1]:
        with tenant.database.connect(autocommit=True) as connection:
            connection.execute(statement.encode(), {"resource": offer.resource_id})
