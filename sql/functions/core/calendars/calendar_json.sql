-- core.calendar_json: a calendar that is read, as servers see it. Its address is a secret and stays
-- here.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.calendar_json(p_calendar core.calendars)
returns jsonb
language sql stable parallel safe
as $$
    select pg_catalog.jsonb_build_object(
        'id', p_calendar.id,
        'resource_id', p_calendar.resource_id,
        'name', p_calendar.name,
        'fresh_seconds', p_calendar.fresh_seconds,
        'read_at', core.utc(p_calendar.read_at),
        'failure', p_calendar.failure,
        'created_at', core.utc(p_calendar.created_at))
$$;
