-- api.get_waiting: one place in the waitlist, for whoever may see it.
--
-- Locks     none
-- Raises    KHAUT · KHNTF no such place for this actor
-- Backstop  row-level security
create or replace function api.get_waiting(p_actor jsonb, p_entry_id uuid)
returns jsonb
language plpgsql volatile security definer
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'waitlist.read');
begin
    return core.waiting_json(core.reach_waiting(v_actor, p_entry_id));
end;
$$;
