-- core.pool_json: a pool as the servers of its tenant see it, archived or not.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.pool_json(p_row core.pools)
returns jsonb
language sql stable
as $$
    select pg_catalog.jsonb_build_object(
        'id', p_row.id,
        'name', p_row.name,
        'resource_ids', coalesce((
            select pg_catalog.jsonb_agg(m.resource_id order by m.resource_id)
            from core.pool_resources as m
            where m.tenant_id = p_row.tenant_id and m.pool_id = p_row.id), '[]'),
        'version', p_row.version,
        'created_at', core.utc(p_row.created_at),
        'updated_at', core.utc(p_row.updated_at),
        'archived_at', core.utc(p_row.archived_at))
$$;
