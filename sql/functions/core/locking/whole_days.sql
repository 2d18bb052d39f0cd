-- core.whole_days: a range widened to the whole local days that it touches.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.whole_days(p_timezone text, p_during tstzrange)
returns tstzrange
language plpgsql stable parallel safe
as $$
declare
    v_first date := (pg_catalog.lower(p_during) at time zone p_timezone)::date;
    v_last date := ((pg_catalog.upper(p_during) - interval '1 microsecond') at time zone p_timezone)::date;
begin
    return pg_catalog.tstzrange(
        least(pg_catalog.lower(p_during),
            core.local_instant(v_first::timestamp, p_timezone, 'start')),
        greatest(pg_catalog.upper(p_during),
            core.local_instant((v_last + 1)::timestamp, p_timezone, 'start')),
        '[)');
end;
$$;
