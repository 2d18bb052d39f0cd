-- core.rules_of: the resources whose rules change with an item of the catalogue.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.rules_of(
    p_actor core.actor, p_kind text, p_resource_id uuid, p_id uuid)
returns uuid[]
language sql stable
as $$
    select case p_kind
        when 'resource' then array[p_id]
        when 'pool' then '{}'::uuid[] -- a pool's booking is a booking of the resource
        when 'offering' then array(
            select ro.resource_id from core.resource_offerings as ro
            where ro.tenant_id = p_actor.tenant_id and ro.offering_id = p_id)
        else array[p_resource_id]
    end
$$;
