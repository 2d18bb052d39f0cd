-- core.lock_item: an item of the catalogue, locked with the rules that it is part of.
--
-- p_version  the version that the caller has seen, or null
-- Returns    its row as jsonb
--
-- Locks     the rules of the resources that it is about, in order of id; the item's row
-- Raises    KHNTF  no such item · KHVER stale version
-- Backstop  row-level security
create or replace function core.lock_item(
    p_actor core.actor, p_kind text, p_resource_id uuid, p_id uuid, p_version integer)
returns jsonb
language plpgsql volatile
as $$
declare
    v_kind record := core.catalogue_kind(p_kind);
    v_row jsonb;
begin
    perform core.lock_rules(core.rules_of(p_actor, p_kind, p_resource_id, p_id));
    execute pg_catalog.format(
        'select pg_catalog.to_jsonb(t) from core.%I as t where t.tenant_id = $1 and t.id = $2'
            || case when v_kind.of_resource then ' and t.resource_id = $3' else '' end
            || ' for no key update',
        v_kind.relation)
    into v_row
    using p_actor.tenant_id, p_id, p_resource_id;

    if v_row is null then
        raise exception 'no such %', p_kind
            using errcode = 'KHNTF', hint = 'list the items of this kind to find the id';
    end if;
    if (v_row ->> 'version')::integer <> p_version then
        raise exception 'the current version is %, not %', v_row ->> 'version', p_version
            using errcode = 'KHVER';
    end if;
    return v_row;
end;
$$;
