-- core.replace_members: replace the resources of a pool.
--
-- Locks     none
-- Raises    KHNTF  no such resource
-- Backstop  pool_resources_resource_exists
create or replace function core.replace_members(
    p_actor core.actor, p_pool_id uuid, p_resource_ids uuid[])
returns void
language plpgsql volatile
as $$
declare
    v_resource_id uuid;
begin
    delete from core.pool_resources as m
    where m.tenant_id = p_actor.tenant_id and m.pool_id = p_pool_id;
    foreach v_resource_id in array p_resource_ids loop
        insert into core.pool_resources (tenant_id, pool_id, resource_id)
        values (p_actor.tenant_id, p_pool_id, (core.require_resource(p_actor, v_resource_id)).id);
    end loop;
end;
$$;
