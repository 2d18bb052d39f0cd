-- core.extend_change: keep the time that a change has taken until then, in a new version of its
-- booking.
--
-- p_reason  for the audit trail
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  changes_pending_has_deadline
create or replace function core.extend_change(
    p_booking core.bookings, p_change core.changes, p_until timestamptz, p_reason text)
returns core.bookings
language plpgsql volatile
as $$
begin
    update core.changes as c
    set expires_at = p_until
    where c.tenant_id = p_change.tenant_id and c.id = p_change.id;

    return core.touch(p_booking, p_reason);
end;
$$;
