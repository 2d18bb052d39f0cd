-- core.begin_reschedule_checkout: take the new time of a reschedule, and move the booking if nothing is to
-- be paid.
--
-- The new time is the second part of the same booking, which may touch the first: a booking is never
-- in its own way.
--
-- Returns the booking as it then is.
--
-- Locks     as core.occupy; as core.refund_amount (the caller holds the days and the booking's row)
-- Raises    KHTKN  the time is taken; see core.raise_taken
--           KHSTA  it costs more, and the old or the new time begins before that could be paid
-- Backstop  occupancies_no_overlap
create or replace function core.begin_reschedule_checkout(
    p_booking core.bookings, p_reschedule core.reschedules, p_resource core.resources,
    p_offering core.offerings, p_at timestamptz)
returns core.bookings
language plpgsql volatile
as $$
declare
    v_booking core.bookings := core.booking_after_reschedule(p_booking, p_reschedule);
begin
    if p_reschedule.difference > 0
        and core.last_page(least(p_booking.starts_at, p_reschedule.starts_at)) < p_at
    then
        raise exception 'it starts too soon for the difference to be paid'
            using errcode = 'KHSTA', hint = 'choose a time that costs no more';
    end if;
    if p_reschedule.difference <= 0 then
        -- it leaves the old time in any case: a group's seat must not be in the way of the new one
        delete from core.occupancies as o
        where o.tenant_id = p_booking.tenant_id and o.booking_id = p_booking.id and o.part = 1;
    end if;
    if not core.occupy(v_booking, p_resource.capacity, p_offering.group_size, 2) then
        perform core.raise_taken(p_resource, p_offering, p_reschedule.starts_at, p_at);
    end if;

    if p_reschedule.difference > 0 then
        return core.bump_booking(p_booking, 'asked for another time, which costs more');
    end if;
    if p_reschedule.difference < 0 then
        perform core.refund_amount(p_booking, -p_reschedule.difference, 'price_difference');
    end if;
    return core.apply_reschedule(p_booking, p_reschedule, 'moved to another time');
end;
$$;
