-- core.catalogue_item_response: a catalogue item that was written, and for a blackout the bookings it lies
-- on.
--
-- Locks     none (the caller has the resource's rules)
-- Raises    KHNTF  it was deleted meanwhile
-- Backstop  none
create or replace function core.catalogue_item_response(
    p_actor core.actor, p_kind text, p_resource_id uuid, p_id uuid)
returns jsonb
language plpgsql stable
as $$
declare
    v_json jsonb := core.catalogue_json(p_actor, p_kind, p_resource_id, p_id);
begin
    if v_json is null then
        raise exception 'the item that this request created has been removed'
            using errcode = 'KHNTF', hint = 'send a new request with a new Idempotency-Key';
    end if;
    if p_kind = 'blackout' then
        return v_json || (
            select core.collisions(r, b.during, core.clock())
            from core.blackouts as b
            join core.resources as r on r.tenant_id = b.tenant_id and r.id = b.resource_id
            where b.tenant_id = p_actor.tenant_id and b.id = p_id);
    end if;
    return v_json;
end;
$$;
