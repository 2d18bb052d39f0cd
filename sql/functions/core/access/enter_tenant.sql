-- core.enter_tenant: bind the rest of the transaction to one tenant and one named actor.
--
-- What is set here ends with the transaction. The audit triggers read it.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.enter_tenant(
    p_tenant_id uuid, p_role text, p_key_id uuid, p_request_id text)
returns void
language plpgsql volatile
as $$
begin
    perform pg_catalog.set_config('holdfast.tenant_id', p_tenant_id::text, true),
            pg_catalog.set_config('holdfast.actor_role', p_role, true),
            pg_catalog.set_config('holdfast.actor_key_id', coalesce(p_key_id::text, ''), true),
            pg_catalog.set_config('holdfast.request_id', coalesce(p_request_id, ''), true);
end;
$$;
