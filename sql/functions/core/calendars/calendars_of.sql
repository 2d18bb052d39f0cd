-- core.calendars_of: the external calendars of a resource; at most a few.
--
-- Read as a range of their index, in its order: otherwise a plan made on empty tables might begin
-- with all calendars of the tenant.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.calendars_of(p_tenant_id uuid, p_resource_id uuid)
returns setof core.calendars
language plpgsql stable
set enable_sort = off
rows 5
as $$
begin
    return query
    select *
    from core.calendars as c
    where c.tenant_id = p_tenant_id
        and c.resource_id >= p_resource_id and c.resource_id <= p_resource_id
    order by c.resource_id;
end;
$$;
