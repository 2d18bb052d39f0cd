-- core.is_here: whether this database answers for a tenant.
--
-- For functions that work across tenants: a tenant that is arriving, or has left, is skipped.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.is_here(p_tenant_id uuid)
returns boolean
language sql stable
as $$
    select exists (
        select from core.tenants as t where t.id = p_tenant_id and t.state = 'here')
$$;
