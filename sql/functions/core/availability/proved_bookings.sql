-- core.proved_bookings: how many current bookings of a resource a customer is known to have: paid
-- ones, and those that a server made.
--
-- A customer is a mailbox, as for core.limit_customer. Holds by browsers in its name prove nothing.
--
-- p_except  bookings that are not counted; or null
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.proved_bookings(
    p_resource core.resources, p_customer_id uuid, p_at timestamptz, p_except uuid[])
returns integer
language plpgsql stable
set enable_sort = off set enable_incremental_sort = off
as $$
declare
    -- in two steps, and in the order of an index: otherwise a plan made on empty tables might begin
    -- with all bookings of the tenant, or of the resource
    v_customers uuid[] := array(
        select c.id
        from core.customers as asker
        join core.customers as c on c.tenant_id = asker.tenant_id and c.mailbox = asker.mailbox
        where asker.tenant_id = p_resource.tenant_id and asker.id = p_customer_id);
begin
    return (
        select pg_catalog.count(*)
        from pg_catalog.unnest(v_customers) as c (id)
        cross join lateral (
            select
            from core.bookings as b
            where b.tenant_id = p_resource.tenant_id
                and (b.customer_id, b.resource_id) >= (c.id, p_resource.id)
                and (b.customer_id, b.resource_id) <= (c.id, p_resource.id)
                and core.is_live(b.status) and b.ends_at > p_at
                and (b.vouched or b.status in ('scheduled', 'active'))
                and (b.status <> 'held' or b.hold_expires_at > p_at)
                and (p_except is null or b.id <> all (p_except))
            order by b.customer_id, b.resource_id
            offset 0
        ) as live);
end;
$$;
