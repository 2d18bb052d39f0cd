-- core.payment_status_of: a booking's payment status, derived from its payments and refunds.
--
-- Money given back because it was paid twice does not make a booking less paid.
--
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  bookings_payment_status_known
create or replace function core.payment_status_of(p_booking core.bookings)
returns text
language plpgsql volatile
as $$
declare
    v_captured bigint;
    v_returned bigint;
begin
    select coalesce(pg_catalog.sum(p.amount), 0) into v_captured
    from core.payments as p
    where p.tenant_id = p_booking.tenant_id and p.booking_id = p_booking.id;

    select coalesce(pg_catalog.sum(r.amount), 0) into v_returned
    from core.refunds as r
    where r.tenant_id = p_booking.tenant_id and r.booking_id = p_booking.id
        and r.status in ('pending', 'succeeded');

    return case
        when v_captured = 0 then 'unpaid'
        when v_returned = 0 or v_captured - v_returned >= p_booking.amount then 'paid'
        when v_returned >= v_captured then 'refunded'
        else 'partially_refunded'
    end;
end;
$$;
