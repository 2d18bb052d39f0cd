-- core.settle_reschedule: apply the provider's outcome of a session for the difference of a
-- reschedule: core.settle for a booking that is paid already.
--
-- p_outcome see core.settle
-- Locks     the rules, shared, and the days of the reschedule's time when it may have to be taken
--           again, then the booking's row; the effects of its other checkouts
-- Raises    40001  the reschedule lost its time meanwhile; the caller repeats
-- Backstop  payments_intent_unique, checkouts_one_payable_per_booking, occupancies_no_overlap
create or replace function core.settle_reschedule(
    p_checkout core.checkouts, p_outcome text, p_session jsonb)
returns core.settlement
language plpgsql volatile
as $$
declare
    v_checkout core.checkouts;
    v_booking core.bookings;
    v_reschedule core.reschedules;
    v_days_locked boolean;
    v_until timestamptz;
begin
    -- an unlocked read only decides which locks are taken; days come before bookings
    select * into v_reschedule
    from core.reschedules as c
    where c.tenant_id = p_checkout.tenant_id and c.id = p_checkout.reschedule_id;
    v_days_locked := v_reschedule.state = 'expired';
    if v_days_locked then
        perform core.share_rules(array[v_reschedule.resource_id]);
        perform core.lock_days(v_reschedule.resource_id, core.with_buffers(
            v_reschedule.starts_at, v_reschedule.ends_at,
            v_reschedule.buffer_before_minutes, v_reschedule.buffer_after_minutes));
    end if;

    select * into v_booking
    from core.bookings as b
    where b.tenant_id = p_checkout.tenant_id and b.id = p_checkout.booking_id
    for no key update;
    select * into v_reschedule
    from core.reschedules as c
    where c.tenant_id = p_checkout.tenant_id and c.id = p_checkout.reschedule_id;
    if v_reschedule.state = 'expired' and not v_days_locked then
        raise exception 'the reschedule has lost its time' using errcode = '40001';
    end if;

    v_checkout := core.record_stripe_session(p_checkout, p_outcome, p_session);
    case
        when p_outcome = 'paid' then
            return core.settle_reschedule_paid(v_checkout, v_booking, v_reschedule, p_session);
        when p_outcome = 'open' then
            return core.settled(v_checkout, 'open');
        when v_checkout.state = 'pending' and v_reschedule.state = 'pending' then
            -- a delayed method: the time is kept, as core.extend_for_pending_payment does it
            v_until := least(
                core.clock() + interval '24 hours', v_booking.starts_at, v_reschedule.starts_at);
            if v_reschedule.expires_at < core.clock() + interval '12 hours'
                and v_reschedule.expires_at < v_until
            then
                perform core.extend_reschedule(
                    v_booking, v_reschedule, v_until, 'a delayed payment is under way; the time is kept');
            end if;
            return core.settled(v_checkout, 'pending');
        when v_checkout.state in ('expired', 'failed') and v_reschedule.state = 'pending'
            and v_checkout.close_reason is distinct from 'superseded'
            and (core.payable_checkout(v_booking)).id is null
        then
            perform core.end_reschedule(v_booking, v_checkout);
            return core.settled(v_checkout, 'released');
        else
            return core.settled(v_checkout, 'unchanged');
    end case;
end;
$$;
