-- core.hours_json: a weekly window: local wall-clock times, and the season it is for.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.hours_json(p_row core.weekly_hours)
returns jsonb
language sql stable
as $$
    select pg_catalog.jsonb_build_object(
        'id', p_row.id,
        'resource_id', p_row.resource_id,
        'weekday', p_row.weekday,
        'opens', pg_catalog.left(p_row.opens::text, 5),
        'closes', pg_catalog.left(p_row.closes::text, 5),
        'valid_from', p_row.valid_from,
        'valid_until', p_row.valid_until,
        'version', p_row.version)
$$;
