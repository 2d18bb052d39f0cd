-- core.begin_change: take the new time of a change, and move the booking if nothing is to be paid.
--
-- The new time is the second part of the same booking, which may touch the first: nobody is in their
-- own way.
--
-- Returns the booking as it then is.
--
-- Locks     as core.occupy; as core.give_back (the caller holds the days and the booking's row)
-- Raises    KHTKN  the time is taken; see core.raise_taken
--           KHSTA  it costs more, and the old or the new time begins before that could be paid
-- Backstop  occupancies_no_overlap
create or replace function core.begin_change(
    p_booking core.bookings, p_change core.changes, p_resource core.resources,
    p_offering core.offerings, p_at timestamptz)
returns core.bookings
language plpgsql volatile
as $$
declare
    v_booking core.bookings := core.changed(p_booking, p_change);
begin
    if p_change.difference > 0
        and core.last_page(least(p_booking.starts_at, p_change.starts_at)) < p_at
    then
        raise exception 'it begins too soon for the difference to be paid'
            using errcode = 'KHSTA', hint = 'choose a time that costs no more';
    end if;
    if p_change.difference <= 0 then
        -- it leaves the old time in any case: a group's seat must not be in the way of the new one
        delete from core.occupancies as o
        where o.tenant_id = p_booking.tenant_id and o.booking_id = p_booking.id and o.part = 1;
    end if;
    if not core.occupy(v_booking, p_resource, p_offering, 2) then
        perform core.raise_taken(p_resource, p_offering, p_change.starts_at, p_at);
    end if;

    if p_change.difference > 0 then
        return core.touch(p_booking, 'asked for another time, which costs more');
    end if;
    if p_change.difference < 0 then
        perform core.give_back(p_booking, -p_change.difference, 'price_difference');
    end if;
    return core.apply_change(p_booking, p_change, 'moved to another time');
end;
$$;
