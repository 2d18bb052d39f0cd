-- core.try_enter_tenant: bind the rest of the transaction to one tenant and one named actor; false, and
-- nothing else, while the tenant is being moved to another database, or lives in another one.
--
-- Locks     as core.bind_tenant
-- Raises    nothing
-- Backstop  none
create or replace function core.try_enter_tenant(
    p_tenant_id uuid, p_role text, p_key_id uuid, p_request_id text)
returns boolean
language plpgsql volatile
as $$
begin
    return (core.bind_tenant(p_tenant_id, p_role, p_key_id, p_request_id)).id is not null;
end;
$$;
