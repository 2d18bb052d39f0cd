-- api.reschedule: api.reschedule_booking, by the name that the release before calls.
--
-- Locks     as api.reschedule_booking
-- Raises    as api.reschedule_booking
-- Backstop  as api.reschedule_booking
create or replace function api.reschedule(
    p_actor jsonb, p_booking_id uuid, p_key text, p_request jsonb, p_version integer)
returns jsonb
language sql volatile security definer
set search_path = ''
as $$
    select api.reschedule_booking(p_actor, p_booking_id, p_key, p_request, p_version)
$$;
