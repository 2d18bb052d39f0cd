-- core.settle: what the provider says of a session becomes what is true here.
--
-- The same for webhook, confirmation page and sweep, in any order and any number of times.
--
-- p_outcome 'open'     nothing happened yet
--           'pending'  a delayed method: the result will come, the time is kept
--           'paid'     the money is ours
--           'failed'   a delayed method failed
--           'expired'  it can no longer be paid
--           'absent'   the provider never made it, and will not
--
-- Returns   its result is 'confirmed', 'changed' (a booking was moved), 'refunding', 'released', 'pending',
--           'open', or 'unchanged'
--
-- Locks     the customer's mailbox, where the money is judged by the customer's limit; the days of all
--           its periods when the time may have to be taken again, then the booking's row;
--           the effects of its other checkouts; or as core.settle_reschedule
-- Raises    40001  the booking lost its time while we looked; the caller repeats
-- Backstop  payments_intent_unique, checkouts_one_payable_per_booking, occupancies_no_overlap
create or replace function core.settle(
    p_checkout core.checkouts, p_outcome text, p_session jsonb)
returns core.settlement
language plpgsql volatile
as $$
declare
    v_checkout core.checkouts;
    v_booking core.bookings;
    v_days_locked boolean;
    v_limited boolean;
begin
    if p_outcome = 'open' and p_checkout.state <> 'creating' then
        return core.settled(p_checkout, 'open'); -- nothing new, and nothing written
    elsif p_checkout.reschedule_id is not null then
        return core.settle_reschedule(p_checkout, p_outcome, p_session);
    end if;

    -- an unlocked look decides only which locks are taken; days come before bookings
    select * into v_booking
    from core.bookings as b
    where b.tenant_id = p_checkout.tenant_id and b.id = p_checkout.booking_id;
    v_days_locked := not core.is_live(v_booking.status);
    if v_days_locked then
        perform core.share_rules(core.cart_resources(v_booking));
    end if;
    v_limited := p_outcome = 'paid' and core.limits_customers(v_booking);
    if v_limited then
        perform core.lock_customer(v_booking); -- before the days
    end if;
    if v_days_locked then
        perform core.lock_lost(v_booking);
    end if;

    select * into v_booking
    from core.bookings as b
    where b.tenant_id = p_checkout.tenant_id and b.id = p_checkout.booking_id
    for no key update;
    if not core.is_live(v_booking.status) and not v_days_locked then
        raise exception 'the booking has lost its time' using errcode = '40001';
    end if;

    v_checkout := core.record_stripe_session(p_checkout, p_outcome, p_session);

    case
        when p_outcome = 'paid' then
            return core.settle_paid(v_checkout, v_booking, p_session, v_limited);
        when p_outcome = 'open' then
            return core.settled(v_checkout, 'open');
        when v_checkout.state = 'pending' and v_booking.status = 'paying' then
            perform core.extend_for_pending_payment(v_booking);
            return core.settled(v_checkout, 'pending');
        when v_checkout.state in ('expired', 'failed') and v_booking.status = 'paying'
            and v_checkout.close_reason is distinct from 'superseded'
            and (core.payable_checkout(v_booking)).id is null
        then
            perform core.transition_booking(v_booking, 'expired', case
                when v_checkout.close_reason = 'released' then 'released by the customer'
                when v_checkout.state = 'failed' then 'the payment failed'
                else 'the checkout ran out unpaid'
            end);
            return core.settled(v_checkout, 'released');
        else
            return core.settled(v_checkout, 'unchanged');
    end case;
end;
$$;
