-- core.utc: an instant as RFC 3339 text in UTC, whole seconds unless it has a fraction.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.utc(p_at timestamptz)
returns text
language sql stable parallel safe
as $$
    select pg_catalog.to_char(
        p_at at time zone 'UTC',
        case when p_at = pg_catalog.date_trunc('second', p_at)
            then 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
            else 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"' end)
$$;
