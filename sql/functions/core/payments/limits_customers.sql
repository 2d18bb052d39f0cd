-- core.limits_customers: whether paying for a browser's bookings has to be judged by a limit of their
-- customer, whose mailbox is then locked before days and bookings.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.limits_customers(p_booking core.bookings)
returns boolean
language plpgsql stable
as $$
begin
    if p_booking.vouched then
        return false; -- counted when it was held, or let be with a reason
    elsif p_booking.cart_id is null then
        return exists (
            select from core.resources as r
            where r.tenant_id = p_booking.tenant_id and r.id = p_booking.resource_id
                and r.customer_limit is not null);
    end if;
    return exists (
        select
        from pg_catalog.unnest(core.cart_ids(p_booking)) as i (id)
        cross join lateral (
            select b.resource_id from core.bookings as b
            where b.tenant_id = p_booking.tenant_id and b.id = i.id limit 1) as b
        cross join lateral (
            select r.customer_limit from core.resources as r
            where r.tenant_id = p_booking.tenant_id and r.id = b.resource_id limit 1) as r
        where r.customer_limit is not null);
end;
$$;
