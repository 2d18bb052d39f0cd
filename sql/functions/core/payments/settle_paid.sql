-- core.settle_paid: money has arrived for a booking; confirm it or give the money back.
--
-- Every way ends in a confirmed booking or a queued refund, never in between. A time that has begun, or
-- any of a cart's, is of no use: then the whole payment is refunded. What counts is when the money is
-- taken in, by the database's clock.
--
-- p_limited whether a limit of the customer is to be judged; its mailbox is locked then
--
-- Locks     none (core.settle holds the booking's row, its days when its time was lost, and the
--           customer's mailbox where it limits)
-- Raises    nothing
-- Backstop  payments_intent_unique
create or replace function core.settle_paid(
    p_checkout core.checkouts, p_booking core.bookings, p_session jsonb, p_limited boolean)
returns core.settlement
language plpgsql volatile
as $$
declare
    v_booking core.bookings := p_booking;
    v_payment core.payments := core.record_payment(
        p_checkout, p_session, core.cart_total(p_booking), p_booking.currency);
    v_reason text;
begin
    if v_payment.id is null then
        return core.settled(p_checkout, 'unchanged');
    end if;

    if v_payment.status = 'quarantined' then
        v_reason := 'amount_mismatch';
    elsif v_booking.status = 'paying' and core.first_start(v_booking) <= core.clock() then
        v_reason := 'time_lost';
    elsif v_booking.status = 'paying'
        and not (p_limited and core.exceeds_customer_limit(v_booking))
    then
        return core.confirm_paid(v_booking, p_checkout, 'paid', false);
    elsif p_checkout.close_reason = 'released' then
        v_reason := 'released';
    elsif v_booking.status in ('scheduled', 'active', 'ended', 'completed') then
        v_reason := 'duplicate_payment';
    elsif v_booking.status = 'expired' and v_booking.payment_status = 'unpaid' then
        if p_limited and core.exceeds_customer_limit(v_booking) then
            v_reason := 'customer_limit';
        elsif core.reacquire_periods(v_booking) then
            return core.confirm_paid(
                v_booking, p_checkout, 'paid late; the time was still free', true);
        else
            v_reason := 'time_lost';
        end if;
    else
        v_reason := case v_booking.status when 'paying' then 'customer_limit' else 'time_lost' end;
    end if;

    if v_booking.status = 'paying' and (core.payable_checkout(v_booking)).id is null then
        v_booking := core.transition_booking(v_booking, 'expired', case v_reason
            when 'time_lost' then 'paid after the time had begun'
            when 'customer_limit' then 'the customer has as many as the resource gives to one'
            else 'paid a wrong amount'
        end || '; the money goes back');
    end if;
    if v_booking.status = 'expired' then
        perform core.set_payment_status(v_booking, 'paid', 'paid, but not kept: ' || v_reason);
    end if;
    perform core.queue_refund(v_payment, v_payment.amount, v_reason);
    return core.settled(p_checkout, 'refunding', v_reason = 'time_lost');
end;
$$;
