-- core.require_offering: an offering that this resource has; the only one when none is named.
--
-- Locks     none
-- Raises    KHNTF  the resource has no such offering, or several and none was named
-- Backstop  bookings_resource_has_offering
create or replace function core.require_offering(p_resource core.resources, p_offering_id uuid)
returns core.offerings
language plpgsql stable
as $$
declare
    v_offerings core.offerings[];
begin
    select pg_catalog.array_agg(o) into v_offerings
    from core.resource_offerings as ro
    join core.offerings as o on o.tenant_id = ro.tenant_id and o.id = ro.offering_id
    where ro.tenant_id = p_resource.tenant_id and ro.resource_id = p_resource.id
        and (p_offering_id is null or ro.offering_id = p_offering_id)
        and o.archived_at is null;

    if coalesce(pg_catalog.cardinality(v_offerings), 0) <> 1 then
        raise exception 'the resource has no such offering'
            using errcode = 'KHNTF', hint = 'use an offering_id from GET /v1/resources';
    end if;
    return v_offerings[1];
end;
$$;
