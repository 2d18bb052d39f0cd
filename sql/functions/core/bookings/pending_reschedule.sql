-- core.pending_reschedule: the reschedule of a booking that waits for its payment, or none.
--
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  reschedules_one_pending
create or replace function core.pending_reschedule(p_booking core.bookings)
returns core.reschedules
language plpgsql volatile
as $$
declare
    v_reschedule core.reschedules;
begin
    select * into v_reschedule
    from core.reschedules as c
    where c.tenant_id = p_booking.tenant_id and c.booking_id = p_booking.id
        and c.state = 'pending';
    return v_reschedule;
end;
$$;
