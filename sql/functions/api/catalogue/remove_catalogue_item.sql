-- api.remove_catalogue_item: archive a resource, an offering or a pool; delete a rule of a resource.
--
-- An archived item can no longer be booked and is in no public view; its bookings stay, and show
-- its name. Archiving twice is archiving once.
--
-- p_version the version that the client has seen (If-Match), or null for any
-- Returns   the archived item; null when it was deleted
--
-- Locks     as core.lock_item
-- Raises    KHAUT · KHDEN · KHNTF · KHVER stale version
-- Backstop  none
create or replace function api.remove_catalogue_item(
    p_actor jsonb, p_kind text, p_resource_id uuid, p_id uuid, p_version integer)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'catalogue.write');
    v_kind record := core.catalogue_kind(p_kind);
    v_json jsonb := core.catalogue_json(v_actor, p_kind, p_resource_id, p_id);
    v_row jsonb;
begin
    if v_json ->> 'archived_at' is not null then
        return v_json;
    end if;

    v_row := core.lock_item(v_actor, p_kind, p_resource_id, p_id, p_version);
    execute pg_catalog.format(
        case when v_kind.of_resource
            then 'delete from core.%I as t where t.tenant_id = $1 and t.id = $2'
            else 'update core.%I as t set archived_at = coalesce(t.archived_at, $3)'
                || ' where t.tenant_id = $1 and t.id = $2'
        end, v_kind.relation)
    using v_actor.tenant_id, p_id, core.clock();
    perform core.still_authorized(v_actor);
    return core.catalogue_json(v_actor, p_kind, p_resource_id, p_id);
end;
$$;
