-- core.require_pool_offering: an offering that some resource of a pool has; the only one when none
-- is named.
--
-- Locks     none
-- Raises    KHNTF  no resource of the pool has such an offering, or there are several and none was
--                  named
-- Backstop  bookings_resource_has_offering
create or replace function core.require_pool_offering(p_pool core.pools, p_offering_id uuid)
returns core.offerings
language plpgsql stable
as $$
declare
    v_offerings core.offerings[];
begin
    select pg_catalog.array_agg(o) into v_offerings
    from core.offerings as o
    where o.tenant_id = p_pool.tenant_id and o.archived_at is null
        and o.id in (
            select ro.offering_id
            from core.pool_resources as m
            join core.resources as r on r.tenant_id = m.tenant_id and r.id = m.resource_id
            join core.resource_offerings as ro
                on ro.tenant_id = m.tenant_id and ro.resource_id = m.resource_id
            where m.tenant_id = p_pool.tenant_id and m.pool_id = p_pool.id
                and r.archived_at is null
                and (p_offering_id is null or ro.offering_id = p_offering_id));

    if coalesce(pg_catalog.cardinality(v_offerings), 0) <> 1 then
        raise exception 'no resource of the pool has this offering'
            using errcode = 'KHNTF', hint = 'use an offering_id from GET /v1/resources';
    end if;
    return v_offerings[1];
end;
$$;
