-- core.exceeds_customer_limit: whether a browser's bookings that have just been paid exceed their
-- resources' limit per customer.
--
-- While they were unpaid they did not count, because the customer was not proved.
--
-- p_booking  the first of its cart
-- Locks     none (the caller holds the customer's mailbox; see core.limits_customers)
-- Raises    nothing
-- Backstop  none: no constraint can count; the lock alone stands in for one
create or replace function core.exceeds_customer_limit(p_booking core.bookings)
returns boolean
language plpgsql stable
as $$
declare
    v_ids uuid[];
    v_now timestamptz := core.clock();
    v_resource_id uuid;
    v_resource core.resources;
    v_periods integer;
begin
    if p_booking.vouched then
        return false; -- counted when it was held, or allowed with a reason
    end if;
    v_ids := core.cart_ids(p_booking);
    for v_resource_id, v_periods in
        select b.resource_id, pg_catalog.count(*)
        from pg_catalog.unnest(v_ids) as i (id)
        cross join lateral (
            select b.resource_id from core.bookings as b
            where b.tenant_id = p_booking.tenant_id and b.id = i.id
            limit 1
        ) as b
        group by b.resource_id
    loop
        select * into v_resource
        from core.resources as r
        where r.tenant_id = p_booking.tenant_id and r.id = v_resource_id;
        if v_resource.customer_limit
            < core.proved_bookings(v_resource, p_booking.customer_id, v_now, v_ids) + v_periods
        then
            return true;
        end if;
    end loop;
    return false;
end;
$$;
