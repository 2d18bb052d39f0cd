-- core.compile_bookables: bring core.bookables of some resources of a tenant up to date.
--
-- Writes what differs and nothing else. Called as holdfast_system: see core.compile_openings.
--
-- Locks     the timetables of the resources, in order of resource
-- Raises    nothing
-- Backstop  bookables_pkey
create or replace function core.compile_bookables(p_tenant_id uuid, p_resource_ids uuid[])
returns void
language plpgsql volatile
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
    v_resource_id uuid;
begin
    for v_resource_id in select distinct r from pg_catalog.unnest(p_resource_ids) as r order by 1 loop
        perform from core.timetables as t
        where t.tenant_id = p_tenant_id and t.resource_id = v_resource_id
        for no key update;

        delete from core.bookables as b
        where b.tenant_id = p_tenant_id and b.resource_id = v_resource_id
            and not exists (
                select from core.bookable_rows(p_tenant_id, v_resource_id) as n
                where n is not distinct from b);
        insert into core.bookables
        select * from core.bookable_rows(p_tenant_id, v_resource_id)
        on conflict (tenant_id, resource_id, offering_id, tier, package) do nothing;
    end loop;
end;
$$;
