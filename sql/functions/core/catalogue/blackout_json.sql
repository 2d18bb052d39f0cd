-- core.blackout_json: a time in which no new booking can be made.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.blackout_json(p_row core.blackouts)
returns jsonb
language sql stable
as $$
    select pg_catalog.jsonb_build_object(
        'id', p_row.id,
        'resource_id', p_row.resource_id,
        'starts_at', core.utc(pg_catalog.lower(p_row.during)),
        'ends_at', core.utc(pg_catalog.upper(p_row.during)),
        'reason', p_row.reason,
        'version', p_row.version)
$$;
