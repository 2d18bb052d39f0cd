-- core.require_reschedulable: refuse to move a booking that has begun, is being paid or is over.
--
-- Locks     none (the caller holds the booking's row)
-- Raises    KHEXP  the hold has run out
--           KHSTA  it is not held or scheduled, or it has begun, or a change of it waits for its
--           payment, or it is held in a cart, whose periods are paid together
-- Backstop  none
create or replace function core.require_reschedulable(p_booking core.bookings, p_at timestamptz)
returns void
language plpgsql stable
as $$
begin
    case
        when p_booking.status = 'expired'
            or p_booking.status = 'held' and p_booking.hold_expires_at <= p_at
        then
            raise exception 'the hold has run out' using errcode = 'KHEXP', hint = 'hold a time again';
        when p_booking.status = 'held' and p_booking.cart_id is not null then
            raise exception 'a time of an unpaid cart cannot be moved'
                using errcode = 'KHSTA', hint = 'pay first, or release it and hold other times';
        when p_booking.status = 'paying' then
            raise exception 'a payment page is open for the booking'
                using errcode = 'KHSTA', hint = 'pay first, or release it and hold another time';
        when p_booking.status not in ('held', 'scheduled') then
            raise exception 'a booking that is % cannot be moved', p_booking.status
                using errcode = 'KHSTA', hint = 'read the booking again to see where it stands';
        when p_booking.starts_at <= p_at then
            raise exception 'the booking has begun' using errcode = 'KHSTA', hint = 'book another time';
        when exists (
            select from core.reschedules as c
            where c.tenant_id = p_booking.tenant_id and c.booking_id = p_booking.id
                and c.state = 'pending')
        then
            raise exception 'another change of the booking waits for its payment'
                using errcode = 'KHSTA',
                    hint = 'pay it, or give it up with DELETE /v1/bookings/{booking_id}/reschedule';
        else
            null;
    end case;
end;
$$;
