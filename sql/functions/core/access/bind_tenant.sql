-- core.bind_tenant: bind the rest of the transaction to one tenant and one named actor; the tenant's row.
-- Null, and nothing else, while the tenant is being moved to another database, or lives in another one.
--
-- Work for a tenant holds its fence, shared, to the end of the transaction; the move of a tenant takes
-- the fence alone, which waits for all of them, changes the tenant's state and lets go. So the
-- row is read once the fence is held, never before: a statement sees what was committed before it
-- began. A fence is never waited for, and taken before everything else: see docs/locking.md.
--
-- What is set here ends with the transaction. The audit triggers read it.
--
-- Locks     the tenant's fence, shared, if it is free
-- Raises    nothing
-- Backstop  none
create or replace function core.bind_tenant(
    p_tenant_id uuid, p_role text, p_key_id uuid, p_request_id text)
returns core.tenants
language plpgsql volatile
as $$
declare
    -- an assignment, which costs less than a statement
    v_settings text[] := array[
        pg_catalog.set_config('holdfast.tenant_id', p_tenant_id::text, true),
        pg_catalog.set_config('holdfast.actor_role', p_role, true),
        pg_catalog.set_config('holdfast.actor_key_id', coalesce(p_key_id::text, ''), true),
        pg_catalog.set_config('holdfast.request_id', coalesce(p_request_id, ''), true)];
    v_tenant core.tenants;
begin
    if not pg_catalog.pg_try_advisory_xact_lock_shared(
        pg_catalog.hashtextextended('tenant:' || p_tenant_id, 0))
    then
        return null;
    end if;
    select * into v_tenant
    from core.tenants as t
    where t.id = p_tenant_id and t.state = 'here'; -- core.is_here, without the price of a call
    return v_tenant;
end;
$$;
