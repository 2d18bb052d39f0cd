-- core.find_checkout: the checkout a provider's session belongs to, or none.
--
-- By the session's id once it is attached, and the tenant that its metadata names. A session that is
-- met before that (its webhook overtook our own answer) is known by what we sent: client_reference_id
-- and metadata must name the same checkout. The metadata matters: a payment link lets anyone choose the
-- reference, but not the metadata.
--
-- Locks     none
-- Raises    nothing
-- Backstop  checkouts_stripe_session_unique
create or replace function core.find_checkout(p_session jsonb)
returns core.checkouts
language plpgsql stable
as $$
declare
    v_checkout core.checkouts;
    v_tenant_id uuid := core.named_tenant(p_session);
    v_reference text := p_session ->> 'client_reference_id';
begin
    select * into v_checkout
    from core.checkouts as c
    where c.tenant_id = v_tenant_id and c.stripe_session_id = p_session ->> 'id';
    if not found then -- the metadata was edited at the provider
        select * into v_checkout from core.checkouts as c where c.stripe_session_id = p_session ->> 'id';
    end if;
    if found then
        return v_checkout;
    end if;

    if v_reference ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        and v_reference = p_session #>> '{metadata,checkout_id}'
    then
        select * into v_checkout
        from core.checkouts as c
        where c.tenant_id = v_tenant_id and c.id = v_reference::uuid and c.stripe_session_id is null;
    end if;
    return v_checkout;
end;
$$;
