-- core.is_here: whether this database answers for a tenant.
--
-- Asked by whatever goes across tenants: what is only arriving, or has left, is passed by.
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
