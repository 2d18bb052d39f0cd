-- core.occupy: take the lowest free unit of a resource for a booking; false when none is free.
--
-- The insert under the exclusion constraint is itself the check: nothing is read first that could
-- be stale. Holds that have run out and stand in the way are expired here; correctness never waits
-- for a sweep.
--
-- Locks     the rows of stale holds in the way, in order of id (the caller holds the days)
-- Raises    nothing
-- Backstop  occupancies_no_overlap
create or replace function core.occupy(p_booking core.bookings, p_resource core.resources)
returns boolean
language plpgsql volatile
as $$
declare
    v_during tstzrange := core.occupied(
        p_booking.starts_at, p_booking.ends_at,
        p_booking.buffer_before_minutes, p_booking.buffer_after_minutes);
begin
    loop
        for v_unit in 1 .. p_resource.capacity loop
            insert into core.occupancies (tenant_id, booking_id, resource_id, unit, during, session_id)
            values (p_booking.tenant_id, p_booking.id, p_booking.resource_id, v_unit, v_during,
                p_booking.id)
            on conflict do nothing;
            if found then
                return true;
            end if;
        end loop;

        if core.expire_stale_holds(p_resource, v_during) = 0 then
            return false;
        end if;
    end loop;
end;
$$;
