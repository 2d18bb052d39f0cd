-- core.reached_limits: which limits of a resource one more booking would break: daily_limit,
-- customer_limit, both or none.
--
-- A customer is a mailbox, as for core.limit_holder; their bookings count until they are over.
--
-- p_customer_id  null: the customer is not known, and only the day is counted
-- p_except       a booking that is not counted, because it is about to move to p_period
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.reached_limits(
    p_resource core.resources, p_customer_id uuid, p_period tstzrange, p_at timestamptz,
    p_except uuid)
returns text[]
language plpgsql stable
set enable_sort = off
as $$
declare
    v_day date;
    v_customers uuid[];
    v_reached text[] := '{}';
begin
    if p_resource.daily_limit is not null then
        v_day := (pg_catalog.lower(p_period) at time zone p_resource.timezone)::date;
        if exists (
            select from core.booked_days(p_resource, v_day, v_day, p_at, p_except) as d
            where d.bookings >= p_resource.daily_limit)
        then
            v_reached := v_reached || array['daily_limit'];
        end if;
    end if;

    if p_resource.customer_limit is not null and p_customer_id is not null then
        -- in two steps, and in the order of an index: else a plan that was made on empty tables might
        -- begin with all bookings of the tenant, or of the resource
        v_customers := array(
            select c.id
            from core.customers as asker
            join core.customers as c on c.tenant_id = asker.tenant_id and c.mailbox = asker.mailbox
            where asker.tenant_id = p_resource.tenant_id and asker.id = p_customer_id);
        if (
            select pg_catalog.count(*)
            from pg_catalog.unnest(v_customers) as c (id)
            cross join lateral (
                select
                from core.bookings as b
                where b.tenant_id = p_resource.tenant_id
                    and (b.customer_id, b.resource_id) >= (c.id, p_resource.id)
                    and (b.customer_id, b.resource_id) <= (c.id, p_resource.id)
                    and core.is_live(b.status) and b.ends_at > p_at
                    and (b.status <> 'held' or b.hold_expires_at > p_at)
                    and b.id is distinct from p_except
                order by b.customer_id, b.resource_id
                offset 0
            ) as live
        ) >= p_resource.customer_limit
        then
            v_reached := v_reached || array['customer_limit'];
        end if;
    end if;
    return v_reached;
end;
$$;
