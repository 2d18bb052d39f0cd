-- api.get_catalogue_item: a resource, an offering or a pool, archived or not.
--
-- Locks     none
-- Raises    KHAUT · KHDEN secret key needed · KHNTF no such item
-- Backstop  row-level security
create or replace function api.get_catalogue_item(p_actor jsonb, p_kind text, p_id uuid)
returns jsonb
language plpgsql volatile security definer
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'catalogue.read');
    v_json jsonb := core.catalogue_json(v_actor, p_kind, null, p_id);
begin
    if v_json is null then
        raise exception 'no such %', p_kind
            using errcode = 'KHNTF', hint = 'list the items of this kind to find the id';
    end if;
    return v_json;
end;
$$;
