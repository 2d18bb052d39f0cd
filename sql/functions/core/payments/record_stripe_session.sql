-- core.record_stripe_session: record how a checkout's session has ended, and its id if it is not
-- known yet.
--
-- p_outcome see core.settle
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  checkouts_stripe_session_unique
create or replace function core.record_stripe_session(
    p_checkout core.checkouts, p_outcome text, p_session jsonb)
returns core.checkouts
language plpgsql volatile
as $$
declare
    v_checkout core.checkouts;
begin
    update core.checkouts as c
    set stripe_session_id = coalesce(c.stripe_session_id, p_session ->> 'id'),
        stripe_session_url = coalesce(c.stripe_session_url, p_session ->> 'url'),
        state = case
            when p_outcome = 'paid' then 'paid'
            when c.state not in ('creating', 'open', 'pending') then c.state
            when p_outcome = 'open' then 'open'
            when p_outcome = 'pending' then 'pending'
            when p_outcome = 'expired' then 'expired'
            else 'failed'
        end
    where c.tenant_id = p_checkout.tenant_id and c.id = p_checkout.id
    returning * into v_checkout;
    return v_checkout;
end;
$$;
