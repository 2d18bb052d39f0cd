-- core.current_tenant: the tenant of this transaction, as row-level security sees it.
--
-- Set by core.enter_tenant; without it no row is visible.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.current_tenant()
returns uuid
language sql stable parallel safe
as $$
    select nullif(pg_catalog.current_setting('holdfast.tenant_id', true), '')::uuid
$$;
