-- core.pool_members: the resources of a pool that have an offering and can still be booked.
--
-- Locks     none
-- Raises    nothing
-- Backstop  row-level security
create or replace function core.pool_members(p_pool core.pools, p_offering_id uuid)
returns setof core.resources
language plpgsql stable
rows 20
as $$
begin
    return query
    select r.*
    from core.pool_resources as m
    join core.resources as r on r.tenant_id = m.tenant_id and r.id = m.resource_id
    join core.resource_offerings as ro
        on ro.tenant_id = m.tenant_id and ro.resource_id = m.resource_id
        and ro.offering_id = p_offering_id
    where m.tenant_id = p_pool.tenant_id and m.pool_id = p_pool.id and r.archived_at is null;
end;
$$;
