-- core.free_in_pool: the periods that any of some resources can take, with the places free in each, and
-- how many of the resources have one.
--
-- The sum of core.free_slots over the resources. Most are alike: of one unit, by the slot, with compiled
-- openings. Those are counted as sets: how many have a start, less those that have lost it to a booking or
-- a closure. Starts are instants here, and no ranges: ten thousand bookings as ranges cost more than all
-- else. The others are asked one by one.
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
set search_path = '' set enable_seqscan = off set enable_memoize = off
rows 500
as $$
declare
    c_epoch constant timestamptz := timestamptz 'epoch';
    c_instant constant interval := interval '1 microsecond';
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
        select m.*, pg_catalog.tstzrange(m.first - m.before, m.last + m.after_start, '[]') as reach
        from (
            select pg_catalog.row_number() over () as member, r.id,
                r.step_minutes * interval '1 minute' as step,
                greatest(p_from, core.earliest_start(r.notice_minutes, p_at)) as first,
                least(p_to - c_instant, core.latest_start(r.horizon_days, p_at)) as last,
                core.buffer_before(r, p_offering) * interval '1 minute' as before,
                core.buffer_after(r, p_offering) * interval '1 minute' + v_length as after_start
            from pg_catalog.unnest(v_alike) as r
        ) as m
        where m.first <= m.last
    ),
    -- of each opening, between which instants a period may start, and how its grid lies
    opened as materialized (
        select o.*
        from (
            select m.member, m.step,
                w.opens_at - pg_catalog.date_bin(m.step, w.opens_at, c_epoch) as phase,
                greatest(w.opens_at, m.first) as first,
                least(w.open_until - v_length, w.closes_at - c_instant, m.last) as last
            from members as m
            join core.openings as w on w.tenant_id = p_offering.tenant_id and w.resource_id = m.id
                and w.opens_at <= m.last and w.closes_at > m.first
                and w.opens_at > m.first - interval '50 hours' -- see core.openings_of
        ) as o
        where o.first <= o.last
    ),
    -- resources that are open alike, most often all of them, have one set of starts
    classes as materialized (
        select pg_catalog.row_number() over () as class, pg_catalog.array_agg(t.member) as members,
            t.step, t.phases, t.firsts, t.lasts
        from (
            select o.member, o.step, pg_catalog.array_agg(o.phase) as phases,
                pg_catalog.array_agg(o.first) as firsts, pg_catalog.array_agg(o.last) as lasts
            from opened as o
            group by o.member, o.step
        ) as t
        group by t.step, t.phases, t.firsts, t.lasts
    ),
    offered as (
        select c.class, pg_catalog.cardinality(c.members) as resources,
            pg_catalog.generate_series(
                pg_catalog.date_bin(
                    c.step, w.first + c.step - c_instant, c_epoch + w.phase),
                w.last, c.step) as start_at
        from classes as c
        cross join lateral rows from (
            pg_catalog.unnest(c.phases), pg_catalog.unnest(c.firsts), pg_catalog.unnest(c.lasts))
            as w (phase, first, last)
    ),
    grids as materialized (
        select c.class, m.*, c_epoch + g.phase as origin, m.first - c_instant as before_first
        from classes as c
        cross join lateral (select distinct p.phase from pg_catalog.unnest(c.phases) as p (phase)) as g
        join members as m on m.member = any (c.members)
    ),
    closed as materialized ( -- for months perhaps, of which the openings are a small part
        select m.member, c.during
        from members as m
        cross join lateral core.closed_ranges(p_offering.tenant_id, m.id, m.reach) as c
    ),
    -- after which instant and up to which none may start, because it would touch what is taken
    taken as (
        select g.class, g.member, g.step, g.origin,
            greatest(pg_catalog.lower(o.during) - g.after_start, g.before_first) as after,
            least(pg_catalog.upper(o.during) + g.before - c_instant, g.last) as last
        from grids as g
        join core.occupancies as o
            on o.resource_id = g.id and o.unit = 1 and o.during && g.reach
        where o.tenant_id is not distinct from p_offering.tenant_id
            and case
                when o.part = 1 and o.booking_id <> all (v_overdue) then true
                else (
                    select core.owns_time(o, b, p_at)
                    from core.bookings as b
                    where b.tenant_id = o.tenant_id and b.id = o.booking_id)
            end
        union all
        select g.class, g.member, g.step, g.origin,
            greatest(pg_catalog.lower(c.during) - g.after_start, o.first - c_instant),
            least(pg_catalog.upper(c.during) + g.before - c_instant, o.last)
        from closed as c
        join grids as g on g.member = c.member
        join opened as o on o.member = c.member
    ),
    lost as (
        select l.class, l.start_at, pg_catalog.count(*) as resources
        from (
            select distinct t.class, t.member, pg_catalog.generate_series( -- once, between two
                pg_catalog.date_bin(t.step, t.after + t.step, t.origin), t.last, t.step) as start_at
            from taken as t
        ) as l
        group by l.class, l.start_at
    ),
    counted as (
        select o.start_at, o.start_at + v_length as end_at, null::date as on_day,
            o.resources - coalesce(l.resources, 0) as places,
            o.resources - coalesce(l.resources, 0) as resources
        from offered as o
        left join lost as l on l.class = o.class and l.start_at = o.start_at
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
