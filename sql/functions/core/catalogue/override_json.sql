-- core.override_json: the hours of one local day, or that it is closed.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.override_json(p_row core.date_overrides)
returns jsonb
language sql stable
as $$
    select pg_catalog.jsonb_build_object(
        'id', p_row.id,
        'resource_id', p_row.resource_id,
        'date', p_row.on_date,
        'opens', pg_catalog.left(p_row.opens::text, 5),
        'closes', pg_catalog.left(p_row.closes::text, 5),
        'reason', p_row.reason,
        'version', p_row.version)
$$;
