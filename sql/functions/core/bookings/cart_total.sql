-- core.cart_total: the frozen prices of a booking and of those held and paid with it, minor units.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.cart_total(p_booking core.bookings)
returns bigint
language plpgsql stable
as $$
begin
    if p_booking.cart_id is null then
        return p_booking.amount;
    end if;
    return (
        select pg_catalog.sum(b.amount)
        from core.bookings as b
        where b.tenant_id = p_booking.tenant_id and b.cart_id = p_booking.cart_id)::bigint;
end;
$$;
