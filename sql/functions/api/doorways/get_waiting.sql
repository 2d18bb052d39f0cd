-- api.get_waiting: api.get_waitlist_entry, by the name that the release before calls.
--
-- Locks     as api.get_waitlist_entry
-- Raises    as api.get_waitlist_entry
-- Backstop  as api.get_waitlist_entry
create or replace function api.get_waiting(p_actor jsonb, p_entry_id uuid)
returns jsonb
language sql volatile security definer
set search_path = ''
as $$
    select api.get_waitlist_entry(p_actor, p_entry_id)
$$;
