-- core.enter_tenant: bind the rest of the transaction to one tenant and one named actor, or refuse.
--
-- Returns   the tenant
-- Locks     as core.bind_tenant
-- Raises    KHMOV  the tenant is being moved, or another database answers for it
-- Backstop  none
create or replace function core.enter_tenant(
    p_tenant_id uuid, p_role text, p_key_id uuid, p_request_id text)
returns core.tenants
language plpgsql volatile
as $$
declare
    v_tenant core.tenants := core.bind_tenant(p_tenant_id, p_role, p_key_id, p_request_id);
begin
    if v_tenant.id is null then
        perform core.raise_moved();
    end if;
    return v_tenant;
end;
$$;
