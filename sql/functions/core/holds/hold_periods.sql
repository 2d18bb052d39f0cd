-- core.hold_periods: hold all wanted periods for a customer, as one booking each. The one way to a new booking.
--
-- The caller undoes it all when one could not be had.
--
-- p_booking_id  of the first booking, which carries the money of all
-- p_checked     see core.require_fresh_calendars
-- p_held    what it made, in order of position, as the rows are now
-- p_conflicts   {position: 'taken' or the rule, …}; empty when all are held
--
-- Locks     the days of all periods; then as core.occupy (the caller shares the rules of all resources,
--           and holds the identities)
-- Raises    KHCAL · KHCAU · 55P03
-- Backstop  occupancies_no_overlap, occupancies_seat_once
create or replace function core.hold_periods(
    p_actor core.actor, p_booking_id uuid, p_secret_hash bytea, p_request jsonb,
    p_customer_id uuid, p_requested core.requested_period[], p_checked jsonb,
    out p_held core.bookings[], out p_conflicts jsonb)
language plpgsql volatile
as $$
declare
    v_unchecked boolean := core.unchecked_calendars(p_requested, p_checked, core.clock());
    v_counted uuid := core.counted_customer(p_actor, p_request, p_customer_id);
    v_in_cart boolean := pg_catalog.cardinality(p_requested) > 1;
    v_requested core.requested_period[];
    v_one core.requested_period;
    v_booking core.bookings;
    v_reason text;
    v_now timestamptz;
begin
    v_requested := core.lock_days_or_lose(p_requested);
    if v_requested is null then
        p_conflicts := pg_catalog.jsonb_build_object((p_requested[1]).position, coalesce(
            core.broken_rule(p_requested[1], v_counted, core.clock()), 'taken'));
        return;
    end if;
    v_now := core.clock();
    p_conflicts := '{}';

    foreach v_one in array core.in_order_of_taking(v_requested) loop
        -- time went by while we waited for the lock: is it still offered?
        v_reason := core.broken_rule(v_one, v_counted, v_now);
        if v_reason is null and (v_one.bookable).customer_limit is not null then
            if not core.overrides(p_request, 'customer_limit')
                and core.asks_too_often(v_requested, v_one)
            then
                v_reason := 'customer_limit'; -- by this request alone, proved or not
            end if;
        end if;
        if v_reason is null then
            v_booking := core.hold(
                p_actor, v_one, p_booking_id, v_in_cart, p_secret_hash, p_request, p_customer_id,
                v_unchecked, v_now);
            if not core.occupy(
                v_booking, (v_one.bookable).capacity, (v_one.bookable).group_size)
            then
                v_reason := 'taken';
            elsif (v_one.bookable).group_size is not null then
                -- it may have got the buffers of the session that it joined
                select * into v_booking
                from core.bookings as b
                where b.tenant_id = v_booking.tenant_id and b.id = v_booking.id;
            end if;
            p_held[v_one.position] := v_booking;
        end if;
        if v_reason is not null then
            p_conflicts := p_conflicts || pg_catalog.jsonb_build_object(v_one.position, v_reason);
        end if;
    end loop;
end;
$$;
