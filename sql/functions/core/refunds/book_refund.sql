-- core.book_refund: how a refund ended is in the books: its money has left, or is with us and owed.
--
-- p_was, p_status  of the refund, before and now
-- Locks     as core.lock_accounts (the caller holds the booking's row and the refund's)
-- Raises    nothing
-- Backstop  journals_reference_once, accounts_never_negative
create or replace function core.book_refund(p_refund core.refunds, p_was text, p_status text)
returns void
language plpgsql volatile
as $$
declare
    v_lines core.ledger_line[] := array[
        -- a success that the bank takes back brings the money back to Stripe
        case when p_was = 'succeeded' then core.clearing_line(p_refund.amount)
            else ('refunding', p_refund.id, p_refund.amount)::core.ledger_line end,
        case when p_status = 'succeeded' then core.clearing_line(-p_refund.amount)
            else ('owed', p_refund.id, -p_refund.amount)::core.ledger_line end];
begin
    perform core.lock_accounts(p_refund.tenant_id, p_refund.currency, v_lines);
    perform core.post(
        p_refund.tenant_id,
        case p_status when 'succeeded' then 'refunded:' else 'refund_failed:' end || p_refund.id,
        p_refund.currency, p_refund.booking_id, v_lines);
end;
$$;
