-- core.reading_task: all that is needed to read a calendar once, outside any transaction.
--
-- Validators of the last answer are given only while its events reach far enough and were
-- understood in the zone that the resource still has; without them the whole feed is sent.
--
-- Returns   {"id", "tenant_id", "url", "etag", "last_modified", "timezone", "begun_at", "from", "until"}:
--           busy times in [from, until) are wanted; begun_at goes back to api.store_calendar_busy as it is
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.reading_task(p_calendar core.calendars, p_at timestamptz)
returns jsonb
language plpgsql stable
as $$
declare
    v_resource core.resources;
    v_again boolean;
begin
    select * into v_resource
    from core.resources as r
    where r.tenant_id = p_calendar.tenant_id and r.id = p_calendar.resource_id;

    -- the furthest start, the longest booking of a week, and a day of buffer on either side
    v_again := p_calendar.busy_until >= p_at + v_resource.horizon_days * interval '24 hours'
            + interval '216 hours'
        and p_calendar.read_at > v_resource.updated_at;

    return pg_catalog.jsonb_build_object(
        'id', p_calendar.id,
        'tenant_id', p_calendar.tenant_id,
        'url', p_calendar.url,
        'etag', case when v_again then p_calendar.etag end,
        'last_modified', case when v_again then p_calendar.last_modified end,
        'timezone', v_resource.timezone,
        'begun_at', p_at,
        'from', core.utc(p_at - interval '48 hours'),
        'until', core.utc(p_at + v_resource.horizon_days * interval '24 hours'
            + interval '720 hours'));
end;
$$;
