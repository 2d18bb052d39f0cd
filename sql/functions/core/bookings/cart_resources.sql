-- core.cart_resources: the resources of a booking and of those held and paid with it.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.cart_resources(p_booking core.bookings)
returns uuid[]
language plpgsql stable
as $$
begin
    if p_booking.cart_id is null then
        return array[p_booking.resource_id];
    end if;
    return array(
        select b.resource_id
        from core.bookings as b
        where b.tenant_id = p_booking.tenant_id and b.cart_id = p_booking.cart_id);
end;
$$;
