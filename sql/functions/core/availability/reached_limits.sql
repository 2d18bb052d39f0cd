-- core.reached_limits: which limits of a resource one more booking would break: daily_limit,
-- customer_limit, both or none.
--
-- A customer's proved bookings count until they are over: see core.proved_bookings.
--
-- p_customer_id  null: the customer is not proved, and only the day is counted
-- p_except       a booking that is not counted, because it is being rescheduled to p_period
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.reached_limits(
    p_resource core.resources, p_customer_id uuid, p_period tstzrange, p_at timestamptz,
    p_except uuid)
returns text[]
language plpgsql stable
set enable_sort = off
as $$
declare
    v_day date;
    v_reached text[] := '{}';
begin
    if p_resource.daily_limit is not null then
        v_day := (pg_catalog.lower(p_period) at time zone p_resource.timezone)::date;
        if exists (
            select from core.booked_days(p_resource, v_day, v_day, p_at, p_except) as d
            where d.bookings >= p_resource.daily_limit)
        then
            v_reached := v_reached || array['daily_limit'];
        end if;
    end if;

    if p_resource.customer_limit is not null and p_customer_id is not null
        and core.proved_bookings(
            p_resource, p_customer_id, p_at, case when p_except is not null then array[p_except] end)
            >= p_resource.customer_limit
    then
        v_reached := v_reached || array['customer_limit'];
    end if;
    return v_reached;
end;
$$;
