-- core.queue_refund: a refund of a return; the outbox carries it to the provider.
--
-- Called by core.pay_back and its like alone. amount_refunded counts queued refunds too, so refunds
-- together never exceed what was captured.
--
-- p_amount  minor units of the payment's currency
-- Returns   the line by which the ledger knows it to be on its way
-- Locks     the payment's row (after the booking's)
-- Raises    23514 payments_refunds_within_capture when the refunds would exceed what was paid
-- Backstop  payments_refunds_within_capture, effects_key_unique
create or replace function core.queue_refund(
    p_return core.returns, p_payment_id uuid, p_amount bigint, p_reason text)
returns core.ledger_line
language plpgsql volatile
as $$
declare
    v_refund_id uuid := core.new_id();
    v_now timestamptz;
begin
    update core.payments as p
    set amount_refunded = p.amount_refunded + p_amount
    where p.tenant_id = p_return.tenant_id and p.id = p_payment_id;

    v_now := core.clock();
    insert into core.refunds (
        tenant_id, id, payment_id, booking_id, return_id, amount, currency, reason, created_at,
        updated_at)
    values (
        p_return.tenant_id, v_refund_id, p_payment_id, p_return.booking_id, p_return.id, p_amount,
        p_return.currency, p_reason, v_now, v_now);

    insert into core.effects (
        tenant_id, id, kind, key, booking_id, refund_id, due_at, created_at, updated_at)
    values (p_return.tenant_id, core.new_id(), 'refund_payment', 'refund_payment:' || v_refund_id,
        p_return.booking_id, v_refund_id, v_now, v_now, v_now);
    return ('refunding', v_refund_id, -p_amount)::core.ledger_line;
end;
$$;
