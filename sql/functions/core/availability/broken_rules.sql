-- core.broken_rules: every rule that forbids a start, whether or not the time is still free.
--
-- In a fixed order: wrong_mode, by_request, past, notice, horizon, closed, off_grid, blackout,
-- external_busy. There is none exactly when core.require_offered lets the start through.
--
-- p_starts_at | p_date  the start of a slot, or the local date
-- p_at      the clock the caller decides by
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.broken_rules(
    p_resource core.resources, p_offering core.offerings,
    p_starts_at timestamptz, p_date date, p_at timestamptz)
returns table (rule text, detail text, blackout_id uuid, calendar_id uuid)
language plpgsql stable
rows 2
as $$
declare
    v_period record := core.period_of(p_resource, p_offering, p_starts_at, p_date);
    v_start timestamptz := v_period.starts_at;
    v_open boolean;
begin
    if v_start is null then
        rule := 'wrong_mode';
        detail := 'the resource is booked by ' || p_resource.booking_mode;
        return next;
        return;
    end if;

    if p_resource.confirmation <> 'instant' then
        rule := 'by_request';
        detail := 'the resource confirms by request, which is not open yet';
        return next;
    end if;

    if v_start < p_at + p_resource.notice_minutes * interval '1 minute' then
        rule := case when v_start <= p_at then 'past' else 'notice' end;
        detail := case when v_start <= p_at then 'the time has begun'
            else pg_catalog.format(
                'a start is at least %s minutes from now', p_resource.notice_minutes) end;
        return next;
    elsif v_start > p_at + p_resource.horizon_days * interval '24 hours' then
        rule := 'horizon';
        detail := pg_catalog.format('a start is at most %s days from now', p_resource.horizon_days);
        return next;
    end if;

    if p_date is not null then
        v_open := v_start < v_period.ends_at and exists (
            select from core.open_windows(p_resource, v_start, v_start) as w
            where w.on_day = p_date);
    else
        select coalesce(
            pg_catalog.range_agg(pg_catalog.tstzrange(w.opens_at, w.closes_at, '[)'))
                filter (where w.opens_at < w.closes_at)
                @> pg_catalog.tstzrange(v_start, v_period.ends_at, '[)'),
            false)
        into v_open
        from core.open_windows(p_resource, v_start, v_period.ends_at) as w;
    end if;
    if not v_open then
        rule := 'closed';
        detail := 'the resource is not open for the whole of this time';
        return next;
    elsif p_date is null and not exists (
        select from core.open_windows(p_resource, v_start, v_start) as w
        where w.opens_at <= v_start and v_start < w.closes_at
            and pg_catalog.mod(
                extract(epoch from v_start - w.opens_at), p_resource.step_minutes * 60) = 0)
    then
        rule := 'off_grid';
        detail := pg_catalog.format(
            'starts are every %s minutes from each opening on', p_resource.step_minutes);
        return next;
    end if;

    if v_start < v_period.ends_at then
        return query
        select case when c.blackout_id is not null then 'blackout' else 'external_busy' end,
            case when c.blackout_id is not null
                then coalesce((
                    select b.reason from core.blackouts as b
                    where b.tenant_id = p_resource.tenant_id and b.id = c.blackout_id),
                    'nothing can be booked in this time')
                else 'an external calendar has this time' end,
            c.blackout_id, c.calendar_id
        from core.blocked_ranges(
            p_resource.id,
            core.occupied_range_of(p_resource, p_offering, v_start, v_period.ends_at)) as c
        order by c.blackout_id is null, pg_catalog.lower(c.during), c.blackout_id, c.calendar_id;
    end if;
end;
$$;
