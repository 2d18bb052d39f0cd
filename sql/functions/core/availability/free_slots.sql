-- core.free_slots: offered periods that can be taken, with the places still free in each.
--
-- A place is a unit, or a seat of a group offering: all seats of a free unit, and what is left in
-- a session of this very offering and period. Listing and the alternatives of a refusal both come
-- from here.
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
declare
    v_before interval := core.buffer_before(p_resource, p_offering) * interval '1 minute';
    v_after interval := core.buffer_after(p_resource, p_offering) * interval '1 minute';
    -- the last start may run past the window by its own length, a whole date by 26 hours
    -- (Antarctica/Troll changes its clocks by two)
    v_window tstzrange := pg_catalog.tstzrange(
        p_from - v_before,
        p_to + coalesce(p_offering.duration_minutes, 1560) * interval '1 minute' + v_after, '[)');
    v_places boolean := p_resource.capacity > 1 or p_offering.group_size is not null;
    v_blocked tstzmultirange; -- what a period may not touch, so that its buffers do not either
    v_full date[] := '{}';
begin
    select coalesce(pg_catalog.range_agg(pg_catalog.tstzrange(
        pg_catalog.lower(r.during) - v_after, pg_catalog.upper(r.during) + v_before, '[)')), '{}')
    into v_blocked
    from (
        select c.during from core.blocked_ranges(p_resource.id, v_window) as c
        union all
        select b.during
        from core.occupied_ranges(p_resource.id, v_window, p_at) as b
        where not v_places and b.unit = 1
    ) as r;

    if p_resource.daily_limit is not null then
        v_full := array(
            select d.on_day
            from core.booked_days(
                p_resource, (p_from at time zone p_resource.timezone)::date,
                (p_to at time zone p_resource.timezone)::date, p_at, null) as d
            where d.bookings >= p_resource.daily_limit);
    end if;

    if not v_places then
        return query
        select f.starts_at, f.ends_at, f.booked_on, 1
        from core.bookable_periods(p_resource, p_offering, p_from, p_to, p_at, v_blocked) as f
        where v_full = '{}'
            or (f.starts_at at time zone p_resource.timezone)::date <> all (v_full);
        return;
    end if;

    return query
    with busy as materialized (
        select pg_catalog.range_agg(b.during) as during
        from core.occupied_ranges(p_resource.id, v_window, p_at) as b
        where b.unit <= p_resource.capacity
        group by b.unit
    ),
    sessions as materialized (
        select s.starts_at, s.ends_at,
            pg_catalog.sum(greatest(p_offering.group_size - s.seats, 0))::integer as seats
        from core.classes(p_resource.id, p_offering.id, v_window, p_at) as s
        where s.unit <= p_resource.capacity
        group by 1, 2
    ),
    counted as (
        select f.starts_at, f.ends_at, f.booked_on,
            (p_resource.capacity - (
                select pg_catalog.count(*)
                from busy as u
                where u.during
                    && pg_catalog.tstzrange(f.starts_at - v_before, f.ends_at + v_after, '[)'))::integer)
                * coalesce(p_offering.group_size, 1)
            + case when p_offering.group_size is null then 0 else coalesce((
                select s.seats from sessions as s
                where s.starts_at = f.starts_at and s.ends_at = f.ends_at), 0) end as remaining
        from core.bookable_periods(p_resource, p_offering, p_from, p_to, p_at, v_blocked) as f
        where v_full = '{}'
            or (f.starts_at at time zone p_resource.timezone)::date <> all (v_full)
    )
    select c.starts_at, c.ends_at, c.booked_on, c.remaining
    from counted as c
    where c.remaining > 0;
end;
$$;
