-- core.named_tenant: the tenant that an object of the provider's names in its metadata; null if none.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.named_tenant(p_object jsonb)
returns uuid
language sql immutable
as $$
    select case
        when p_object #>> '{metadata,tenant_id}' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        then (p_object #>> '{metadata,tenant_id}')::uuid end
$$;
