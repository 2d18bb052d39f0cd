-- core.expire_stale_reschedule: expire a booking's reschedule whose deadline has passed, if it has one; correctness never
-- waits for a sweep.
--
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  none
create or replace function core.expire_stale_reschedule(p_booking core.bookings, p_at timestamptz)
returns boolean
language plpgsql volatile
as $$
begin
    if not core.reschedule_expired(p_booking.tenant_id, p_booking.id, p_at) then
        return false;
    end if;
    perform core.expire_reschedule(
        p_booking, core.pending_reschedule(p_booking), 'the change was not paid in time');
    return true;
end;
$$;
