-- core.utc: an instant as RFC 3339 text in UTC, whole seconds unless it has a fraction.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.utc(p_at timestamptz)
returns text
language sql stable parallel safe
as $$
    -- as JSON a timestamp is ISO 8601 whatever the session's DateStyle; to_char takes five times as long
    select pg_catalog.btrim(pg_catalog.to_json(p_at at time zone 'UTC')::text, '"') || 'Z'
$$;
