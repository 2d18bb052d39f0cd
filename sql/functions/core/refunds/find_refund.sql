-- core.find_refund: our refund that a provider's refund belongs to, or none.
--
-- By the provider's id once we know it, and the tenant that the metadata names; before that by the id
-- of ours that we sent along.
--
-- p_refund  {"id", "metadata": {"refund_id", "tenant_id"}}
-- Locks     none
-- Raises    nothing
-- Backstop  refunds_stripe_refund_unique
create or replace function core.find_refund(p_refund jsonb)
returns core.refunds
language plpgsql stable
as $$
declare
    v_refund core.refunds;
    v_tenant_id uuid := core.named_tenant(p_refund);
    v_id uuid;
begin
    select * into v_refund
    from core.refunds as r
    where r.tenant_id = v_tenant_id and r.stripe_refund_id = p_refund ->> 'id';
    if not found then -- the metadata was edited at the provider
        select * into v_refund
        from core.refunds as r
        where r.stripe_refund_id = p_refund ->> 'id';
    end if;
    if not found
        and p_refund #>> '{metadata,refund_id}' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    then
        -- beforehand: what is costly to work out would make another index look cheaper
        v_id := (p_refund #>> '{metadata,refund_id}')::uuid;
        select * into v_refund
        from core.refunds as r
        where r.tenant_id = v_tenant_id and r.id = v_id and r.stripe_refund_id is null;
    end if;
    return v_refund;
end;
$$;
