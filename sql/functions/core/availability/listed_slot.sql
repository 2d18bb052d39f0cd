-- core.listed_slot: one free period of a listing, whole, as clients get it: the handler hands the
-- text of a listing on as it is. Times only: nothing of the bookings around it.
--
-- As json, not jsonb: a list of a month has a thousand of them, and to build each as a tree that is
-- copied twice and then written costs more than to find them.
--
-- p_timezone   also the times by the clocks of this zone; null: only in UTC
-- p_resources  how many resources of a pool are free then; null: not of a pool
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.listed_slot(
    p_starts_at timestamptz, p_ends_at timestamptz, p_booked_on date, p_remaining integer,
    p_timezone text, p_resources integer default null)
returns json
language sql stable parallel safe
as $$
    -- times and numbers only: nothing that JSON would have to escape
    select ('{"starts_at":"' || core.utc(p_starts_at) || '","ends_at":"' || core.utc(p_ends_at)
        || '","date":' || coalesce('"' || pg_catalog.to_char(p_booked_on, 'YYYY-MM-DD') || '"', 'null')
        || ',"remaining":' || p_remaining
        || case when p_timezone is null then ',"starts_local":null,"ends_local":null' else
            ',"starts_local":"' || core.local_text(p_starts_at, p_timezone)
            || '","ends_local":"' || core.local_text(p_ends_at, p_timezone) || '"' end
        || case when p_resources is null then '' else ',"resources":' || p_resources end
        || '}')::json
$$;
