-- core.lock_range: the range whose days are to be locked before a time is taken.
--
-- The occupied range; and where a resource's bookings are counted by the local day, the whole
-- local days it touches, so that all that count the same day share a lock.
--
-- p_during  the occupied range, buffers included
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.lock_range(p_resource core.resources, p_during tstzrange)
returns tstzrange
language plpgsql stable
as $$
declare
    v_first date;
    v_last date;
begin
    if p_resource.daily_limit is null then
        return p_during;
    end if;

    v_first := (pg_catalog.lower(p_during) at time zone p_resource.timezone)::date;
    v_last := ((pg_catalog.upper(p_during) - interval '1 microsecond')
        at time zone p_resource.timezone)::date;
    return pg_catalog.tstzrange(
        least(pg_catalog.lower(p_during),
            core.local_instant(v_first::timestamp, p_resource.timezone, 'start')),
        greatest(pg_catalog.upper(p_during),
            core.local_instant((v_last + 1)::timestamp, p_resource.timezone, 'start')),
        '[)');
end;
$$;
