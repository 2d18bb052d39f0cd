-- core.book_payment: money that has come is in the books: at Stripe, and for what it was kept.
--
-- p_lines   the other side, as core.allocate gives it
-- Locks     as core.lock_accounts
-- Raises    KHAPP  the lines are not the payment's amount
-- Backstop  journals_reference_once
create or replace function core.book_payment(p_payment core.payments, p_lines core.ledger_line[])
returns void
language plpgsql volatile
as $$
declare
    v_lines core.ledger_line[] := core.clearing_line(p_payment.amount) || p_lines;
begin
    perform core.lock_accounts(p_payment.tenant_id, p_payment.currency, v_lines);
    perform core.post(
        p_payment.tenant_id, 'payment:' || p_payment.id, p_payment.currency, p_payment.booking_id,
        v_lines);
end;
$$;
