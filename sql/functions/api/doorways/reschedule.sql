-- api.reschedule: api.reschedule_booking, under the name that the previous release calls.
--
-- Locks     as api.reschedule_booking
-- Raises    as api.reschedule_booking
-- Backstop  as api.reschedule_booking
create or replace function api.reschedule(
    p_actor jsonb, p_booking_id uuid, p_key text, p_request jsonb, p_version integer)
returns jsonb
language sql volatile security definer
as $$
    select api.reschedule_booking(p_actor, p_booking_id, p_key, p_request, p_version)
$$;
