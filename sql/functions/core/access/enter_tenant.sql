-- core.enter_tenant: bind the rest of the transaction to one tenant and one named actor, or refuse.
--
-- Locks     as core.try_enter_tenant
-- Raises    KHMOV  the tenant is being moved, or another database answers for it
-- Backstop  none
create or replace function core.enter_tenant(
    p_tenant_id uuid, p_role text, p_key_id uuid, p_request_id text)
returns void
language plpgsql volatile
as $$
begin
    if not core.try_enter_tenant(p_tenant_id, p_role, p_key_id, p_request_id) then
        perform core.raise_moved();
    end if;
end;
$$;
