-- core.require_reschedulable: refuse to reschedule a booking that has begun, is pending payment or
-- is over.
--
-- Locks     none (the caller holds the booking's row)
-- Raises    KHEXP  the hold has expired
--           KHSTA  it is not held or scheduled, or it has begun, or a reschedule of it waits for its
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
            raise exception using errcode = 'KHEXP';
        when p_booking.status = 'held' and p_booking.cart_id is not null then
            raise exception 'a booking of an unpaid cart cannot be rescheduled'
                using errcode = 'KHSTA', hint = 'pay first, or release the cart and hold other times';
        when p_booking.status = 'paying' then
            raise exception 'a payment page is open for the booking'
                using errcode = 'KHSTA', hint = 'pay first, or release the hold and hold another time';
        when p_booking.status not in ('held', 'scheduled') then
            raise exception 'a % booking cannot be rescheduled', p_booking.status
                using errcode = 'KHSTA';
        when p_booking.starts_at <= p_at then
            raise exception 'the booking has begun' using errcode = 'KHSTA', hint = 'book another time';
        when exists (
            select from core.reschedules as c
            where c.tenant_id = p_booking.tenant_id and c.booking_id = p_booking.id
                and c.state = 'pending')
        then
            raise exception 'another reschedule of the booking waits for payment'
                using errcode = 'KHSTA',
                    hint = 'pay it, or cancel it with DELETE /v1/bookings/{booking_id}/reschedule';
        else
            null;
    end case;
end;
$$;
