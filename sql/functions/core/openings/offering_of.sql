-- core.offering_of: the offering that can be booked; see core.resource_of.
--
-- Locks     none (the caller shares the resource's rules)
-- Raises    nothing
-- Backstop  none
create or replace function core.offering_of(p_bookable core.bookables)
returns core.offerings
language sql stable
as $$
    select o
    from core.offerings as o
    where o.tenant_id = p_bookable.tenant_id and o.id = p_bookable.offering_id
$$;
