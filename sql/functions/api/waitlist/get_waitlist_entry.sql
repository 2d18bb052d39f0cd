-- api.get_waitlist_entry: one waitlist entry, for an actor that may see it.
--
-- Locks     none
-- Raises    KHAUT · KHNTF no such entry for this actor
-- Backstop  row-level security
create or replace function api.get_waitlist_entry(p_actor jsonb, p_entry_id uuid)
returns jsonb
language plpgsql volatile security definer
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'waitlist.read');
begin
    return core.waitlist_entry_json(core.require_waitlist_entry(v_actor, p_entry_id));
end;
$$;
