-- core.local_instant: the instant of a wall-clock time in an IANA zone. The only such conversion.
--
-- A time that a spring change skips moves forward by the gap (02:30 becomes 03:30). A time that an
-- autumn change repeats is its first instant for a start and its last for an end, so that a window
-- covers both.
--
-- Source    PostgreSQL's AT TIME ZONE takes the second instant of a repeated time; tests verify it
-- Locks     none
-- Raises    22023 for an unknown zone (resources are checked when they are written)
-- Backstop  none
create or replace function core.local_instant(p_local timestamp, p_timezone text, p_edge text)
returns timestamptz
language plpgsql stable parallel safe
as $$
declare
    v_last timestamptz := p_local at time zone p_timezone;
    v_first timestamptz;
begin
    if p_edge = 'end' then
        return v_last;
    end if;

    -- the same wall time under the offset that was in force a day earlier: real only if it reads
    -- the same
    v_first := (
        p_local - (((v_last - interval '24 hours') at time zone p_timezone)
            - ((v_last - interval '24 hours') at time zone 'UTC'))
    ) at time zone 'UTC';
    if v_first < v_last and v_first at time zone p_timezone = p_local then
        return v_first;
    end if;
    return v_last;
end;
$$;
