-- core.repeat_refund: send once more what a failed refund has left with us.
--
-- The same part of the same return; the failed refund says which one has taken its place.
--
-- Returns   the id of the new refund
-- Locks     the payment; as core.lock_accounts (the caller holds the booking's row and the refund's)
-- Raises    23514  payments_refunds_within_capture when the money has gone back another way;
--           accounts_never_negative when it is not owed any more
-- Backstop  payments_refunds_within_capture, accounts_never_negative
create or replace function core.repeat_refund(p_refund core.refunds)
returns uuid
language plpgsql volatile
as $$
declare
    v_return core.returns;
    v_line core.ledger_line;
    v_lines core.ledger_line[];
begin
    select * into v_return
    from core.returns as t
    where t.tenant_id = p_refund.tenant_id and t.id = p_refund.return_id;

    v_line := core.queue_refund(v_return, p_refund.payment_id, p_refund.amount, p_refund.reason);
    update core.refunds as r
    set replaced_by = v_line.subject_id
    where r.tenant_id = p_refund.tenant_id and r.id = p_refund.id;
    update core.return_parts as t
    set refund_id = v_line.subject_id
    where t.tenant_id = p_refund.tenant_id and t.return_id = v_return.id
        and t.refund_id = p_refund.id;

    v_lines := array[('owed', p_refund.id, p_refund.amount)::core.ledger_line, v_line];
    perform core.lock_accounts(p_refund.tenant_id, p_refund.currency, v_lines);
    perform core.post(
        p_refund.tenant_id, 'refund:' || v_line.subject_id, p_refund.currency, p_refund.booking_id,
        v_lines);
    return v_line.subject_id;
end;
$$;
