-- core.extend_reschedule: keep the time that a reschedule has taken until then, in a new version of its
-- booking.
--
-- p_reason  for the audit trail
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  reschedules_pending_has_deadline
create or replace function core.extend_reschedule(
    p_booking core.bookings, p_reschedule core.reschedules, p_until timestamptz, p_reason text)
returns core.bookings
language plpgsql volatile
as $$
begin
    update core.reschedules as c
    set expires_at = p_until
    where c.tenant_id = p_reschedule.tenant_id and c.id = p_reschedule.id;

    return core.bump_booking(p_booking, p_reason);
end;
$$;
