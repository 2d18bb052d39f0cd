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
            pg_catalog.lower(p_requested.period), (p_requested.resource).notice_minutes,
            (p_requested.resource).horizon_days, p_at))
        or core.is_closed(p_requested)
    then
        return coalesce((
            select r.rule
            from core.broken_rules(
                p_requested.resource, p_requested.offering, p_requested.asked_at, p_requested.booked_on, p_at) as r
            limit 1), 'closed');
    end if;

    if (p_requested.resource).daily_limit is null and (p_requested.resource).customer_limit is null then
        return null;
    end if;
    return (core.reached_limits(p_requested.resource, p_customer_id, p_requested.period, p_at, null))[1];
end;
$$;
