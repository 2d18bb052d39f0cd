-- core.settle_reschedule_paid: the difference of a reschedule has been paid; move the booking or give the
-- money back. The booking itself stands in any case.
--
-- Locks     as core.reacquire_reschedule_time (core.settle_reschedule holds the booking's row, and the days of the
--           change's time when that was lost)
-- Raises    nothing
-- Backstop  payments_intent_unique
create or replace function core.settle_reschedule_paid(
    p_checkout core.checkouts, p_booking core.bookings, p_reschedule core.reschedules, p_session jsonb)
returns text
language plpgsql volatile
as $$
declare
    v_payment core.payments := core.record_payment(
        p_checkout, p_session, p_reschedule.difference, p_reschedule.currency);
    v_reason text;
begin
    if v_payment.id is null then
        return 'unchanged';
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
        perform core.apply_reschedule(p_booking, p_reschedule, 'moved to another time; the difference is paid');
        perform core.close_other_checkouts(p_checkout);
        return 'changed';
    end if;

    if p_reschedule.state = 'pending' and (core.payable_checkout(p_booking)).id is null then
        perform core.expire_reschedule(
            p_booking, p_reschedule, 'paid, but not moved, and the money goes back: ' || v_reason);
    end if;
    perform core.queue_refund(v_payment, v_payment.amount, v_reason);
    return 'refunding';
end;
$$;
