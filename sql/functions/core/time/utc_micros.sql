-- core.utc_micros: an instant as RFC 3339 text in UTC, with six digits of its fraction if it has one,
-- as the handlers write it.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.utc_micros(p_at timestamptz)
returns text
language sql stable parallel safe
as $$
    select case when p_at = pg_catalog.date_trunc('second', p_at) then core.utc(p_at)
        else pg_catalog.to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') end
$$;
