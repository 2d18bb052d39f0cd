-- core.occupy: take a resource's time for a booking; false when none is free.
--
-- Of a private offering it takes the lowest free unit. Of a group offering it joins the class of
-- its period that has a free seat, with the class's buffers; only then it opens a class in the
-- lowest free unit. The insert under the constraints is itself the check. Expired holds that are in
-- the way are cleared here; correctness never waits for a sweep. If anyone in the waitlist
-- could have what that frees, it is their turn.
--
-- p_booking its resource, times and buffers say what is taken
-- p_capacity, p_group_size  its resource's units, and the seats of its offering's classes or null
-- p_part    2: the new time of a change that waits for its payment, beside the time it has
-- Locks     the rows of stale holds in the way, in order of id (the caller holds the days)
-- Raises    nothing
-- Backstop  occupancies_no_overlap, occupancies_seat_once
create or replace function core.occupy(
    p_booking core.bookings, p_capacity integer, p_group_size integer, p_part integer default 1)
returns boolean
language plpgsql volatile
as $$
declare
    v_during tstzrange := core.with_buffers(
        p_booking.starts_at, p_booking.ends_at,
        p_booking.buffer_before_minutes, p_booking.buffer_after_minutes);
    v_resource core.resources;
begin
    loop
        if p_group_size is not null then
            if core.join_class(p_booking, p_capacity, p_group_size, v_during, p_part) then
                return true;
            end if;
        else
            for v_unit in 1 .. p_capacity loop
                insert into core.occupancies (
                    tenant_id, booking_id, part, resource_id, unit, during, class_id, seat)
                values (p_booking.tenant_id, p_booking.id, p_part, p_booking.resource_id, v_unit,
                    v_during, p_booking.id, p_part)
                on conflict do nothing;
                if found then
                    return true;
                end if;
            end loop;
        end if;

        select * into v_resource
        from core.resources as r
        where r.tenant_id = p_booking.tenant_id and r.id = p_booking.resource_id;
        if core.expire_stale_holds(v_resource, v_during) = 0 then
            return false;
        end if;
        -- a statement of its own, which sees what that has freed
        if core.awaited(v_resource, v_during) then
            return false;
        end if;
    end loop;
end;
$$;
