-- core.pending_change: the change of a booking that waits for its payment, or none.
--
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  changes_one_pending
create or replace function core.pending_change(p_booking core.bookings)
returns core.changes
language plpgsql volatile
as $$
declare
    v_change core.changes;
begin
    select * into v_change
    from core.changes as c
    where c.tenant_id = p_booking.tenant_id and c.booking_id = p_booking.id
        and c.state = 'pending';
    return v_change;
end;
$$;
