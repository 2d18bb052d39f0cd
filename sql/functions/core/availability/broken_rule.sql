-- core.broken_rule: the rule or limit that refuses a wanted period; null when none does.
--
-- p_customer_id  null: the customer is not known yet, and only the day's limit is looked at
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.broken_rule(
    p_wanted core.wanted, p_customer_id uuid, p_at timestamptz)
returns text
language plpgsql stable
as $$
begin
    if core.offered_period(
        p_wanted.resource, p_wanted.offering, p_wanted.asked_at, p_wanted.booked_on, p_at) is null
    then
        return coalesce((
            select r.rule
            from core.broken_rules(
                p_wanted.resource, p_wanted.offering, p_wanted.asked_at, p_wanted.booked_on, p_at) as r
            limit 1), 'closed');
    end if;

    if (p_wanted.resource).daily_limit is null and (p_wanted.resource).customer_limit is null then
        return null;
    end if;
    return (core.reached_limits(p_wanted.resource, p_customer_id, p_wanted.period, p_at, null))[1];
end;
$$;
