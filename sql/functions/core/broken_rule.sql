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
declare
    v_detail text;
begin
    perform core.require_offered(
        p_wanted.resource, p_wanted.offering, p_wanted.asked_at, p_wanted.booked_on, p_at);
    perform core.require_limits(p_wanted.resource, p_customer_id, p_wanted.period, p_at);
    return null;
exception when sqlstate 'KHOFF' then
    get stacked diagnostics v_detail = pg_exception_detail;
    return v_detail::jsonb ->> 'reason';
end;
$$;
