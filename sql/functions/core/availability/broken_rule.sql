-- core.broken_rule: the rule or limit that refuses a wanted period; null when none does.
--
-- What the opening hours say was found by core.find_requested_period, and stays true while the caller shares the
-- resource's rules. Time goes by, and calendars are read.
--
-- p_customer_id  null: the customer is not known yet, and only the day's limit is looked at
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.broken_rule(
    p_requested core.requested_period, p_customer_id uuid, p_at timestamptz)
returns text
language plpgsql stable
as $$
begin
    if not (p_requested.offered and core.in_time(
            pg_catalog.lower(p_requested.period), (p_requested.bookable).notice_minutes,
            (p_requested.bookable).horizon_days, p_at))
        or (p_requested.bookable).closures and core.is_closed(p_requested)
    then
        return coalesce((
            select r.rule
            from core.broken_rules(
                core.resource_of(p_requested.bookable), core.offering_of(p_requested.bookable),
                p_requested.asked_at, p_requested.booked_on, p_at) as r
            limit 1), 'closed');
    end if;

    if (p_requested.bookable).daily_limit is null and (p_requested.bookable).customer_limit is null then
        return null;
    end if;
    return (core.reached_limits(
        core.resource_of(p_requested.bookable), p_customer_id, p_requested.period, p_at, null))[1];
end;
$$;
