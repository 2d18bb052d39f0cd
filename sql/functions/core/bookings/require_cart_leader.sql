-- core.require_cart_leader: until it is paid, a booking that is held with others is paid and released through the first.
--
-- Locks     none (the caller holds the booking's row)
-- Raises    KHSTA  it is a later one, and not paid yet
-- Backstop  bookings_first_carries_the_cart
create or replace function core.require_cart_leader(p_booking core.bookings)
returns void
language plpgsql stable
as $$
begin
    if p_booking.cart_id <> p_booking.id and p_booking.status in ('held', 'paying') then
        raise exception 'the booking is part of an unpaid cart'
            using errcode = 'KHSTA',
                hint = 'pay or release the whole cart through its first booking, ' || p_booking.cart_id;
    end if;
end;
$$;
