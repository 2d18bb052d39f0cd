-- core.free_in_pool: the periods that any of some resources can take, with the places free in each, and
-- how many of the resources have one.
--
-- The sum of core.free_slots over the resources. Most are alike: of one unit, by the slot, with compiled
-- openings. Those are counted as sets: how many have a start on their grid, less those that cannot take
-- it. The others are asked one by one.
--
-- Runs as holdfast_system for the same reason as core.occupied_ranges; the caller has found the resources.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.free_in_pool(
    p_resources core.resources[], p_offering core.offerings,
    p_from timestamptz, p_to timestamptz, p_at timestamptz)
returns table (
    starts_at timestamptz, ends_at timestamptz, booked_on date, remaining integer,
    resources integer)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off
rows 500
as $$
declare
    c_epoch constant timestamptz := timestamptz 'epoch';
    v_length interval := p_offering.duration_minutes * interval '1 minute';
    v_overdue uuid[] := core.overdue_bookings(p_at);
    v_alike core.resources[];
    v_others core.resources[];
begin
    select pg_catalog.array_agg(s.r) filter (where s.alike),
        pg_catalog.array_agg(s.r) filter (where not s.alike)
    into v_alike, v_others
    from (
        select r, r.booking_mode = 'slot' and r.confirmation = 'instant' and r.capacity = 1
            and p_offering.group_size is null and r.daily_limit is null
            and exists (
                select from core.timetables as t
                where t.tenant_id = r.tenant_id and t.resource_id = r.id and not t.overlapping
                    and t.opened_from <= greatest(p_from, core.earliest_start(r.notice_minutes, p_at))
                    and t.opened_until >= p_to) as alike
        from pg_catalog.unnest(p_resources) as r
    ) as s;

    return query
    with members as materialized (
        select r.id, r.step_minutes * interval '1 minute' as step,
            greatest(p_from, core.earliest_start(r.notice_minutes, p_at)) as first,
            least(p_to - interval '1 microsecond', core.latest_start(r.horizon_days, p_at)) as last,
            core.buffer_before(r, p_offering) * interval '1 minute' as before,
            core.buffer_after(r, p_offering) * interval '1 minute' + v_length as after_start,
            pg_catalog.tstzrange(
                p_from - core.buffer_before(r, p_offering) * interval '1 minute',
                p_to + v_length + core.buffer_after(r, p_offering) * interval '1 minute',
                '[)') as reach
        from pg_catalog.unnest(v_alike) as r
    ),
    -- of each opening, between which instants a period may start; openings whose starts are whole steps
    -- apart have one grid
    opened as materialized (
        select o.*
        from (
            select m.id, m.step,
                c_epoch + (w.opens_at - pg_catalog.date_bin(m.step, w.opens_at, c_epoch)) as grid,
                greatest(w.opens_at, m.first) as first,
                least(w.open_until - v_length, w.closes_at - interval '1 microsecond', m.last) as last
            from members as m
            join core.openings as w on w.tenant_id = p_offering.tenant_id and w.resource_id = m.id
                and w.opens_at <= m.last and w.closes_at > m.first
                and w.opens_at > m.first - interval '50 hours' -- see core.openings_of
        ) as o
        where o.first <= o.last
    ),
    offered as (
        select g.start_at, pg_catalog.sum(o.resources) as resources
        from (
            select o.step, o.grid, o.first, o.last, pg_catalog.count(*) as resources
            from opened as o
            group by o.step, o.grid, o.first, o.last
        ) as o
        cross join lateral pg_catalog.generate_series(
            pg_catalog.date_bin(o.step, o.first + o.step - interval '1 microsecond', o.grid),
            o.last, o.step) as g (start_at)
        group by g.start_at
    ),
    -- between which instants none may start, because it would touch what is taken; at them it may
    blocked as materialized (
        select m.id, pg_catalog.range_agg(pg_catalog.tstzrange(
            pg_catalog.lower(t.during) - m.after_start, pg_catalog.upper(t.during) + m.before,
            '()')) as starts
        from members as m
        cross join lateral (
            select o.during
            from core.occupancies as o
            where o.tenant_id is not distinct from p_offering.tenant_id
                and o.resource_id = m.id and o.unit = 1 and o.during && m.reach
                and case
                    when o.part = 1 and o.booking_id <> all (v_overdue) then true
                    else (
                        select core.owns_time(o, b, p_at)
                        from core.bookings as b
                        where b.tenant_id = o.tenant_id and b.id = o.booking_id)
                end
            union all
            select c.during from core.blocked_ranges(m.id, m.reach) as c
        ) as t
        group by m.id
    ),
    spans as materialized (
        select g.step, g.grid, pg_catalog.unnest(b.starts * g.starts) as starts
        from (
            select o.id, o.step, o.grid, pg_catalog.range_agg(
                pg_catalog.tstzrange(o.first, o.last, '[]')) as starts
            from opened as o
            group by o.id, o.step, o.grid
        ) as g
        join blocked as b on b.id = g.id
    ),
    edges as materialized (
        select s.step,
            pg_catalog.date_bin(s.step, pg_catalog.lower(s.starts) + s.step - case
                when pg_catalog.lower_inc(s.starts) then interval '1 microsecond'
                else interval '0' end, s.grid) as first,
            pg_catalog.upper(s.starts) - case
                when pg_catalog.upper_inc(s.starts) then interval '0'
                else interval '1 microsecond' end as last
        from spans as s
    ),
    lost as (
        select l.start_at, pg_catalog.count(*) as resources
        from (
            select e.first from edges as e where e.first <= e.last -- as a rule the only one
            union all
            select g.start_at
            from edges as e
            cross join lateral pg_catalog.generate_series(
                e.first + e.step, e.last, e.step) as g (start_at)
            where e.first + e.step <= e.last
        ) as l (start_at)
        group by l.start_at
    ),
    counted as (
        select o.start_at, o.start_at + v_length as end_at, null::date as on_day,
            o.resources - coalesce(l.resources, 0) as places,
            o.resources - coalesce(l.resources, 0) as resources
        from offered as o
        left join lost as l on l.start_at = o.start_at
        where o.resources > coalesce(l.resources, 0)
        union all
        select f.starts_at, f.ends_at, f.booked_on, f.remaining, 1
        from pg_catalog.unnest(v_others) as r
        cross join lateral core.free_slots(r, p_offering, p_from, p_to, p_at) as f
    )
    select c.start_at, c.end_at, c.on_day,
        pg_catalog.sum(c.places)::integer, pg_catalog.sum(c.resources)::integer
    from counted as c
    group by c.start_at, c.end_at, c.on_day;
end;
$$;
