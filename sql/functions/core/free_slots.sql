-- core.free_slots: offered periods with the number of units still free in each.
--
-- Listing and the alternatives of a refusal both come from here.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.free_slots(
    p_resource core.resources, p_offering core.offerings,
    p_from timestamptz, p_to timestamptz, p_at timestamptz)
returns table (starts_at timestamptz, ends_at timestamptz, booked_on date, remaining integer)
language plpgsql stable
rows 500
as $$
begin
    return query
    with busy as materialized (
        select pg_catalog.range_agg(b.during) as during
        from core.busy(
            p_resource.id,
            core.occupied(
                p_from,
                -- the last start may run past the window by its own length, a whole date by 26
                -- hours (Antarctica/Troll changes its clocks by two)
                p_to + coalesce(p_offering.duration_minutes, 1560) * interval '1 minute',
                p_resource.buffer_before_minutes, p_resource.buffer_after_minutes),
            p_at) as b
        group by b.unit
    ),
    counted as (
        select s.starts_at, s.ends_at, s.booked_on,
            p_resource.capacity - (
                select pg_catalog.count(*)
                from busy as u
                where u.during && core.occupied(
                    s.starts_at, s.ends_at,
                    p_resource.buffer_before_minutes, p_resource.buffer_after_minutes)
            )::integer as remaining
        from core.offered(p_resource, p_offering, p_from, p_to, p_at) as s
    )
    select c.starts_at, c.ends_at, c.booked_on, c.remaining
    from counted as c
    where c.remaining > 0;
end;
$$;
