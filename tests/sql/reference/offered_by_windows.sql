-- What core.bookable_periods was before openings were compiled: straight from the windows. A reference for tests.
--
-- The one definition that listing and holding share: opening hours, grid, length, notice, horizon.
-- A resource that confirms by request offers nothing until requests can be answered.
-- Whether the time is still free is the business of occupancies, blackouts and limits, which a
-- caller may pass as blocked.
--
-- p_at      the clock the caller decides by
-- p_blocked ranges that no period may touch
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function harness.offered_by_windows(
    p_resource core.resources, p_offering core.offerings,
    p_from timestamptz, p_to timestamptz, p_at timestamptz,
    p_blocked tstzmultirange default '{}')
returns table (starts_at timestamptz, ends_at timestamptz, booked_on date)
language plpgsql stable
rows 500
as $$
declare
    v_first timestamptz := greatest(p_from, p_at + p_resource.notice_minutes * interval '1 minute');
    v_last timestamptz := p_at + p_resource.horizon_days * interval '24 hours';
    v_step_seconds integer := 60 * p_resource.step_minutes;
    v_step interval := p_resource.step_minutes * interval '1 minute';
    v_length interval := p_offering.duration_minutes * interval '1 minute';
begin
    if v_first > v_last or v_first >= p_to or p_resource.confirmation <> 'instant' then
        return;
    end if;

    if p_resource.booking_mode = 'date' then
        return query
        select d.starts_at, d.ends_at, d.on_day
        from (
            select w.on_day,
                core.local_instant(w.on_day::timestamp, p_resource.timezone, 'start') as starts_at,
                core.local_instant((w.on_day + 1)::timestamp, p_resource.timezone, 'start') as ends_at
            from core.open_windows(p_resource, p_from, p_to) as w
            group by w.on_day
        ) as d
        where d.starts_at >= v_first and d.starts_at < p_to and d.starts_at <= v_last
            and d.starts_at < d.ends_at -- a zone may skip a whole date
            and not p_blocked && pg_catalog.tstzrange(d.starts_at, d.ends_at, '[)')
        order by d.starts_at;
        return;
    end if;

    return query
    with windows as materialized (
        select w.opens_at, w.closes_at
        from core.open_windows(p_resource, v_first, p_to + v_length) as w
        where w.opens_at < w.closes_at and w.closes_at > v_first and w.opens_at < p_to + v_length
    ),
    opening as materialized (
        select pg_catalog.range_agg(pg_catalog.tstzrange(w.opens_at, w.closes_at, '[)'))
            - p_blocked as hours
        from windows as w
    )
    select s.start_at, s.start_at + v_length, null::date
    from (
        select distinct s.start_at -- windows may overlap, of two days or by an override
        from opening as o
        cross join windows as w
        -- where a period of this window may lie; it may end in the next one, if that joins
        cross join lateral pg_catalog.unnest(o.hours * pg_catalog.tstzmultirange(
            pg_catalog.tstzrange(w.opens_at, w.closes_at + v_length, '[)'))) as f (free)
        cross join lateral pg_catalog.generate_series(
            -- the first start of the window's grid that is wanted
            w.opens_at + v_step * pg_catalog.ceil(greatest(
                pg_catalog.date_part('epoch', pg_catalog.lower(f.free) - w.opens_at) / v_step_seconds,
                pg_catalog.date_part('epoch', v_first - w.opens_at) / v_step_seconds, 0)),
            -- from the closing on, the grid is the next window's
            least(pg_catalog.upper(f.free) - v_length, v_last,
                w.closes_at - interval '1 microsecond', p_to - interval '1 microsecond'),
            v_step) as s (start_at)
    ) as s
    order by 1;
end;
$$;
