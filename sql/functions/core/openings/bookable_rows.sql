-- core.bookable_rows: what core.bookables has of a resource, from the catalogue itself.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.bookable_rows(p_tenant_id uuid, p_resource_id uuid)
returns setof core.bookables
language sql stable
rows 5
as $$
    select r.tenant_id, r.id, o.id, p.tier, p.package,
        r.timezone, r.booking_mode, r.confirmation, r.capacity,
        r.step_minutes, r.notice_minutes, r.horizon_days,
        r.daily_limit, r.customer_limit, r.calendar_policy,
        o.duration_minutes, o.group_size,
        core.buffer_before(r, o), core.buffer_after(r, o),
        o.free_cancel_hours, p.amount, p.currency,
        p.amount >= c.least_charge and p.amount % c.step = 0,
        exists (
            select from core.blackouts as b
            where b.tenant_id = r.tenant_id and b.resource_id = r.id)
        or exists (
            select from core.calendars as k
            where k.tenant_id = r.tenant_id and k.resource_id = r.id)
    from core.resources as r
    join core.resource_offerings as ro on ro.tenant_id = r.tenant_id and ro.resource_id = r.id
    join core.offerings as o on o.tenant_id = ro.tenant_id and o.id = ro.offering_id
    join core.prices as p on p.tenant_id = o.tenant_id and p.offering_id = o.id
    join core.currencies as c on c.code = p.currency
    where r.tenant_id = p_tenant_id and r.id = p_resource_id
        and r.archived_at is null and o.archived_at is null
$$;
