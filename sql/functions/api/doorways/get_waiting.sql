-- api.get_waiting: api.get_waitlist_entry, under the name that the previous release calls.
--
-- Locks     as api.get_waitlist_entry
-- Raises    as api.get_waitlist_entry
-- Backstop  as api.get_waitlist_entry
create or replace function api.get_waiting(p_actor jsonb, p_entry_id uuid)
returns jsonb
language sql volatile security definer
as $$
    select api.get_waitlist_entry(p_actor, p_entry_id)
$$;
