-- core.booking_after_reschedule: a booking as its reschedule would make it: its resource, time and
-- price.
--
-- The deadline of free cancellation is not among them: it never changes.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.booking_after_reschedule(p_booking core.bookings, p_reschedule core.reschedules)
returns core.bookings
language plpgsql immutable parallel safe
as $$
declare
    v_booking core.bookings := p_booking;
begin
    v_booking.resource_id := p_reschedule.resource_id;
    v_booking.starts_at := p_reschedule.starts_at;
    v_booking.ends_at := p_reschedule.ends_at;
    v_booking.booked_on := p_reschedule.booked_on;
    v_booking.buffer_before_minutes := p_reschedule.buffer_before_minutes;
    v_booking.buffer_after_minutes := p_reschedule.buffer_after_minutes;
    v_booking.amount := p_reschedule.amount;
    v_booking.currency := p_reschedule.currency;
    v_booking.rate_locked_at := p_reschedule.created_at;
    v_booking.calendar_unchecked := p_reschedule.calendar_unchecked;
    return v_booking;
end;
$$;
