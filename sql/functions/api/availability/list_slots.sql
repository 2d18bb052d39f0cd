-- api.list_slots: the free periods of a resource that start in [p_from, p_to).
--
-- p_offering_id may be null when the resource has only one
-- p_from, p_to  null: from now, for seven days
-- p_timezone    also tell the times by the clocks of this zone; null: only in UTC
-- Returns       {"resource_id", "offering_id", "timezone", "from", "to", "slots": [slot, …]}
--
-- Times only: nothing of the bookings around them.
--
-- Locks     none
-- Raises    KHAUT · KHNTF no such resource or offering
--           KHPER  the period is empty, reversed, longer than 62 days, or has over 2,000 slots
--           KHTZN  no such time zone
-- Backstop  row-level security
create or replace function api.list_slots(
    p_actor jsonb, p_resource_id uuid, p_offering_id uuid, p_from timestamptz, p_to timestamptz,
    p_timezone text default null)
returns json
language plpgsql volatile security definer
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'slot.list');
    v_resource core.resources := core.require_resource(v_actor, p_resource_id);
    v_offering core.offerings := core.require_offering(v_resource, p_offering_id);
    v_now timestamptz := core.clock();
    v_period tstzrange := core.require_period(p_from, p_to, v_now);
    v_slots json;
    v_count integer;
begin
    if p_timezone is not null then
        perform core.require_timezone(p_timezone);
    end if;

    select pg_catalog.count(*), coalesce(pg_catalog.json_agg(core.slot_json(
        s.starts_at, s.ends_at, s.booked_on, s.remaining, p_timezone) order by s.starts_at), '[]')
    into v_count, v_slots
    from (
        select * from core.free_slots(
            v_resource, v_offering, pg_catalog.lower(v_period), pg_catalog.upper(v_period), v_now)
        limit 2001
    ) as s;
    perform core.require_slot_count(v_count);

    return pg_catalog.json_build_object(
        'resource_id', v_resource.id,
        'offering_id', v_offering.id,
        'timezone', v_resource.timezone,
        'from', core.utc(pg_catalog.lower(v_period)),
        'to', core.utc(pg_catalog.upper(v_period)),
        'slots', v_slots);
end;
$$;
