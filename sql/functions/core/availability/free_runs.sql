-- core.free_runs: offered periods that can be taken, as runs of starts, with the places still free in
-- each. In the order of their starts.
--
-- A place is a unit, or a seat of a group offering: all seats of a free unit, and what is left in
-- a class of this very offering and period. Listing and the alternatives of a refusal both come
-- from here.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.free_runs(
    p_resource core.resources, p_offering core.offerings,
    p_from timestamptz, p_to timestamptz, p_at timestamptz)
returns table (
    first_start timestamptz, last_start timestamptz, step interval, length interval,
    booked_on date, remaining integer)
language plpgsql stable
rows 100
as $$
declare
    v_before interval := core.buffer_before(p_resource, p_offering) * interval '1 minute';
    v_after interval := core.buffer_after(p_resource, p_offering) * interval '1 minute';
    -- the last start may run past the window by its own length, a whole date by 26 hours
    -- (Antarctica/Troll changes its clocks by two)
    v_window tstzrange := pg_catalog.tstzrange(
        p_from - v_before,
        p_to + coalesce(p_offering.duration_minutes, 1560) * interval '1 minute' + v_after, '[)');
    v_places boolean := p_resource.capacity > 1 or p_offering.group_size is not null;
    v_busy tstzrange[] := array( -- what a period, with its buffers, may not touch
        select c.during from core.blocked_ranges(p_resource.id, v_window) as c);
    v_full date[] := '{}';
begin
    if p_resource.daily_limit is not null then
        v_full := array(
            select d.on_day
            from core.booked_days(
                p_resource, (p_from at time zone p_resource.timezone)::date,
                (p_to at time zone p_resource.timezone)::date, p_at, null) as d
            where d.bookings >= p_resource.daily_limit);
    end if;

    if not v_places then
        v_busy := v_busy || array(
            select b.during
            from core.occupied_ranges(p_resource.id, v_window, p_at) as b
            where b.unit = 1);
        if v_full = '{}' then
            return query
            select r.*, 1
            from core.bookable_runs(p_resource, p_offering, p_from, p_to, p_at, v_busy) as r;
            return;
        end if;
        return query
        select s.start_at, s.start_at, s.step, s.length, s.booked_on, 1
        from (
            select pg_catalog.generate_series(r.first_start, r.last_start, r.step) as start_at, r.*
            from core.bookable_runs(p_resource, p_offering, p_from, p_to, p_at, v_busy) as r
        ) as s
        where (s.start_at at time zone p_resource.timezone)::date <> all (v_full);
        return;
    end if;

    return query
    with busy as materialized (
        select pg_catalog.range_agg(b.during) as during
        from core.occupied_ranges(p_resource.id, v_window, p_at) as b
        where b.unit <= p_resource.capacity
        group by b.unit
    ),
    classes as materialized (
        select s.starts_at, s.ends_at,
            pg_catalog.sum(greatest(p_offering.group_size - s.seats, 0))::integer as seats
        from core.classes(p_resource.id, p_offering.id, v_window, p_at) as s
        where s.unit <= p_resource.capacity
        group by 1, 2
    ),
    counted as (
        select s.start_at, s.step, s.length, s.booked_on,
            (p_resource.capacity - (
                select pg_catalog.count(*)
                from busy as u
                where u.during && pg_catalog.tstzrange(
                    s.start_at - v_before, s.start_at + s.length + v_after, '[)'))::integer)
                * coalesce(p_offering.group_size, 1)
            + case when p_offering.group_size is null then 0 else coalesce((
                select c.seats from classes as c
                where c.starts_at = s.start_at and c.ends_at = s.start_at + s.length), 0)
                end as remaining
        from (
            select pg_catalog.generate_series(r.first_start, r.last_start, r.step) as start_at, r.*
            from core.bookable_runs(p_resource, p_offering, p_from, p_to, p_at, v_busy) as r
        ) as s
        where v_full = '{}'
            or (s.start_at at time zone p_resource.timezone)::date <> all (v_full)
    )
    select c.start_at, c.start_at, c.step, c.length, c.booked_on, c.remaining
    from counted as c
    where c.remaining > 0;
end;
$$;
