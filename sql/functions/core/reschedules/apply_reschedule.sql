-- core.apply_reschedule: move a booking to the time that its reschedule has taken for it; the old time is
-- free in the same instant.
--
-- Returns the booking as it then is.
--
-- p_reason  for the audit trail
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  occupancies_pkey: the new time replaces the old one
create or replace function core.apply_reschedule(
    p_booking core.bookings, p_reschedule core.reschedules, p_reason text)
returns core.bookings
language plpgsql volatile
as $$
declare
    v_reschedule core.reschedules;
    v_booking core.bookings;
begin
    update core.reschedules as c
    set state = 'applied', expires_at = null
    where c.tenant_id = p_reschedule.tenant_id and c.id = p_reschedule.id
    returning * into v_reschedule; -- with the buffers of the class it has joined
    v_booking := core.booking_after_reschedule(p_booking, v_reschedule);

    delete from core.occupancies as o
    where o.tenant_id = p_booking.tenant_id and o.booking_id = p_booking.id and o.part = 1;
    update core.occupancies as o
    set part = 1, seat = case when o.offering_id is null then 1 else o.seat end
    where o.tenant_id = p_booking.tenant_id and o.booking_id = p_booking.id and o.part = 2;

    perform pg_catalog.set_config('holdfast.reason', p_reason, true);
    update core.bookings as b
    set resource_id = v_booking.resource_id,
        starts_at = v_booking.starts_at,
        ends_at = v_booking.ends_at,
        booked_on = v_booking.booked_on,
        buffer_before_minutes = v_booking.buffer_before_minutes,
        buffer_after_minutes = v_booking.buffer_after_minutes,
        amount = v_booking.amount,
        currency = v_booking.currency,
        rate_locked_at = v_booking.rate_locked_at,
        calendar_unchecked = v_booking.calendar_unchecked
    where b.tenant_id = p_booking.tenant_id and b.id = p_booking.id
    returning * into v_booking;

    return v_booking;
end;
$$;
