-- api.create_catalogue_item: add a resource, an offering, a pool, or a rule of a resource.
--
-- p_kind        resource, offering, pool, hours, override or blackout
-- p_resource_id of which it is, for the last three; else null
-- p_key         the client's idempotency key
-- p_id          its id if this call makes it; a repeat answers the first call's
-- p_request     its columns, as the API calls them; lists (prices, offering_ids, resource_ids) with it
-- Returns       the item; a blackout with the live bookings in its time
--
-- Locks     the request key; the rules of the resource
-- Raises    KHAUT · KHDEN secret key needed · KHNTF no such resource, or something named in it
--           KHKEY · KHOVL overlaps another window · KHTZN no such zone
-- Backstop  idempotency_keys_pkey, and the constraints of its table
create or replace function api.create_catalogue_item(
    p_actor jsonb, p_kind text, p_resource_id uuid, p_key text, p_id uuid, p_request jsonb)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'catalogue.write');
    v_kind record := core.catalogue_kind(p_kind);
    v_now timestamptz := core.clock();
    v_resource core.resources;
    v_earlier uuid;
    v_row jsonb;
    v_names text;
begin
    v_earlier := core.claim_key(
        v_actor, 'create_' || p_kind, coalesce(p_resource_id, core.nothing_yet()), p_key,
        core.fingerprint(pg_catalog.jsonb_build_array(p_resource_id, p_request)), p_id, v_now);
    perform core.lock_rules(core.rules_of(v_actor, p_kind, p_resource_id, p_id));
    if v_earlier is not null then
        perform core.still_authorized(v_actor);
        return core.catalogue_item_response(v_actor, p_kind, p_resource_id, v_earlier);
    end if;
    if v_kind.of_resource then
        v_resource := core.require_resource(v_actor, p_resource_id);
    end if;

    v_row := core.catalogue_columns(v_resource.timezone, p_request) || pg_catalog.jsonb_build_object(
        'tenant_id', v_actor.tenant_id, 'id', p_id, 'created_at', v_now, 'updated_at', v_now);
    if v_kind.of_resource then
        v_row := v_row || pg_catalog.jsonb_build_object('resource_id', v_resource.id);
    end if;
    perform core.require_no_overlap(p_kind, v_row);

    select pg_catalog.string_agg(pg_catalog.quote_ident(k), ', ') into v_names
    from pg_catalog.jsonb_object_keys(v_row) as k;
    execute pg_catalog.format(
        'insert into core.%1$I (%2$s)'
            || ' select %2$s from pg_catalog.jsonb_populate_record(null::core.%1$I, $1)',
        v_kind.relation, v_names)
    using v_row;
    perform core.replace_lists(v_actor, p_id, p_request, v_now);
    perform core.still_authorized(v_actor);
    return core.catalogue_item_response(v_actor, p_kind, p_resource_id, p_id);
end;
$$;
