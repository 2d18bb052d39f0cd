-- api.list_slots: the free periods of a resource that start in [p_from, p_to).
--
-- p_offering_id may be null when the resource has only one
-- p_from, p_to  null: from now, for seven days
-- Returns       {"resource_id", "offering_id", "timezone", "from", "to", "slots": [slot, …]}
--
-- Times only: nothing of the bookings around them.
--
-- Locks     none
-- Raises    KHAUT · KHNTF no such resource or offering
--           KHPER  the period is empty, reversed or longer than 62 days
-- Backstop  row-level security
create or replace function api.list_slots(
    p_actor jsonb, p_resource_id uuid, p_offering_id uuid, p_from timestamptz, p_to timestamptz)
returns jsonb
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'publishable');
    v_resource core.resources := core.require_resource(v_actor, p_resource_id);
    v_offering core.offerings := core.require_offering(v_resource, p_offering_id);
    v_now timestamptz := core.clock();
    v_from timestamptz := coalesce(p_from, pg_catalog.date_trunc('second', v_now));
    v_to timestamptz := coalesce(p_to, v_from + interval '168 hours');
begin
    if v_from >= v_to or v_to - v_from > interval '62 days' then
        raise exception 'the period is empty, reversed or longer than 62 days'
            using errcode = 'KHPER', hint = 'ask for a later "to", or for fewer days at once';
    end if;

    return pg_catalog.jsonb_build_object(
        'resource_id', v_resource.id,
        'offering_id', v_offering.id,
        'timezone', v_resource.timezone,
        'from', core.utc(v_from),
        'to', core.utc(v_to),
        'slots', coalesce((
            select pg_catalog.jsonb_agg(
                core.slot_json(s.starts_at, s.ends_at, s.booked_on, s.remaining) order by s.starts_at)
            from core.free_slots(v_resource, v_offering, v_from, v_to, v_now) as s), '[]'));
end;
$$;
