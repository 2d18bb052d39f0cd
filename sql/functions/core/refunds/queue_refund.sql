-- core.queue_refund: decide a refund; the outbox carries it to the provider.
--
-- amount_refunded counts queued refunds too, so refunds together never exceed what was captured.
--
-- p_amount  minor units of the payment's currency
-- Locks     the payment's row (after the booking's)
-- Raises    23514 payments_refunds_within_capture when the refunds would exceed what was paid
-- Backstop  payments_refunds_within_capture, effects_key_unique
create or replace function core.queue_refund(p_payment core.payments, p_amount bigint, p_reason text)
returns uuid
language plpgsql volatile
as $$
declare
    v_refund_id uuid := core.new_id();
    v_now timestamptz;
begin
    update core.payments as p
    set amount_refunded = p.amount_refunded + p_amount
    where p.tenant_id = p_payment.tenant_id and p.id = p_payment.id;

    v_now := core.clock();
    insert into core.refunds (
        tenant_id, id, payment_id, booking_id, amount, currency, reason, created_at, updated_at)
    values (p_payment.tenant_id, v_refund_id, p_payment.id, p_payment.booking_id, p_amount,
        p_payment.currency, p_reason, v_now, v_now);

    insert into core.effects (
        tenant_id, id, kind, key, booking_id, refund_id, due_at, created_at, updated_at)
    values (p_payment.tenant_id, core.new_id(), 'refund_payment', 'refund_payment:' || v_refund_id,
        p_payment.booking_id, v_refund_id, v_now, v_now, v_now);
    return v_refund_id;
end;
$$;
