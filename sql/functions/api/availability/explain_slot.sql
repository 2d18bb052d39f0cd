-- api.explain_slot: whether a period can be held now, and all the rules that refuse it.
--
-- p_starts_at | p_date  the start of a slot, or the local date
-- p_email       a customer's address, to ask about their limit too; or null
-- Returns       {"resource_id", "offering_id", "starts_at", "ends_at", "bookable",
--               "rules": [{"rule", "detail", "booking_id" | "blackout_id" | "calendar_id"}, …]}
--
-- In a fixed order: those of core.broken_rules, then taken, buffer, capacity, daily_limit,
-- customer_limit. taken and buffer name each booking in the way, the first hundred of each: one
-- that overlaps the period, or is only kept from it by buffers. capacity stands for all of them
-- where a time has several places. It reads what a hold reads, and like any reading is true until
-- the next booking.
--
-- Locks     none
-- Raises    KHAUT · KHDEN not a secret key · KHNTF no such resource or offering
-- Backstop  row-level security
create or replace function api.explain_slot(
    p_actor jsonb, p_resource_id uuid, p_offering_id uuid, p_starts_at timestamptz, p_date date,
    p_email text)
returns jsonb
language plpgsql volatile security definer
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'slot.explain');
    v_resource core.resources := core.require_resource(v_actor, p_resource_id);
    v_offering core.offerings := core.require_offering(v_resource, p_offering_id);
    v_now timestamptz := core.clock();
    v_period tstzrange := core.period(
        v_resource.booking_mode, v_resource.timezone, v_offering.duration_minutes,
        p_starts_at, p_date);
    v_starts_at timestamptz := pg_catalog.lower(v_period);
    v_ends_at timestamptz := pg_catalog.upper(v_period);
    v_rules jsonb;
begin
    select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'rule', r.rule, 'detail', r.detail, 'booking_id', null,
        'blackout_id', r.blackout_id, 'calendar_id', r.calendar_id)), '[]')
    into v_rules
    from core.broken_rules(v_resource, v_offering, p_starts_at, p_date, v_now) as r;

    if pg_catalog.isempty(v_period) then -- a date that its zone skipped ends where it begins
        v_starts_at := core.local_instant(p_date::timestamp, v_resource.timezone, 'start');
        v_ends_at := v_starts_at;
    elsif v_period is not null then
        select v_rules || coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
            'rule', r.rule, 'detail', r.detail, 'booking_id', r.booking_id,
            'blackout_id', null, 'calendar_id', null)), '[]')
        into v_rules
        from core.rules_in_use(
            v_resource, v_offering, v_starts_at, v_ends_at, v_now,
            (select c.id -- a customer of that mailbox, even if this spelling is new
                from core.customers as c
                where c.tenant_id = v_actor.tenant_id and c.mailbox = pg_catalog.regexp_replace(
                    pg_catalog.lower(p_email), '\+[^@]*@', '@')
                limit 1)) as r;
    end if;

    return pg_catalog.jsonb_build_object(
        'resource_id', v_resource.id,
        'offering_id', v_offering.id,
        'starts_at', core.utc(v_starts_at),
        'ends_at', core.utc(v_ends_at),
        'bookable', v_rules = '[]',
        'rules', v_rules);
end;
$$;
