-- core.refund_task: {"refund": which money to send back, and what the provider calls the refund if it
-- has been asked for before}.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.refund_task(p_effect core.effects)
returns jsonb
language plpgsql volatile
as $$
declare
    v_refund core.refunds;
    v_payment core.payments;
begin
    -- one after the other: a join could begin with the wrong table
    select * into v_refund
    from core.refunds as r
    where r.tenant_id = p_effect.tenant_id and r.id = p_effect.refund_id;
    select * into v_payment
    from core.payments as p
    where p.tenant_id = v_refund.tenant_id and p.id = v_refund.payment_id;

    return pg_catalog.jsonb_build_object('refund', pg_catalog.jsonb_build_object(
        'id', v_refund.id,
        'booking_id', v_refund.booking_id,
        'payment_intent_id', v_payment.payment_intent_id,
        'amount', v_refund.amount,
        'currency', v_refund.currency,
        'reason', v_refund.reason,
        'stripe_refund_id', v_refund.stripe_refund_id));
end;
$$;
