-- core.occupied_ranges: the occupied ranges of a resource that touch a window, without expired holds
-- and reschedules.
--
-- Runs as holdfast_system, whose policies are constant: under a per-tenant policy the planner may
-- not use the range index, because range operators are not leakproof. The caller has already found
-- the resource under its own tenant; only times and ids leave this function.
--
-- Locks     none
-- Raises    nothing
-- Backstop  occupancies_no_overlap
create or replace function core.occupied_ranges(p_resource_id uuid, p_window tstzrange, p_at timestamptz)
returns table (unit integer, during tstzrange, booking_id uuid)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off
rows 50
as $$
begin
    return query
    select o.unit, o.during, o.booking_id
    from core.occupancies as o
    join core.bookings as b on b.tenant_id = o.tenant_id and b.id = o.booking_id
    where o.resource_id = p_resource_id and o.during && p_window
        and (b.status <> 'held' or b.hold_expires_at > p_at)
        and (o.part = 1 or not core.reschedule_expired(o.tenant_id, o.booking_id, p_at));
end;
$$;
