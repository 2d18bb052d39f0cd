-- core.after_refund_payment: the provider was asked for a refund, and this is what it says.
--
-- p_result  {"status", "refund"}
-- Locks     as core.record_refund
-- Raises    nothing
-- Backstop  refunds_stripe_refund_unique
create or replace function core.after_refund_payment(p_effect core.effects, p_result jsonb)
returns void
language plpgsql volatile
as $$
declare
    v_refund core.refunds;
begin
    select * into v_refund
    from core.refunds as r
    where r.tenant_id = p_effect.tenant_id and r.id = p_effect.refund_id;
    perform core.record_refund(v_refund, p_result ->> 'status', p_result #>> '{refund,id}');
end;
$$;
