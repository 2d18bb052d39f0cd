-- core.may_delay: may the payment page offer methods whose result comes days later?
--
-- By the tenant's setting, and only if the result comes before the time begins: Stripe reports within
-- two weeks, counted from the last moment at which the page can be paid.
--
-- p_starts_at  when what is paid for begins
-- Locks     none
-- Raises    nothing
-- Backstop  core.settle_paid: money for a time that has begun is refunded
create or replace function core.may_delay(
    p_actor core.actor, p_starts_at timestamptz, p_at timestamptz)
returns boolean
language plpgsql stable
as $$
declare
    v_tenant core.tenants := p_actor.tenant;
begin
    return (v_tenant.delayed_methods = 'all'
            or v_tenant.delayed_methods = 'servers' and p_actor.side = 'server')
        and core.stripe_session_expiry(p_at) + v_tenant.delayed_method_days * interval '1 day' <= p_starts_at;
end;
$$;
