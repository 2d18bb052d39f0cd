-- core.bookable_runs: the starts that the rules allow in [p_from, p_to), as runs: from first_start to
-- last_start, a step apart. In the order of their starts, each of which is in one run.
--
-- The one definition that listing and holding share: opening hours, grid, length, notice, horizon.
-- A resource that confirms by request offers nothing until requests can be answered.
-- Whether the time is still free is the business of occupancies, blackouts and limits, which a
-- caller may pass as busy.
--
-- Openings whose starts are whole steps apart have one grid, so their starts are one set of times, and
-- what is busy is taken out of the set at once, not opening by opening.
--
-- p_at      the clock the caller decides by
-- p_busy    ranges that no period, with its buffers, may touch
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.bookable_runs(
    p_resource core.resources, p_offering core.offerings,
    p_from timestamptz, p_to timestamptz, p_at timestamptz,
    p_busy tstzrange[] default '{}')
returns table (
    first_start timestamptz, last_start timestamptz, step interval, length interval,
    booked_on date)
language plpgsql stable
rows 100
as $$
declare
    c_instant constant interval := interval '1 microsecond';
    v_first timestamptz := greatest(p_from, core.earliest_start(p_resource.notice_minutes, p_at));
    v_last timestamptz := least(
        p_to - c_instant, core.latest_start(p_resource.horizon_days, p_at));
    v_before interval := core.buffer_before(p_resource, p_offering) * interval '1 minute';
    v_after interval := core.buffer_after(p_resource, p_offering) * interval '1 minute';
    v_step interval := p_resource.step_minutes * interval '1 minute';
    v_length interval := p_offering.duration_minutes * interval '1 minute';
begin
    if v_first > v_last or p_resource.confirmation <> 'instant' then
        return;
    end if;

    if p_resource.booking_mode = 'date' then
        return query
        select w.opens_at, w.opens_at, v_step, pg_catalog.make_interval(
            secs => pg_catalog.date_part('epoch', w.closes_at - w.opens_at)), w.on_day
        from core.openings_of(p_resource, v_first, v_last + c_instant) as w
        where w.opens_at >= v_first
            and not exists (
                select from pg_catalog.unnest(p_busy) as b
                where b && pg_catalog.tstzrange(w.opens_at - v_before, w.closes_at + v_after, '[)'))
        order by w.opens_at;
        return;
    end if;

    return query
    with blocked as ( -- between two instants, not at them, a start would touch what is busy
        select coalesce(pg_catalog.range_agg(pg_catalog.tstzrange(
            pg_catalog.lower(b) - v_after - v_length, pg_catalog.upper(b) + v_before, '()')),
            '{}') as starts
        from pg_catalog.unnest(p_busy) as b
    ),
    grids as (
        select pg_catalog.min(o.opens_at) as origin,
            pg_catalog.range_agg(pg_catalog.tstzrange(o.first, o.last, '[]')) as starts
        from (
            select w.opens_at, greatest(w.opens_at, v_first) as first,
                -- from the closing on, the grid is the next opening's
                least(w.open_until - v_length, w.closes_at - c_instant, v_last) as last
            from core.openings_of(p_resource, v_first, v_last + c_instant) as w
        ) as o
        where o.first <= o.last
        group by o.opens_at - pg_catalog.date_bin(v_step, o.opens_at, timestamptz 'epoch')
    ),
    spans as (
        select g.origin, pg_catalog.unnest(g.starts - b.starts) as starts
        from grids as g
        cross join blocked as b
    ),
    runs as (
        select r.*
        from (
            select pg_catalog.date_bin(
                    v_step, pg_catalog.lower(s.starts) + v_step - case
                        when pg_catalog.lower_inc(s.starts) then c_instant
                        else interval '0' end, s.origin) as first_start,
                pg_catalog.upper(s.starts) - case
                    when pg_catalog.upper_inc(s.starts) then interval '0'
                    else c_instant end as last_start
            from spans as s
        ) as r
        where r.first_start <= r.last_start
    ),
    ordered as (
        select r.first_start, r.last_start
        from runs as r
        where (select pg_catalog.count(*) from grids) = 1
        union all -- runs of several grids may overlap
        select s.start_at, s.start_at
        from runs as r
        cross join lateral pg_catalog.generate_series(
            r.first_start, r.last_start, v_step) as s (start_at)
        where (select pg_catalog.count(*) from grids) > 1
    )
    select o.first_start, o.last_start, v_step, v_length, null::date
    from ordered as o
    order by o.first_start;
end;
$$;
