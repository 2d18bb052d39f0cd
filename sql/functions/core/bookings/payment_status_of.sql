-- core.payment_status_of: a booking's payment status, derived from its payments and refunds.
--
-- Bookings that were paid together have one status, that of the whole.
--
-- A refund of a duplicate payment does not make a booking less paid.
--
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  bookings_payment_status_known
create or replace function core.payment_status_of(p_booking core.bookings)
returns text
language plpgsql volatile
as $$
declare
    v_id uuid;
    v_captured bigint := 0;
    v_returned bigint := 0;
begin
    -- one after the other: each has an index, an array of them might not be given it
    foreach v_id in array core.cart_ids(p_booking) loop
        v_captured := v_captured + coalesce((
            select pg_catalog.sum(p.amount)
            from core.payments as p
            where p.tenant_id = p_booking.tenant_id and p.booking_id = v_id), 0);
        v_returned := v_returned + coalesce((
            select pg_catalog.sum(r.amount)
            from core.refunds as r
            where r.tenant_id = p_booking.tenant_id and r.booking_id = v_id
                and r.status in ('pending', 'succeeded')), 0);
    end loop;

    return case
        when v_captured = 0 then 'unpaid'
        when v_returned = 0 or v_captured - v_returned >= core.cart_total(p_booking) then 'paid'
        when v_returned >= v_captured then 'refunded'
        else 'partially_refunded'
    end;
end;
$$;
