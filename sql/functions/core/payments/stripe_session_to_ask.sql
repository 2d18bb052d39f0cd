-- core.stripe_session_to_ask: the session of a checkout that the provider is to be asked about now; null when
-- it was asked about within five seconds, or another call is asking.
--
-- The provider's limits are those of its account, so of all tenants: however many poll, and however
-- often, there is one question in five seconds.
--
-- Locks     the checkout's row, unless another transaction has it
-- Raises    nothing
-- Backstop  none
create or replace function core.stripe_session_to_ask(p_tenant_id uuid, p_checkout_id uuid)
returns text
language plpgsql volatile
as $$
declare
    v_checkout core.checkouts;
    v_now timestamptz;
begin
    select * into v_checkout
    from core.checkouts as c
    where c.tenant_id = p_tenant_id and c.id = p_checkout_id
    for no key update skip locked;

    v_now := core.clock();
    if v_checkout.stripe_session_id is null
        or v_checkout.asked_at > v_now - interval '5 seconds'
    then
        return null;
    end if;
    update core.checkouts as c
    set asked_at = v_now
    where c.tenant_id = p_tenant_id and c.id = p_checkout_id;
    return v_checkout.stripe_session_id;
end;
$$;
