-- core.bookable_period: the bookable period that starts at this time; null when a rule refuses it.
--
-- Whether it is still free, and whether a limit is reached, is not asked here.
--
-- Locks     none (the caller shares the resource's rules)
-- Raises    nothing
-- Backstop  none
create or replace function core.bookable_period(
    p_resource core.resources, p_offering core.offerings,
    p_starts_at timestamptz, p_date date, p_at timestamptz)
returns tstzrange
language plpgsql stable
as $$
declare
    v_period tstzrange := core.period(
        p_resource.booking_mode, p_resource.timezone, p_offering.duration_minutes,
        p_starts_at, p_date);
    v_start timestamptz := pg_catalog.lower(v_period);
begin
    if p_resource.confirmation = 'instant'
        and core.in_time(v_start, p_resource.notice_minutes, p_resource.horizon_days, p_at)
        and exists (
            select from core.openings_of(p_resource, v_start, v_start + interval '1 microsecond') as w
            where core.admits(w, v_period, p_resource.step_minutes))
        and not exists (
            select from core.blocked_ranges(
                p_resource.id,
                core.widened(p_resource, p_offering, v_start, pg_catalog.upper(v_period))))
    then
        return v_period;
    end if;
    return null;
end;
$$;
