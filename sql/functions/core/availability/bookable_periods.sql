-- core.bookable_periods: every period of an offering that the rules allow to start in [p_from, p_to).
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
create or replace function core.bookable_periods(
    p_resource core.resources, p_offering core.offerings,
    p_from timestamptz, p_to timestamptz, p_at timestamptz,
    p_blocked tstzmultirange default '{}')
returns table (starts_at timestamptz, ends_at timestamptz, booked_on date)
language plpgsql stable
rows 500
as $$
declare
    v_first timestamptz := greatest(p_from, core.earliest_start(p_resource.notice_minutes, p_at));
    v_until timestamptz := least( -- before which it starts
        p_to, core.latest_start(p_resource.horizon_days, p_at) + interval '1 microsecond');
    v_step interval := p_resource.step_minutes * interval '1 minute';
    v_length interval := p_offering.duration_minutes * interval '1 minute';
begin
    if v_first >= v_until or p_resource.confirmation <> 'instant' then
        return;
    end if;

    if p_resource.booking_mode = 'date' then
        return query
        select w.opens_at, w.closes_at, w.on_day
        from core.openings_of(p_resource, v_first, v_until) as w
        where w.opens_at >= v_first
            and not p_blocked && pg_catalog.tstzrange(w.opens_at, w.closes_at, '[)')
        order by w.opens_at;
        return;
    end if;

    return query
    select distinct s.start_at, s.start_at + v_length, null::date -- openings may overlap
    from core.openings_of(p_resource, v_first, v_until) as w
    -- where a period may lie that starts here: it may end in an opening that joins this one
    cross join lateral pg_catalog.unnest(
        pg_catalog.tstzmultirange(pg_catalog.tstzrange(
            w.opens_at, least(w.open_until, w.closes_at + v_length), '[)')) - p_blocked) as f (free)
    cross join lateral pg_catalog.generate_series(
        -- the first start of the opening's grid that is wanted
        pg_catalog.date_bin(
            v_step, greatest(pg_catalog.lower(f.free), v_first) + v_step - interval '1 microsecond',
            w.opens_at),
        -- from the closing on, the grid is the next opening's
        least(pg_catalog.upper(f.free) - v_length,
            least(w.closes_at, v_until) - interval '1 microsecond'),
        v_step) as s (start_at)
    order by 1;
end;
$$;
