-- core.payable_checkout: the one checkout of a booking that can still be paid, or none.
--
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  checkouts_one_payable_per_booking
create or replace function core.payable_checkout(p_booking core.bookings)
returns core.checkouts
language plpgsql volatile
as $$
declare
    v_checkout core.checkouts;
begin
    select * into v_checkout
    from core.checkouts as c
    where c.tenant_id = p_booking.tenant_id and c.booking_id = p_booking.id
        and c.state in ('creating', 'open', 'pending');
    return v_checkout;
end;
$$;
