-- core.changed: a booking as a change of it would make it: its place, its time and its price.
--
-- When it can be cancelled free of charge is not among them: a new time never moves that.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.changed(p_booking core.bookings, p_change core.changes)
returns core.bookings
language plpgsql immutable parallel safe
as $$
declare
    v_booking core.bookings := p_booking;
begin
    v_booking.resource_id := p_change.resource_id;
    v_booking.starts_at := p_change.starts_at;
    v_booking.ends_at := p_change.ends_at;
    v_booking.booked_on := p_change.booked_on;
    v_booking.buffer_before_minutes := p_change.buffer_before_minutes;
    v_booking.buffer_after_minutes := p_change.buffer_after_minutes;
    v_booking.amount := p_change.amount;
    v_booking.currency := p_change.currency;
    v_booking.rate_locked_at := p_change.created_at;
    v_booking.calendar_unchecked := p_change.calendar_unchecked;
    return v_booking;
end;
$$;
