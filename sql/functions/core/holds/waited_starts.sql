-- core.waited_starts: the window in which a period must start to be what a waitlist entry
-- waits for: one instant, or a local day.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.waited_starts(
    p_starts_at timestamptz, p_on_date date, p_timezone text)
returns tstzrange
language plpgsql stable
as $$
begin
    if p_starts_at is not null then
        return pg_catalog.tstzrange(p_starts_at, p_starts_at + interval '1 microsecond', '[)');
    end if;
    return pg_catalog.tstzrange(
        core.local_instant(p_on_date::timestamp, p_timezone, 'start'),
        core.local_instant((p_on_date + 1)::timestamp, p_timezone, 'start'),
        '[)');
end;
$$;
