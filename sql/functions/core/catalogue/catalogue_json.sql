-- core.catalogue_json: one item of the catalogue as servers see it; null when there is none.
--
-- p_resource_id  the resource it must belong to, if items of the kind belong to one
--
-- Locks     none
-- Raises    nothing
-- Backstop  row-level security
create or replace function core.catalogue_json(
    p_actor core.actor, p_kind text, p_resource_id uuid, p_id uuid)
returns jsonb
language plpgsql stable
as $$
declare
    v_kind record := core.catalogue_kind(p_kind);
    v_json jsonb;
begin
    execute pg_catalog.format(
        'select core.%I(t) from core.%I as t where t.tenant_id = $1 and t.id = $2'
            || case when v_kind.of_resource then ' and t.resource_id = $3' else '' end,
        v_kind.shown_by, v_kind.relation)
    into v_json
    using p_actor.tenant_id, p_id, p_resource_id;
    return v_json;
end;
$$;
