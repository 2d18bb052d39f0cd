-- core.stale_holds: expired holds that still own time in a window, by the first booking of each;
-- and bookings with an expired reschedule.
--
-- Runs as holdfast_system for the same reason as core.occupied_ranges. What it returns is a hint: the caller
-- locks each booking and looks again.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.stale_holds(p_resource_id uuid, p_window tstzrange, p_at timestamptz)
returns setof uuid
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off
rows 1
as $$
declare
    v_tenant_id uuid := core.current_tenant();
begin
    return query
    select distinct case o.part when 1 then coalesce(b.cart_id, b.id) else b.id end as id
    from core.occupancies as o
    join core.bookings as b on b.tenant_id = o.tenant_id and b.id = o.booking_id
    where o.tenant_id is not distinct from v_tenant_id
        and o.resource_id = p_resource_id and o.during && p_window
        and not core.owns_time(o, b, p_at)
    order by 1;
end;
$$;
