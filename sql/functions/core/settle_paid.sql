-- core.settle_paid: money has arrived for a booking; confirm it or give the money back.
--
-- Every way ends in a confirmed booking or a queued refund, never in between.
--
-- Locks     none (core.settle holds the booking's row, and its days when its time was lost)
-- Raises    nothing
-- Backstop  payments_intent_unique: two events about one payment are one fact
create or replace function core.settle_paid(
    p_checkout core.checkouts, p_booking core.bookings, p_session jsonb)
returns text
language plpgsql volatile
as $$
declare
    v_booking core.bookings := p_booking;
    v_payment core.payments;
    v_paid_right boolean;
    v_reason text;
begin
    v_paid_right := (p_session ->> 'amount_total')::bigint is not distinct from p_booking.amount
        and pg_catalog.upper(p_session ->> 'currency') is not distinct from p_booking.currency;

    insert into core.payments (
        tenant_id, id, booking_id, checkout_id, payment_intent_id, status, amount, currency,
        created_at, updated_at)
    values (
        p_checkout.tenant_id, core.new_id(), p_booking.id, p_checkout.id,
        p_session ->> 'payment_intent',
        case when v_paid_right then 'captured' else 'quarantined' end,
        (p_session ->> 'amount_total')::bigint, pg_catalog.upper(p_session ->> 'currency'),
        core.clock(), core.clock())
    on conflict (payment_intent_id) do nothing
    returning * into v_payment;
    if not found then
        return 'unchanged';
    end if;

    if not v_paid_right then
        v_reason := 'amount_mismatch';
    elsif v_booking.status = 'paying' then
        return core.confirm_paid(v_booking, p_checkout, 'paid');
    elsif p_checkout.close_reason = 'released' then
        v_reason := 'released';
    elsif v_booking.status in ('scheduled', 'active', 'ended', 'completed') then
        v_reason := 'duplicate_payment';
    elsif v_booking.status = 'expired' and v_booking.payment_status = 'unpaid' then
        if core.retake(v_booking) then
            return core.confirm_paid(v_booking, p_checkout, 'paid late; the time was still free');
        end if;
        v_reason := 'time_lost';
    else
        v_reason := 'time_lost';
    end if;

    if v_booking.status = 'paying' and (core.payable_checkout(v_booking)).id is null then
        v_booking := core.move(v_booking, 'expired', 'paid a wrong amount; the money goes back');
    end if;
    if v_booking.status = 'expired' then
        perform core.mark_payment(v_booking, 'paid', 'paid, but not kept: ' || v_reason);
    end if;
    perform core.queue_refund(v_payment, v_payment.amount, v_reason);
    return 'refunding';
end;
$$;
