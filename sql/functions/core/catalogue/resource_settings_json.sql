-- core.resource_settings_json: a resource as the servers of its tenant see it, archived or not.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.resource_settings_json(p_row core.resources)
returns jsonb
language sql stable
as $$
    select pg_catalog.jsonb_build_object(
        'id', p_row.id,
        'name', p_row.name,
        'timezone', p_row.timezone,
        'booking_mode', p_row.booking_mode,
        'confirmation', p_row.confirmation,
        'capacity', p_row.capacity,
        'buffer_before_minutes', p_row.buffer_before_minutes,
        'buffer_after_minutes', p_row.buffer_after_minutes,
        'step_minutes', p_row.step_minutes,
        'notice_minutes', p_row.notice_minutes,
        'horizon_days', p_row.horizon_days,
        'daily_limit', p_row.daily_limit,
        'customer_limit', p_row.customer_limit,
        'calendar_policy', p_row.calendar_policy,
        'offering_ids', coalesce((
            select pg_catalog.jsonb_agg(ro.offering_id order by ro.offering_id)
            from core.resource_offerings as ro
            where ro.tenant_id = p_row.tenant_id and ro.resource_id = p_row.id), '[]'),
        'version', p_row.version,
        'created_at', core.utc(p_row.created_at),
        'updated_at', core.utc(p_row.updated_at),
        'archived_at', core.utc(p_row.archived_at))
$$;
