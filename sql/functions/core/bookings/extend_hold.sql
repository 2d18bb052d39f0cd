-- core.extend_hold: extend the deadline of a hold, and of its whole cart.
--
-- Locks     none (the caller holds the first booking's row)
-- Raises    nothing
-- Backstop  bookings_hold_has_deadline
create or replace function core.extend_hold(
    p_booking core.bookings, p_until timestamptz, p_reason text)
returns void
language plpgsql volatile
as $$
declare
    v_id uuid;
begin
    perform pg_catalog.set_config('holdfast.reason', p_reason, true);
    foreach v_id in array core.cart_ids(p_booking) loop
        update core.bookings as b
        set hold_expires_at = p_until
        where b.tenant_id = p_booking.tenant_id and b.id = v_id;
    end loop;
end;
$$;
