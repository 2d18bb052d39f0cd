-- core.cart_ids: the bookings that a booking is held and paid with, itself included, in order.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.cart_ids(p_booking core.bookings)
returns uuid[]
language plpgsql stable
as $$
begin
    if p_booking.cart_id is null then
        return array[p_booking.id];
    end if;
    return array(
        select b.id
        from core.bookings as b
        where b.tenant_id = p_booking.tenant_id and b.cart_id = p_booking.cart_id
        order by b.position);
end;
$$;
