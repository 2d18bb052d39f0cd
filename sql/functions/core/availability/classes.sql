-- core.classes: the classes of a group offering that touch a window, with the seats that are
-- taken in each.
--
-- A class whose holds have all expired no longer counts. Runs as holdfast_system for the same
-- reason as core.occupied_ranges.
--
-- Locks     none
-- Raises    nothing
-- Backstop  occupancies_seat_once
create or replace function core.classes(
    p_resource_id uuid, p_offering_id uuid, p_window tstzrange, p_at timestamptz)
returns table (
    class_id uuid, unit integer, starts_at timestamptz, ends_at timestamptz, during tstzrange,
    seats integer)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off
rows 20
as $$
declare
    v_tenant_id uuid := core.current_tenant();
begin
    return query
    select o.class_id, o.unit,
        coalesce(c.starts_at, b.starts_at), coalesce(c.ends_at, b.ends_at), o.during,
        pg_catalog.count(*)::integer
    from core.occupancies as o
    join core.bookings as b on b.tenant_id = o.tenant_id and b.id = o.booking_id
    left join lateral (
        select c.starts_at, c.ends_at
        from core.reschedules as c
        where o.part = 2 and c.tenant_id = o.tenant_id and c.booking_id = o.booking_id
            and c.state = 'pending'
        limit 1 -- a search for each, whatever the planner thinks of empty tables
    ) as c on true
    where o.tenant_id is not distinct from v_tenant_id
        and o.resource_id = p_resource_id
        and o.offering_id = p_offering_id and o.during && p_window
        and core.owns_time(o, b, p_at)
    group by 1, 2, 3, 4, 5;
end;
$$;
