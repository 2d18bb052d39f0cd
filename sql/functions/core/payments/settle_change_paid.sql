-- core.settle_change_paid: the difference of a change has been paid; move the booking or give the
-- money back. The booking itself stands in any case.
--
-- Locks     as core.has_change_time (core.settle_change holds the booking's row, and the days of the
--           change's time when that was lost)
-- Raises    nothing
-- Backstop  payments_intent_unique
create or replace function core.settle_change_paid(
    p_checkout core.checkouts, p_booking core.bookings, p_change core.changes, p_session jsonb)
returns text
language plpgsql volatile
as $$
declare
    v_payment core.payments := core.record_payment(
        p_checkout, p_session, p_change.difference, p_change.currency);
    v_reason text;
begin
    if v_payment.id is null then
        return 'unchanged';
    end if;

    if v_payment.status = 'quarantined' then
        v_reason := 'amount_mismatch';
    elsif p_change.state = 'applied' then
        v_reason := 'duplicate_payment';
    elsif p_change.state = 'expired' and p_checkout.close_reason = 'released' then
        v_reason := 'released';
    elsif not core.has_change_time(p_booking, p_change) then
        v_reason := 'time_lost';
    else
        perform core.apply_change(p_booking, p_change, 'moved to another time; the difference is paid');
        perform core.close_other_checkouts(p_checkout);
        return 'changed';
    end if;

    if p_change.state = 'pending' and (core.payable_checkout(p_booking)).id is null then
        perform core.expire_change(
            p_booking, p_change, 'paid, but not moved, and the money goes back: ' || v_reason);
    end if;
    perform core.queue_refund(v_payment, v_payment.amount, v_reason);
    return 'refunding';
end;
$$;
