-- core.closed_ranges: core.blocked_ranges of a tenant, for a function that runs as holdfast_system itself:
-- short enough to be inlined.
--
-- The tenant is compared in a way that no index can be searched by; see core.occupied_ranges.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.closed_ranges(
    p_tenant_id uuid, p_resource_id uuid, p_window tstzrange)
returns table (during tstzrange, blackout_id uuid, calendar_id uuid)
language sql stable
rows 5
as $$
    select b.during, b.id, null::uuid
    from core.blackouts as b
    where b.tenant_id is not distinct from p_tenant_id
        and b.resource_id = p_resource_id and b.during && p_window
    union all
    select e.during, null::uuid, e.calendar_id
    from core.external_busy as e
    where e.tenant_id is not distinct from p_tenant_id
        and e.resource_id = p_resource_id and e.during && p_window
$$;
