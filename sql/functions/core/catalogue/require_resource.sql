-- core.require_resource: a resource of the actor's tenant that can still be booked.
--
-- Locks     none
-- Raises    KHNTF  no such resource
-- Backstop  row-level security
create or replace function core.require_resource(p_actor core.actor, p_resource_id uuid)
returns core.resources
language plpgsql stable
as $$
declare
    v_resource core.resources;
begin
    select * into v_resource
    from core.resources as r
    where r.tenant_id = p_actor.tenant_id and r.id = p_resource_id and r.archived_at is null;

    if not found then
        raise exception 'no such resource'
            using errcode = 'KHNTF', hint = 'use a resource_id from GET /v1/resources';
    end if;
    return v_resource;
end;
$$;
