-- core.has_waitlist: does anyone wait for any time of a resource?
--
-- One look into one index whenever a time is freed; mostly the answer is no.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.has_waitlist(p_tenant_id uuid, p_resource_id uuid)
returns boolean
language plpgsql stable
set enable_sort = off
as $$
declare
    v_first uuid;
begin
    -- in this order the index of the resource is used, and not another of the tenant
    select w.id into v_first
    from core.waitlist as w
    where w.tenant_id = p_tenant_id and w.resource_id = p_resource_id and w.state = 'waiting'
    order by w.created_at, w.id
    limit 1;
    return v_first is not null;
end;
$$;
