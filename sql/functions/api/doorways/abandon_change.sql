-- api.abandon_change: api.cancel_reschedule, under the name that the previous release calls.
--
-- Locks     as api.cancel_reschedule
-- Raises    as api.cancel_reschedule
-- Backstop  as api.cancel_reschedule
create or replace function api.abandon_change(p_actor jsonb, p_booking_id uuid, p_version integer)
returns jsonb
language sql volatile security definer
as $$
    select api.cancel_reschedule(p_actor, p_booking_id, p_version)
$$;
