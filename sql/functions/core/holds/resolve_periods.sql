-- core.resolve_periods: what a hold asks for, period by period, as core.find_requested_period finds it.
--
-- A series is unrolled: the same wall-clock time week after week, whatever the clocks do meanwhile;
-- where a spring change skips that time it moves forward by the gap.
--
-- p_request one period, or {"items": [period, …]}; see api.create_hold
-- p_picks   by number of the item, the resource that its pool is to give; null without pools
-- Locks     none (the caller shares the rules of core.named_resources)
-- Raises    KHNTF  no such resource or offering · KHPRC · KHAMT see core.require_bookable
--           KHCRT  the periods cannot be held together; detail is {"reason": too_many_periods,
--                  currencies_differ or total_too_large}
-- Backstop  bookings_position_counts, checkouts_amount_in_range
create or replace function core.resolve_periods(
    p_actor core.actor, p_request jsonb, p_picks uuid[])
returns core.requested_period[]
language plpgsql stable
as $$
declare
    v_items jsonb := core.hold_items(p_request);
    v_item jsonb;
    v_one core.requested_period;
    v_all core.requested_period[] := '{}';
    v_resource_id uuid;
    v_offering_id uuid;
    v_on date;
    v_asked_at timestamptz;
    v_start_at timestamptz;
begin
    for v_number in 1 .. pg_catalog.jsonb_array_length(v_items) loop
        v_item := v_items -> (v_number - 1);
        v_resource_id := coalesce(p_picks[v_number], (v_item ->> 'resource_id')::uuid);
        v_offering_id := (v_item ->> 'offering_id')::uuid;
        v_asked_at := (v_item ->> 'starts_at')::timestamptz;
        v_on := (v_item ->> 'date')::date;

        for v_week in 0 .. coalesce((v_item #>> '{repeat,weeks}')::integer, 1) - 1 loop
            v_start_at := v_asked_at;
            if v_week > 0 then
                v_start_at := core.local_instant(
                    (v_asked_at at time zone (v_one.bookable).timezone) + v_week * interval '7 days',
                    (v_one.bookable).timezone, 'start');
            end if;
            v_one := core.find_requested_period(
                p_actor.tenant_id, v_resource_id, v_offering_id, v_item ->> 'tier',
                v_item ->> 'package', v_start_at, v_on + 7 * v_week, core.clock());
            if (v_one.bookable).resource_id is null then -- perhaps no offering is named
                v_offering_id := core.require_bookable(
                    p_actor, v_resource_id, v_offering_id, v_item ->> 'tier', v_item ->> 'package');
                v_one := core.find_requested_period(
                    p_actor.tenant_id, v_resource_id, v_offering_id, v_item ->> 'tier',
                    v_item ->> 'package', v_start_at, v_on + 7 * v_week, core.clock());
            elsif not (v_one.bookable).chargeable then
                perform core.require_chargeable(
                    (v_one.bookable).amount, (v_one.bookable).currency);
            end if;
            v_one.item := v_number;
            v_one.pool_id := (v_item ->> 'pool_id')::uuid;
            v_one.position := pg_catalog.cardinality(v_all) + 1;
            v_all := v_all || v_one;
        end loop;
    end loop;

    if pg_catalog.cardinality(v_all) > 1 then
        perform core.require_payable_cart(v_all);
    end if;
    return v_all;
end;
$$;
