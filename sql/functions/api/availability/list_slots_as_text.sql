-- api.list_slots_as_text: the free periods of a resource that start in [p_from, p_to).
--
-- p_offering_id may be null when the resource has only one
-- p_from, p_to  null: from now, for seven days
-- p_timezone    also tell the times by the clocks of this zone; null: only in UTC
-- Returns       {"resource_id", "offering_id", "timezone", "from", "to", "slots": [slot, …]}, as text:
--               to become json it would all be read once more
--
-- Times only: nothing of the bookings around them.
--
-- Locks     none
-- Raises    KHAUT · KHNTF no such resource or offering
--           KHPER  the period is empty, reversed, longer than 62 days, or has over 2,000 slots
--           KHTZN  no such time zone
-- Backstop  row-level security
create or replace function api.list_slots_as_text(
    p_actor jsonb, p_resource_id uuid, p_offering_id uuid, p_from timestamptz, p_to timestamptz,
    p_timezone text default null)
returns text
language plpgsql volatile security definer
set datestyle = 'ISO'
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'slot.list');
    v_resource core.resources := core.require_resource(v_actor, p_resource_id);
    v_offering core.offerings := core.require_offering(v_resource, p_offering_id);
    v_now timestamptz := core.clock();
    v_period tstzrange := core.require_period(p_from, p_to, v_now);
    v_head json := pg_catalog.json_build_object(
        'resource_id', v_resource.id,
        'offering_id', v_offering.id,
        'timezone', v_resource.timezone,
        'from', core.utc_micros(pg_catalog.lower(v_period)),
        'to', core.utc_micros(pg_catalog.upper(v_period)));
    v_count integer;
    v_answer text;
begin
    if p_timezone is not null then
        perform core.require_timezone(p_timezone);
    end if;

    select pg_catalog.count(*), core.listing(v_head, pg_catalog.string_agg(core.listed_slot(
        s.starts_at, s.starts_at + s.length, s.places, p_timezone), ', '))
    into v_count, v_answer
    from (
        select pg_catalog.generate_series(r.first_start, r.last_start, r.step) as starts_at,
            r.length, r.places
        from (
            select r.first_start at time zone 'UTC' as first_start,
                r.last_start at time zone 'UTC' as last_start, r.step, r.length,
                core.listed_places(r.booked_on, r.remaining) as places
            from core.free_runs(
                v_resource, v_offering, pg_catalog.lower(v_period), pg_catalog.upper(v_period),
                v_now) as r
            offset 0 -- once for each run, not for each slot
        ) as r
        limit 2001
    ) as s;
    perform core.require_slot_count(v_count);
    return v_answer;
end;
$$;
