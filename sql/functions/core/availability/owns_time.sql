-- core.owns_time: whether the booking of an occupancy still owns its time. An expired hold or
-- reschedule does not, with or without a sweep.
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
