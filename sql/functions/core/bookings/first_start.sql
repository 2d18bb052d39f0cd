-- core.first_start: the first start of what is paid together: of a booking, or of all periods of
-- its cart.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.first_start(p_booking core.bookings)
returns timestamptz
language plpgsql stable
as $$
begin
    if p_booking.cart_id is null or p_booking.status not in ('held', 'paying', 'expired') then
        return p_booking.starts_at; -- a booking that is paid is on its own
    end if;
    return (
        select pg_catalog.min(b.starts_at)
        from core.bookings as b
        where b.tenant_id = p_booking.tenant_id and b.cart_id = p_booking.cart_id);
end;
$$;
