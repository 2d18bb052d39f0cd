-- core.resource_of: the resource of which something can be booked. For refusals and rules that are rare: a
-- hold goes by what its bookable says.
--
-- Locks     none (the caller shares the resource's rules)
-- Raises    nothing
-- Backstop  none
create or replace function core.resource_of(p_bookable core.bookables)
returns core.resources
language sql stable
as $$
    select r
    from core.resources as r
    where r.tenant_id = p_bookable.tenant_id and r.id = p_bookable.resource_id
$$;
