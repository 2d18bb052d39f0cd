-- core.owns_time: whether what an occupancy stands for still owns its time. A hold that has run out does
-- not, nor does a change, swept or not.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.owns_time(
    p_occupancy core.occupancies, p_booking core.bookings, p_at timestamptz)
returns boolean
language sql stable
as $$
    select (p_booking.status <> 'held' or p_booking.hold_expires_at > p_at)
        and (p_occupancy.part = 1
            or not core.reschedule_expired(p_occupancy.tenant_id, p_occupancy.booking_id, p_at))
$$;
