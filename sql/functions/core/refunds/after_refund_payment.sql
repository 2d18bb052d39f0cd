-- core.after_refund_payment: the provider was asked for a refund, and this is what it says.
--
-- p_result  {"status", "refund"}
-- Locks     the booking, then the effect's row; as core.record_refund
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
    perform from core.bookings as b
    where b.tenant_id = v_refund.tenant_id and b.id = v_refund.booking_id
    for no key update;
    perform from core.effects as e -- effects come before the ledger's accounts
    where e.tenant_id = p_effect.tenant_id and e.id = p_effect.id
    for update;
    perform core.record_refund(v_refund, p_result ->> 'status', p_result #>> '{refund,id}');
end;
$$;
