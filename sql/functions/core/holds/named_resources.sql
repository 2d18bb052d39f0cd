-- core.named_resources: the resources that a request to hold names, by themselves or by a pool.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.named_resources(p_actor core.actor, p_request jsonb)
returns uuid[]
language plpgsql stable
as $$
begin
    if not p_request ? 'items' and p_request ->> 'pool_id' is null then
        return array[(p_request ->> 'resource_id')::uuid];
    end if;
    return array(
        select (i.item ->> 'resource_id')::uuid
        from pg_catalog.jsonb_array_elements(core.hold_items(p_request)) as i (item)
        where i.item ->> 'resource_id' is not null
        union all
        select m.resource_id
        from pg_catalog.jsonb_array_elements(core.hold_items(p_request)) as i (item)
        cross join lateral (
            select p.resource_id
            from core.pool_resources as p
            where p.tenant_id = p_actor.tenant_id and p.pool_id = (i.item ->> 'pool_id')::uuid
            order by p.pool_id, p.resource_id
            limit 1000 -- a search for each, whatever the planner thinks of empty tables
        ) as m);
end;
$$;
