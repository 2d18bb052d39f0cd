-- core.broken_rules: every rule that forbids a start, whether or not the time is still free.
--
-- In a fixed order: wrong_mode, by_request, past, notice, horizon, closed, off_grid, blackout,
-- external_busy. There is none exactly when core.require_offered accepts the start.
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
    v_period tstzrange := core.period(
        p_resource.booking_mode, p_resource.timezone, p_offering.duration_minutes,
        p_starts_at, p_date);
    v_start timestamptz := pg_catalog.lower(v_period);
    v_open_until timestamptz;
begin
    if v_period is null then
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

    if pg_catalog.isempty(v_period) then
        v_start := core.local_instant(p_date::timestamp, p_resource.timezone, 'start');
    end if;
    if v_start < core.earliest_start(p_resource.notice_minutes, p_at) then
        rule := case when v_start <= p_at then 'past' else 'notice' end;
        detail := case when v_start <= p_at then 'the time has begun'
            else pg_catalog.format(
                'a start is at least %s minutes from now', p_resource.notice_minutes) end;
        return next;
    elsif v_start > core.latest_start(p_resource.horizon_days, p_at) then
        rule := 'horizon';
        detail := pg_catalog.format('a start is at most %s days from now', p_resource.horizon_days);
        return next;
    end if;

    select pg_catalog.max(w.open_until) into v_open_until
    from core.openings_of(p_resource, v_start, v_start + interval '1 microsecond') as w;
    if pg_catalog.isempty(v_period) or (v_open_until >= pg_catalog.upper(v_period)) is not true then
        rule := 'closed';
        detail := 'the resource is not open for the whole of this time';
        return next;
    elsif not exists (
        select from core.openings_of(p_resource, v_start, v_start + interval '1 microsecond') as w
        where core.admits(w, v_period, p_resource.step_minutes))
    then
        rule := 'off_grid';
        detail := pg_catalog.format(
            'starts are every %s minutes from each opening on', p_resource.step_minutes);
        return next;
    end if;

    if not pg_catalog.isempty(v_period) then
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
            core.widened(p_resource, p_offering, v_start, pg_catalog.upper(v_period))) as c
        order by c.blackout_id is null, pg_catalog.lower(c.during), c.blackout_id, c.calendar_id;
    end if;
end;
$$;
