-- core.derive_payment_status: let a booking say what its money now says of it, and why that changed.
--
-- Those that were held together and never paid have their money in common, and change together.
--
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  bookings_payment_status_known
create or replace function core.derive_payment_status(p_booking core.bookings, p_reason text)
returns void
language plpgsql volatile
as $$
declare
    v_status text := core.derived_payment_status(p_booking);
    v_id uuid;
begin
    perform pg_catalog.set_config('holdfast.reason', p_reason, true);

    foreach v_id in array case
        when p_booking.status = 'expired' then core.cart_ids(p_booking) else array[p_booking.id] end
    loop
        update core.bookings as b
        set payment_status = v_status
        where b.tenant_id = p_booking.tenant_id and b.id = v_id and b.payment_status <> v_status;
    end loop;
end;
$$;
