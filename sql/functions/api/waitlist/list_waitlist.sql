-- api.list_waitlist: the tenant's waitlist entries in order of their ids, a page at a time.
--
-- p_filters {"resource_id", "state"}, each optional
-- p_after   id of the last entry of the page before, or null
-- p_limit   rows a page
-- Returns   {"places": […], "next": id | null}
--
-- Locks     none
-- Raises    KHAUT · KHDEN secret key needed
-- Backstop  row-level security
create or replace function api.list_waitlist(
    p_actor jsonb, p_filters jsonb, p_after uuid, p_limit integer)
returns jsonb
language plpgsql volatile security definer
set enable_sort = off
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'waitlist.list');
    v_resource_id uuid := (p_filters ->> 'resource_id')::uuid;
    v_state text := p_filters ->> 'state';
    v_page core.waitlist[];
begin
    select pg_catalog.array_agg(p order by p.id) into v_page
    from (
        select * from core.waitlist as w
        where w.tenant_id = v_actor.tenant_id
            and (p_after is null or w.id > p_after)
            and (v_resource_id is null or w.resource_id = v_resource_id)
            and (v_state is null or w.state = v_state)
        order by w.id
        limit p_limit + 1
    ) as p;

    return pg_catalog.jsonb_build_object(
        'places', coalesce((
            select pg_catalog.jsonb_agg(core.waitlist_entry_json(w) order by w.id)
            from pg_catalog.unnest(v_page[: p_limit]) as w), '[]'),
        'next', case when pg_catalog.cardinality(v_page) > p_limit then v_page[p_limit].id end);
end;
$$;
