-- core.settle_reschedule_paid: the difference of a reschedule has been paid; move the booking or give the
-- money back. The booking itself stands in any case.
--
-- Locks     as core.reacquire_reschedule_time; as core.lock_accounts, or as core.pay_back
--           (core.settle_reschedule holds the booking's row, and the days
--           of the change's time when that was lost)
-- Raises    nothing
-- Backstop  payments_intent_unique
create or replace function core.settle_reschedule_paid(
    p_checkout core.checkouts, p_booking core.bookings, p_reschedule core.reschedules, p_session jsonb)
returns core.settlement
language plpgsql volatile
as $$
declare
    v_payment core.payments := core.record_payment(
        p_checkout, p_session, p_reschedule.difference, p_reschedule.currency);
    v_line core.ledger_line;
    v_reason text;
begin
    if v_payment.id is null then
        return core.settled(p_checkout, 'unchanged');
    end if;

    if v_payment.status = 'quarantined' then
        v_reason := 'amount_mismatch';
    elsif p_reschedule.state = 'applied' then
        v_reason := 'duplicate_payment';
    elsif p_reschedule.state = 'expired' and p_checkout.close_reason = 'released' then
        v_reason := 'released';
    elsif not core.reacquire_reschedule_time(p_booking, p_reschedule) then
        v_reason := 'time_lost';
    else
        v_line := core.allocate(v_payment, p_booking.id, v_payment.amount);
        perform core.apply_reschedule(p_booking, p_reschedule, 'moved to another time; the difference is paid');
        perform core.close_other_checkouts(p_checkout);
        perform core.book_payment(v_payment, array[v_line]);
        return core.settled(p_checkout, 'changed', p_reschedule.state = 'expired');
    end if;

    if p_reschedule.state = 'pending' and (core.payable_checkout(p_booking)).id is null then
        perform core.expire_reschedule(
            p_booking, p_reschedule, 'paid, but not moved, and the money goes back: ' || v_reason);
    end if;
    perform core.pay_back(
        p_booking, 'not_kept:' || v_payment.id, v_reason, v_payment.amount, v_payment);
    return core.settled(p_checkout, 'refunding', v_reason = 'time_lost');
end;
$$;
