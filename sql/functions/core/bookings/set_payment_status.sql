-- core.set_payment_status: change what a booking, and those paid with it, say of their money, and why.
--
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  bookings_payment_status_known
create or replace function core.set_payment_status(
    p_booking core.bookings, p_payment_status text, p_reason text)
returns void
language plpgsql volatile
as $$
declare
    v_id uuid;
begin
    perform pg_catalog.set_config('holdfast.reason', p_reason, true);

    foreach v_id in array core.cart_ids(p_booking) loop
        update core.bookings as b
        set payment_status = p_payment_status
        where b.tenant_id = p_booking.tenant_id and b.id = v_id
            and b.payment_status <> p_payment_status;
    end loop;
end;
$$;
