-- core.require_payable: refuse a checkout where nothing can be paid: too early, too late, or paid
-- already.
--
-- p_reschedule   the booking's reschedule that waits for its payment, or none
-- p_checkout the booking's checkout that can still be paid, or none
-- Locks      none (the caller holds the booking's row)
-- Raises     KHEXP  the hold or reschedule has expired, is being released, or its time has begun
--            KHSTA  the booking is past its payment, or a payment is under way, or it is paid with
--            the first of its cart
-- Backstop   none
create or replace function core.require_payable(
    p_booking core.bookings, p_reschedule core.reschedules, p_checkout core.checkouts, p_at timestamptz)
returns void
language plpgsql stable
as $$
declare
    v_what text := case when p_reschedule.id is null then 'hold' else 'reschedule' end;
    v_hint text := case
        when p_reschedule.id is null then 'hold a time again' else 'request the reschedule again' end;
begin
    if p_booking.status = 'expired'
        or p_booking.status = 'held' and p_booking.hold_expires_at <= p_at
        or p_checkout.id is null and coalesce(p_reschedule.expires_at, p_booking.hold_expires_at) <= p_at
    then
        raise exception 'the % has expired', v_what using errcode = 'KHEXP', hint = v_hint;
    elsif p_booking.status in ('held', 'paying') and core.first_start(p_booking) <= p_at
        or least(p_booking.starts_at, p_reschedule.starts_at) <= p_at and p_reschedule.id is not null
    then
        raise exception 'the time of the % has begun', v_what using errcode = 'KHEXP', hint = v_hint;
    elsif p_booking.status not in ('held', 'paying') and p_reschedule.id is null then
        raise exception 'a % booking cannot be paid', p_booking.status
            using errcode = 'KHSTA', hint = 'see GET /v1/bookings/{booking_id}/confirmation';
    elsif p_booking.position > 1 and p_reschedule.id is null then
        raise exception 'the booking is paid with its cart'
            using errcode = 'KHSTA', hint = 'begin the checkout of booking ' || p_booking.cart_id;
    elsif p_checkout.state = 'pending' then
        raise exception 'a payment for the booking is in progress'
            using errcode = 'KHSTA',
                    hint = 'wait for its result: GET /v1/bookings/{booking_id}/confirmation';
    elsif p_checkout.close_reason in ('released', 'deadline')
        and p_checkout.reschedule_id is not distinct from p_reschedule.id
    then
        raise exception 'the % is being released', v_what using errcode = 'KHEXP', hint = v_hint;
    end if;
end;
$$;
