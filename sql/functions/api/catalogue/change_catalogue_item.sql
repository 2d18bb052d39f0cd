-- api.change_catalogue_item: change an item of the catalogue. Bookings stay as they are: time,
-- price, buffers and names were frozen when they were made.
--
-- p_version the version that the client has seen (If-Match), or null for any
-- p_request what is to change; see api.create_catalogue_item
-- Returns   the item; a blackout with the live bookings in its time
--
-- Locks     as core.lock_item
-- Raises    KHAUT · KHDEN · KHNTF · KHVER stale version · KHARC it is archived
--           KHOVL overlaps another window · KHTZN no such zone · KHUSE see core.replace_offerings
-- Backstop  the constraints of its table
create or replace function api.change_catalogue_item(
    p_actor jsonb, p_kind text, p_resource_id uuid, p_id uuid, p_version integer, p_request jsonb)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'catalogue.write');
    v_kind record := core.catalogue_kind(p_kind);
    v_row jsonb := core.lock_item(v_actor, p_kind, p_resource_id, p_id, p_version);
    v_now timestamptz := core.clock();
    v_changes jsonb;
    v_names text;
begin
    if v_row ->> 'archived_at' is not null then
        raise exception using errcode = 'KHARC';
    end if;

    v_changes := core.catalogue_columns(
        (select r.timezone from core.resources as r
         where r.tenant_id = v_actor.tenant_id and r.id = p_resource_id),
        p_request) || pg_catalog.jsonb_build_object('updated_at', v_now);
    perform core.require_no_overlap(p_kind, v_row || v_changes);

    select pg_catalog.string_agg(pg_catalog.quote_ident(k), ', ') into v_names
    from pg_catalog.jsonb_object_keys(v_changes) as k;
    execute pg_catalog.format(
        'update core.%1$I as t'
            || ' set (%2$s) = (select %2$s from pg_catalog.jsonb_populate_record(t, $1))'
            || ' where t.tenant_id = $2 and t.id = $3',
        v_kind.relation, v_names)
    using v_changes, v_actor.tenant_id, p_id;
    perform core.replace_lists(v_actor, p_id, p_request, v_now);
    perform core.still_authorized(v_actor);
    return core.catalogue_item_response(v_actor, p_kind, p_resource_id, p_id);
end;
$$;
