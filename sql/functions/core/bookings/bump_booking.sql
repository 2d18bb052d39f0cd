-- core.bump_booking: make a new version, with its audit row, of a booking of which only dependent
-- rows have changed.
--
-- p_reason  for the audit trail
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  none
create or replace function core.bump_booking(p_booking core.bookings, p_reason text)
returns core.bookings
language plpgsql volatile
as $$
declare
    v_booking core.bookings;
begin
    perform pg_catalog.set_config('holdfast.reason', p_reason, true);

    update core.bookings as b
    set updated_at = core.clock()
    where b.tenant_id = p_booking.tenant_id and b.id = p_booking.id
    returning * into v_booking;
    return v_booking;
end;
$$;
