-- api.list_resources: what can be booked, with offerings and prices, a page at a time.
--
-- p_after   id of the last resource of the page before, or null
-- p_limit   rows a page
-- Returns   {"resources": […], "next": id | null}
--
-- Locks     none
-- Raises    KHAUT
-- Backstop  row-level security
create or replace function api.list_resources(p_actor jsonb, p_after uuid, p_limit integer)
returns jsonb
language plpgsql volatile security definer
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'resource.list');
    v_page core.resources[];
begin
    select pg_catalog.array_agg(p order by p.id) into v_page
    from (
        select * from core.resources as r
        where r.tenant_id = v_actor.tenant_id and r.archived_at is null
            and (p_after is null or r.id > p_after)
        order by r.id
        limit p_limit + 1
    ) as p;

    return pg_catalog.jsonb_build_object(
        'resources', coalesce((
            select pg_catalog.jsonb_agg(core.resource_json(r))
            from pg_catalog.unnest(v_page[: p_limit]) as r), '[]'),
        'next', case when pg_catalog.cardinality(v_page) > p_limit then v_page[p_limit].id end);
end;
$$;
