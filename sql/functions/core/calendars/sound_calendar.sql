-- core.sound_calendar: the rules of a row of core.calendars, for its constraint calendars_sound.
--
-- Locks     none
-- Raises    23514  a rule is broken; the constraint that is named is the rule
-- Backstop  none: this is the constraint
create or replace function core.sound_calendar(p_row core.calendars)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.fresh_seconds between 30 and 86400)
            then 'calendars_fresh_sane'
        when not (pg_catalog.length(p_row.name) between 1 and 200)
            then 'calendars_name_present'
        when not ((p_row.read_at is null) = (p_row.busy_until is null))
            then 'calendars_read_is_bounded'
        when not (p_row.slow_readings >= 0)
            then 'calendars_slow_counted'
        when not (p_row.url ~ '^https://' and pg_catalog.length(p_row.url) <= 2000)
            then 'calendars_url_is_https'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "calendars" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'calendars', constraint = v_broken;
    end if;
    return true;
end;
$$;
