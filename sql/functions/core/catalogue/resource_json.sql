-- core.resource_json: a resource as clients see it, with its offerings and their prices.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.resource_json(p_resource core.resources)
returns jsonb
language plpgsql stable
as $$
begin
    return pg_catalog.jsonb_build_object(
        'id', p_resource.id,
        'name', p_resource.name,
        'timezone', p_resource.timezone,
        'booking_mode', p_resource.booking_mode,
        'confirmation', p_resource.confirmation,
        'capacity', p_resource.capacity,
        'step_minutes', p_resource.step_minutes,
        'version', p_resource.version,
        'offerings', coalesce((
            select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                'id', o.id, 'name', o.name, 'duration_minutes', o.duration_minutes,
                'group_size', o.group_size, 'free_cancel_hours', o.free_cancel_hours,
                'prices', coalesce((
                    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                        'tier', p.tier, 'package', p.package,
                        'price', pg_catalog.jsonb_build_object(
                            'amount', p.amount, 'currency', p.currency))
                        order by p.amount, p.tier, p.package)
                    from core.prices as p
                    where p.tenant_id = o.tenant_id and p.offering_id = o.id), '[]'))
                order by o.name, o.id)
            from core.resource_offerings as ro
            join core.offerings as o on o.tenant_id = ro.tenant_id and o.id = ro.offering_id
            where ro.tenant_id = p_resource.tenant_id and ro.resource_id = p_resource.id
                and o.archived_at is null), '[]'));
end;
$$;
