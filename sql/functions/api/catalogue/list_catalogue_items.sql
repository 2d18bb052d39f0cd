-- api.list_catalogue_items: items of one kind in the order in which they were made, a page at a time.
--
-- p_resource_id whose hours, overrides or blackouts; else null
-- p_archived    only archived ones, or only others; what cannot be archived is always listed
-- p_after       id of the last item of the page before, or null
-- p_limit       rows a page
-- Returns       {"items": […], "next": id | null}
--
-- Locks     none
-- Raises    KHAUT · KHDEN secret key needed · KHNTF no such resource
-- Backstop  row-level security
create or replace function api.list_catalogue_items(
    p_actor jsonb, p_kind text, p_resource_id uuid, p_archived boolean, p_after uuid, p_limit integer)
returns jsonb
language plpgsql volatile security definer
set enable_sort = off
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'catalogue.read');
    v_kind record := core.catalogue_kind(p_kind);
    v_page uuid[];
begin
    if v_kind.of_resource
        and core.catalogue_json(v_actor, 'resource', null, p_resource_id) is null
    then
        raise exception 'no such resource'
            using errcode = 'KHNTF', hint = 'GET /v1/catalogue/resources lists them';
    end if;

    -- all of one resource are few, and sorted; of the others an index yields the order
    execute pg_catalog.format(
        'select array(select t.id from (select * from core.%I as i where i.tenant_id = $1 and %s) as t'
            || ' where $4 is null or t.id > $4 order by t.id limit $5)',
        v_kind.relation,
        case when v_kind.of_resource
            then 'i.resource_id = $2 offset 0'
            else '(i.archived_at is not null) = $3'
        end)
    into v_page
    using v_actor.tenant_id, p_resource_id, p_archived, p_after, p_limit + 1;

    return pg_catalog.jsonb_build_object(
        'items', coalesce((
            select pg_catalog.jsonb_agg(
                core.catalogue_json(v_actor, p_kind, p_resource_id, i.id) order by i.id)
            from pg_catalog.unnest(v_page[: p_limit]) as i (id)), '[]'),
        'next', case when pg_catalog.cardinality(v_page) > p_limit then v_page[p_limit] end);
end;
$$;
