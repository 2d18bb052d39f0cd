-- core.offering_settings_json: an offering as the servers of its tenant see it, archived or not.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.offering_settings_json(p_row core.offerings)
returns jsonb
language sql stable
as $$
    select pg_catalog.jsonb_build_object(
        'id', p_row.id,
        'name', p_row.name,
        'booking_mode', p_row.booking_mode,
        'duration_minutes', p_row.duration_minutes,
        'buffer_before_minutes', p_row.buffer_before_minutes,
        'buffer_after_minutes', p_row.buffer_after_minutes,
        'group_size', p_row.group_size,
        'free_cancel_hours', p_row.free_cancel_hours,
        'prices', coalesce((
            select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                'tier', p.tier, 'package', p.package, 'amount', p.amount, 'currency', p.currency)
                order by p.tier, p.package)
            from core.prices as p
            where p.tenant_id = p_row.tenant_id and p.offering_id = p_row.id), '[]'),
        'unpayable', core.unpayable_prices(p_row),
        'version', p_row.version,
        'created_at', core.utc(p_row.created_at),
        'updated_at', core.utc(p_row.updated_at),
        'archived_at', core.utc(p_row.archived_at))
$$;
