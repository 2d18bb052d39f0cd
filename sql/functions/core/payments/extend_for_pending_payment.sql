-- core.extend_for_pending_payment: keep the time while a delayed payment is pending, but not beyond
-- its start: then the booking expires, and a later payment is refunded.
--
-- The deadline is only when the sweep asks the provider again; before the start it never releases such
-- a time by itself.
--
-- Source    Stripe's delayed methods report within 14 days; usually within days
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  bookings_hold_has_deadline
create or replace function core.extend_for_pending_payment(p_booking core.bookings)
returns void
language plpgsql volatile
as $$
declare
    v_now timestamptz := core.clock();
    v_until timestamptz := least(v_now + interval '24 hours', core.first_start(p_booking));
begin
    -- asked often, written seldom
    if p_booking.hold_expires_at < v_now + interval '12 hours' and p_booking.hold_expires_at < v_until
    then
        perform core.extend_hold(
            p_booking, v_until, 'a delayed payment is under way; the time is kept');
    end if;
end;
$$;
