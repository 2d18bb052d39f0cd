-- core.booked_days: how many live bookings of a resource start on each local day of a period.
--
-- A reschedule that waits for its payment counts on its new day as well as on the old one. Runs as
-- holdfast_system for the same reason as core.occupied_ranges.
--
-- p_except  a booking that is not counted, because it is being rescheduled; or null
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.booked_days(
    p_resource core.resources, p_from date, p_until date, p_at timestamptz, p_except uuid)
returns table (on_day date, bookings integer)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off
rows 30
as $$
begin
    return query
    select s.on_day, pg_catalog.count(distinct s.booking_id)::integer
    from (
        select o.booking_id,
            (coalesce(c.starts_at, b.starts_at) at time zone p_resource.timezone)::date as on_day
        from core.occupancies as o
        join core.bookings as b on b.tenant_id = o.tenant_id and b.id = o.booking_id
        left join lateral (
            select c.starts_at
            from core.reschedules as c
            where o.part = 2 and c.tenant_id = o.tenant_id and c.booking_id = o.booking_id
                and c.state = 'pending'
            limit 1 -- a search for each, whatever the planner thinks of empty tables
        ) as c on true
        where o.tenant_id is not distinct from p_resource.tenant_id
            and o.resource_id = p_resource.id
            and o.during && pg_catalog.tstzrange(
                core.local_instant(p_from::timestamp, p_resource.timezone, 'start'),
                core.local_instant((p_until + 1)::timestamp, p_resource.timezone, 'start'), '[)')
            and core.owns_time(o, b, p_at)
            and o.booking_id is distinct from p_except
    ) as s
    where s.on_day between p_from and p_until
    group by s.on_day;
end;
$$;
