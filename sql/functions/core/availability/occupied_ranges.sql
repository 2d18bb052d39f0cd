-- core.occupied_ranges: the occupied ranges of a resource that touch a window, without expired holds
-- and reschedules.
--
-- Runs as holdfast_system, whose policies are constant: under a per-tenant policy the planner may
-- not use the range index, because range operators are not leakproof. The tenant is the
-- one that the caller has entered; it is compared in a way that no index can be searched by, or a plan
-- made on empty tables would begin with all that the tenant has. Only times and ids leave this function.
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
declare
    v_tenant_id uuid := core.current_tenant();
    v_overdue uuid[] := core.overdue_bookings(p_at);
begin
    return query
    select o.unit, o.during, o.booking_id
    from core.occupancies as o
    where o.tenant_id is not distinct from v_tenant_id
        and o.resource_id = p_resource_id and o.during && p_window
        and case
            when o.part = 1 and o.booking_id <> all (v_overdue) then true
            else (
                select core.owns_time(o, b, p_at)
                from core.bookings as b
                where b.tenant_id = o.tenant_id and b.id = o.booking_id)
        end;
end;
$$;
