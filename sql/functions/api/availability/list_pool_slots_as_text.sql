-- api.list_pool_slots_as_text: the periods that start in [p_from, p_to) and that some resource of a pool
-- has free.
--
-- p_offering_id  may be null when the pool's resources have only one between them
-- p_from, p_to   null: from now, for seven days
-- p_timezone     also tell the times by the clocks of this zone; null: only in UTC
-- Returns        {"pool_id", "offering_id", "from", "to", "slots": [slot with "resources", …]}, as
--                api.list_slots_as_text
--
-- A slot's "remaining" are the places of all "resources" that have it free. Resources of different
-- zones have different whole dates of one name, which are different slots.
--
-- Locks     none
-- Raises    KHAUT · KHNTF no such pool or offering
--           KHPER  the period is empty, reversed, longer than 62 days, or has over 2,000 slots
--           KHTZN  no such time zone
-- Backstop  row-level security
create or replace function api.list_pool_slots_as_text(
    p_actor jsonb, p_pool_id uuid, p_offering_id uuid, p_from timestamptz, p_to timestamptz,
    p_timezone text default null)
returns text
language plpgsql volatile security definer
set datestyle = 'ISO'
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'slot.list');
    v_pool core.pools := core.require_pool(v_actor, p_pool_id);
    v_offering core.offerings := core.require_pool_offering(v_pool, p_offering_id);
    v_now timestamptz := core.clock();
    v_period tstzrange := core.require_period(p_from, p_to, v_now);
    v_head json := pg_catalog.json_build_object(
        'pool_id', v_pool.id,
        'offering_id', v_offering.id,
        'from', core.utc_micros(pg_catalog.lower(v_period)),
        'to', core.utc_micros(pg_catalog.upper(v_period)));
    v_count integer;
    v_answer text;
begin
    if p_timezone is not null then
        perform core.require_timezone(p_timezone);
    end if;

    select pg_catalog.count(*), core.listing(v_head, pg_catalog.string_agg(core.listed_slot(
        s.starts_at, s.ends_at, s.places, p_timezone), ', ' order by s.starts_at, s.ends_at))
    into v_count, v_answer
    from (
        select f.starts_at at time zone 'UTC' as starts_at, f.ends_at at time zone 'UTC' as ends_at,
            core.listed_places(f.booked_on, f.remaining, f.resources) as places
        from core.free_in_pool(
            array(select r from core.pool_members(v_pool, v_offering.id) as r), v_offering,
            pg_catalog.lower(v_period), pg_catalog.upper(v_period), v_now) as f
        limit 2001
    ) as s;
    perform core.require_slot_count(v_count);
    return v_answer;
end;
$$;
