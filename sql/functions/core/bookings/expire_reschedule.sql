-- core.expire_reschedule: free the time that a reschedule had taken; the booking stays as it was.
--
-- Returns the booking, in a new version: clients see a difference.
--
-- p_reason  for the audit trail
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  none
create or replace function core.expire_reschedule(
    p_booking core.bookings, p_reschedule core.reschedules, p_reason text)
returns core.bookings
language plpgsql volatile
as $$
begin
    update core.reschedules as c
    set state = 'expired', expires_at = null
    where c.tenant_id = p_reschedule.tenant_id and c.id = p_reschedule.id;

    delete from core.occupancies as o
    where o.tenant_id = p_booking.tenant_id and o.booking_id = p_booking.id and o.part = 2;

    return core.bump_booking(p_booking, p_reason);
end;
$$;
