-- api.list_pool_slots: api.list_pool_slots_as_text, under the name and with the type of the previous release.
--
-- Locks     as api.list_pool_slots_as_text
-- Raises    as api.list_pool_slots_as_text
-- Backstop  as api.list_pool_slots_as_text
create or replace function api.list_pool_slots(
    p_actor jsonb, p_pool_id uuid, p_offering_id uuid, p_from timestamptz, p_to timestamptz,
    p_timezone text default null)
returns json
language sql volatile security definer
as $$
    select api.list_pool_slots_as_text(
        p_actor, p_pool_id, p_offering_id, p_from, p_to, p_timezone)::json
$$;
