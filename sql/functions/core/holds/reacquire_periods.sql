-- core.reacquire_periods: take the lost time of a hold again for a payment that came late: all its periods,
-- or none and false.
--
-- Locks     as core.occupy (the caller holds the days and the first booking's row)
-- Raises    nothing
-- Backstop  occupancies_no_overlap, occupancies_seat_once
create or replace function core.reacquire_periods(p_booking core.bookings)
returns boolean
language plpgsql volatile
as $$
declare
    v_ids uuid[] := core.cart_ids(p_booking);
    v_id uuid;
    v_booking core.bookings;
    v_resource core.resources;
    v_offering core.offerings;
    v_during tstzrange;
begin
    foreach v_id in array v_ids loop
        select * into v_booking
        from core.bookings as b
        where b.tenant_id = p_booking.tenant_id and b.id = v_id;
        select * into v_resource
        from core.resources as r
        where r.tenant_id = v_booking.tenant_id and r.id = v_booking.resource_id;
        select * into v_offering
        from core.offerings as o
        where o.tenant_id = v_booking.tenant_id and o.id = v_booking.offering_id;
        v_during := core.with_buffers(
            v_booking.starts_at, v_booking.ends_at,
            v_booking.buffer_before_minutes, v_booking.buffer_after_minutes);

        if v_booking.starts_at <= core.clock() -- a time that has begun cannot be used any more
            or exists (select from core.blocked_ranges(v_resource.id, v_during))
            or core.reached_limits(
                v_resource, null, pg_catalog.tstzrange(v_booking.starts_at, v_booking.ends_at, '[)'),
                core.clock(), v_booking.id) <> '{}'
            or not core.occupy(v_booking, v_resource.capacity, v_offering.group_size)
        then
            foreach v_id in array v_ids loop
                delete from core.occupancies as o
                where o.tenant_id = p_booking.tenant_id and o.booking_id = v_id;
            end loop;
            return false;
        end if;
    end loop;
    return true;
end;
$$;
