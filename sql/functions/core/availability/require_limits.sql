-- core.require_limits: refuse more bookings than a resource allows: on one local day, and by one
-- customer.
--
-- A customer's paid bookings, and those that a server made, count until they are over.
--
-- p_except  a booking that is not counted, because it is being rescheduled to p_period
-- Locks     none (the caller holds the days of core.lock_range and, for customer_limit, the
--           customer's mailbox)
-- Raises    KHOFF  a limit is reached; detail is {"reason": daily_limit | customer_limit}
-- Backstop  none: no constraint can count; the locks alone stand in for one
create or replace function core.require_limits(
    p_resource core.resources, p_customer_id uuid, p_period tstzrange, p_at timestamptz,
    p_except uuid default null)
returns void
language plpgsql stable
as $$
declare
    v_reached text[];
begin
    if p_resource.daily_limit is null and p_resource.customer_limit is null then
        return;
    end if;

    v_reached := core.reached_limits(p_resource, p_customer_id, p_period, p_at, p_except);
    if v_reached <> '{}' then
        raise exception 'the resource takes no more bookings %',
            case v_reached[1] when 'daily_limit' then 'on this day' else 'from this customer' end
            using errcode = 'KHOFF',
                detail = pg_catalog.jsonb_build_object('reason', v_reached[1])::text,
                hint = 'choose another day or resource, or ask the provider';
    end if;
end;
$$;
