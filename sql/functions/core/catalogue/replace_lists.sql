-- core.replace_lists: replace those lists of a catalogue item that a request names.
--
-- Locks     none (the caller has the item and its rules)
-- Raises    KHNTF  something named does not exist · KHUSE an offering to be removed was booked
-- Backstop  as in the functions that are called
create or replace function core.replace_lists(
    p_actor core.actor, p_id uuid, p_request jsonb, p_at timestamptz)
returns void
language plpgsql volatile
as $$
begin
    if p_request ? 'prices' then
        perform core.replace_prices(p_actor.tenant_id, p_id, p_request -> 'prices', p_at);
    end if;
    if p_request ? 'offering_ids' then
        perform core.replace_offerings(p_actor.tenant_id, p_id, array(
            select o::uuid from pg_catalog.jsonb_array_elements_text(p_request -> 'offering_ids') as o));
    end if;
    if p_request ? 'resource_ids' then
        perform core.replace_members(p_actor, p_id, array(
            select r::uuid from pg_catalog.jsonb_array_elements_text(p_request -> 'resource_ids') as r));
    end if;
end;
$$;
